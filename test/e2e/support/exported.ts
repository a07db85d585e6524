import type { Download, Locator, Page } from 'playwright-core'
import { openMenu } from './menu.js'

/** Maximum number of attempts to download a file, and time limit of each attempt in milliseconds. */
const [ATTEMPTS, PATIENCE] = [3, 15_000]

/**
 * The download started by a user action. On a heavily loaded machine, Chromium has lost one in a few hundred downloads that the page had
 * started, so the action is repeated, as a user would; a page that starts no download still fails.
 */
export async function downloadOf(page: Page, act: () => Promise<unknown>): Promise<Download> {
  for (let left = ATTEMPTS; ; left--) {
    const started = page.waitForEvent('download', { timeout: PATIENCE * (left === 1 ? 2 : 1) })
    // It is awaited below; until then, a failure of `act` takes precedence.
    started.catch(() => undefined)
    await act()
    try {
      return await started
    } catch (error) {
      if (left === 1) throw error
    }
  }
}

/** The download after choosing a format in the menu of an Export button. */
export const exported = (button: Locator, format: string): Promise<Download> =>
  downloadOf(button.page(), async () => {
    await openMenu(button)
    await button.page().locator('.v-overlay--active .v-list-item').getByText(format, { exact: true }).click()
  })
