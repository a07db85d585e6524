import type { Download, Locator, Page } from 'playwright-core'
import { openMenu } from './menu.js'

/** How often a file is asked for, and how long each time until it is asked for again, in milliseconds. */
const [ATTEMPTS, PATIENCE] = [3, 15_000]

/**
 * The download that something a user does is answered with. Chromium on a machine at its limit has lost one in a few hundred that the page
 * had started, so that it is asked for again, as a user would; a page that starts none fails all the same.
 */
export async function downloadOf(page: Page, act: () => Promise<unknown>): Promise<Download> {
  for (let left = ATTEMPTS; ; left--) {
    const started = page.waitForEvent('download', { timeout: PATIENCE * (left === 1 ? 2 : 1) })
    // It is awaited below; until then a failure of `act` is the one to tell of.
    started.catch(() => undefined)
    await act()
    try {
      return await started
    } catch (error) {
      if (left === 1) throw error
    }
  }
}

/** What comes of choosing a format in the menu of an Export button. */
export const exported = (button: Locator, format: string): Promise<Download> =>
  downloadOf(button.page(), async () => {
    await openMenu(button)
    await button.page().locator('.v-overlay--active .v-list-item').getByText(format, { exact: true }).click()
  })
