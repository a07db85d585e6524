import type { Locator } from 'playwright-core'

/**
 * Opens the menu of a button. Vuetify ignores a click within 50 ms after closing a menu, which it takes for the click that closed it, so
 * the click is repeated; but only after a while, because a second click on a slow button would close its menu again.
 */
export async function openMenu(button: Locator): Promise<void> {
  const opened = button.and(button.page().locator('[aria-expanded="true"]'))
  for (let left = 10; left > 0; left--) {
    if (await opened.isVisible()) return
    await button.click()
    try {
      return await opened.waitFor({ timeout: 1000 })
    } catch (error) {
      if (left === 1) throw error
    }
  }
}
