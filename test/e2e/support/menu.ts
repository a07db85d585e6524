import type { Locator } from 'playwright-core'
import { expect } from 'vitest'

/** Opens the menu of a button, which does nothing in the 50 ms after it was closed: Vuetify takes a click there for the one that closed it. */
export const openMenu = (button: Locator): Promise<void> =>
  expect
    .poll(async () => {
      if ((await button.getAttribute('aria-expanded')) !== 'true') await button.click()
      return button.getAttribute('aria-expanded')
    })
    .toBe('true')
