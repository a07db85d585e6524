import type { Page } from 'playwright-core'

/** The name of the focused element: its label, or its text; empty if nothing has the focus. */
export const focused = (page: Page): Promise<string> =>
  // Passed as text, because code that runs in the page has types that the rest of this program does not have.
  page.evaluate<string>(`(() => {
    const element = document.activeElement
    if (!element || element === document.body) return ''
    return (element.getAttribute('aria-label') ?? element.textContent ?? '').trim()
  })()`)
