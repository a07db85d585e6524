import type { Page } from 'playwright-core'

/**
 * To be added before the page loads: sums layout shifts not caused by the user, like the browser's Cumulative Layout Shift, and records the
 * worst one.
 */
const OBSERVE = `
  window.layoutShift = { sum: 0, worst: 0, what: '' }
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue
      window.layoutShift.sum += entry.value
      if (entry.value <= window.layoutShift.worst) continue
      window.layoutShift.worst = entry.value
      window.layoutShift.what = entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 120) ?? '').join(' | ')
    }
  }).observe({ type: 'layout-shift', buffered: true })
`

export interface LayoutShift {
  /** Sum of the affected fraction of the window times the distance; 0.1 counts as good on the web. */
  sum: number
  worst: number
  /** The elements moved by the worst shift. */
  what: string
}

export async function observeLayoutShift(page: Page): Promise<void> {
  await page.addInitScript(OBSERVE)
}
export const layoutShift = (page: Page): Promise<LayoutShift> => page.evaluate<LayoutShift>('window.layoutShift')
