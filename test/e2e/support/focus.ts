import type { Page } from 'playwright-core'

/** The name of what has the focus: its label, or its text; empty where nothing has it. */
export const focused = (page: Page): Promise<string> =>
  // As text: what runs in the page has types that the rest of this program does not.
  page.evaluate<string>(`(() => {
    const element = document.activeElement
    if (!element || element === document.body) return ''
    return (element.getAttribute('aria-label') ?? element.textContent ?? '').trim()
  })()`)
