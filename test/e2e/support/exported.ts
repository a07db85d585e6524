import type { Download, Locator } from 'playwright-core'
import { openMenu } from './menu.js'

/** What comes of choosing a format in the menu of an Export button. */
export async function exported(button: Locator, format: string): Promise<Download> {
  const page = button.page()
  await openMenu(button)
  const item = page.locator('.v-overlay--active .v-list-item').getByText(format, { exact: true })
  const [file] = await Promise.all([page.waitForEvent('download'), item.click()])
  return file
}
