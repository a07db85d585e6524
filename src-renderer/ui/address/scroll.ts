import type { RouterScrollBehavior } from 'vue-router'

/** Milliseconds that a page has to load its content before it is scrolled as far down as it reaches. */
const PATIENCE = 5000
/** Events by which the user takes over scrolling. */
const TAKING_OVER = ['wheel', 'pointerdown', 'keydown', 'touchmove'] as const

/** Waits until the page is long enough; false if the user scrolls meanwhile. */
function reaching(top: number): Promise<boolean> {
  const reached = (): boolean => document.documentElement.scrollHeight >= top + innerHeight
  if (reached()) return Promise.resolve(true)
  return new Promise((resolve) => {
    const listening = new AbortController()
    const end = (still: boolean): void => {
      clearTimeout(timer)
      growth.disconnect()
      listening.abort()
      resolve(still)
    }
    const growth = new ResizeObserver(() => {
      if (reached()) end(true)
    })
    const timer = setTimeout(() => end(true), PATIENCE)
    growth.observe(document.body)
    for (const kind of TAKING_OVER) addEventListener(kind, () => end(false), { signal: listening.signal, passive: true })
  })
}

/**
 * The scroll position on another page: the previous one when the user goes back or forward to it, once its content is there, and otherwise
 * the top. Another address of the same page, such as that of its next tab, keeps the position.
 */
export function keptScroll(): RouterScrollBehavior {
  let visits = 0
  return async (to, from, saved) => {
    if (to.path === from.path) return false
    const visit = ++visits
    const { left, top } = saved ?? { left: 0, top: 0 }
    if (top > 0 && !(await reaching(top))) return false
    return visit === visits ? { left, top } : false
  }
}
