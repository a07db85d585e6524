import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Passed as text, because code that runs in the page has types that the rest of this program does not have. */
const WATCH = `
  {
    const kinds = new Set(['click', 'dblclick', 'mousedown', 'pointerdown'])
    const pressable = new WeakSet()
    const original = EventTarget.prototype.addEventListener
    EventTarget.prototype.addEventListener = function (kind, ...rest) {
      if (kinds.has(kind) && this instanceof Element) pressable.add(this)
      return original.call(this, kind, ...rest)
    }
    window.pressable = pressable
  }
`

const TOOLS = `
  window.keyboard = (() => {
    const NATURAL = 'a[href], area[href], button, input, select, textarea, summary, [tabindex], [contenteditable=true]'
    /** Widgets in which the arrow keys move from one part to the next. */
    const COMPOSITE = '[role=grid], [role=treegrid], [role=listbox], [role=radiogroup], [role=tablist], [role=menu], [role=toolbar]'
    const HANDLES = ['pointer', 'grab', 'crosshair', 'col-resize', 'row-resize', 'ew-resize', 'move']
    /** Elements operated with arrow keys on another, described element: the title of a chart, which is dragged; the canvas of a chart. */
    const EXCEPT = '.handle, [role=img] *'
    const overlay = () => [...document.querySelectorAll('.v-overlay--active[aria-modal=true]')].at(-1)
    const inSight = (el) => el.checkVisibility({ visibilityProperty: true }) && el.getClientRects().length > 0 && !el.closest('[inert]')
    const tabbable = (el) => el.matches(NATURAL) && el.tabIndex >= 0 && !el.disabled && inSight(el)
    const named = (el) => {
      const text = (el.getAttribute('aria-label') ?? el.title ?? '') || el.textContent.trim().replace(/\\s+/g, ' ')
      return el.tagName.toLowerCase() + (el.className && typeof el.className === 'string' ? '.' + el.className.split(' ').slice(0, 3).join('.') : '') + ' “' + text.slice(0, 60) + '”'
    }

    /** Elements that can be pressed or dragged, but not reached by keyboard. */
    function unreachable() {
      const found = []
      for (const el of document.body.querySelectorAll('*')) {
        if (!inSight(el)) continue
        const { cursor } = getComputedStyle(el)
        const handle = HANDLES.includes(cursor) && getComputedStyle(el.parentElement).cursor !== cursor
        if (!handle && !window.pressable.has(el)) continue
        // A label represents its field.
        const label = el.closest('label')
        if (label && (label.control ?? label.querySelector(NATURAL))) continue
        const target = el.closest(NATURAL)
        if (target && (target.disabled || target.tabIndex >= 0)) continue
        const widget = (target ?? el).closest(COMPOSITE)
        if (widget && (widget.tabIndex >= 0 || [...widget.querySelectorAll(NATURAL)].some(tabbable))) continue
        // The entries of a list are operated from its field.
        const list = el.closest('[role=listbox]')
        if (list?.id && [...document.querySelectorAll('[aria-controls="' + list.id + '"]')].some(tabbable)) continue
        if (el.closest('.v-input--disabled')) continue
        // A frame around a reachable element, and the parts of a field next to its input.
        if ([...(el.closest('.v-input') ?? el).querySelectorAll(NATURAL)].some(tabbable)) continue
        if (el.matches(EXCEPT)) continue
        found.push(named(el))
      }
      return [...new Set(found)]
    }

    /** The elements that Tab should reach, in this order. */
    const root = () => overlay() ?? document.body
    const expected = () => [...root().querySelectorAll('*')].filter(tabbable).filter((el) => {
      // A radio group has a single Tab stop.
      if (el.type !== 'radio' || !el.name) return true
      const group = [...document.querySelectorAll('input[type=radio]')].filter((radio) => radio.name === el.name)
      return el === (group.find((radio) => radio.checked) ?? group[0])
    })

    /** The appearance of an element and of what surrounds it: it changes when the focus is visible. */
    function looks(el) {
      const parts = [el, el.parentElement, el.parentElement?.parentElement, ...[...el.querySelectorAll('*')].slice(0, 12), ...(el.closest('.v-input')?.querySelectorAll('.v-field, .v-field__outline, .v-selection-control__input, .v-label') ?? [])]
      return parts.filter(Boolean).flatMap((part) => [null, '::before', '::after'].map((pseudo) => {
        const s = getComputedStyle(part, pseudo)
        return [s.outlineStyle === 'none' ? '' : s.outlineWidth + s.outlineColor, s.boxShadow, s.borderColor, s.borderWidth, s.backgroundColor, s.opacity, s.color].join()
      })).join('|')
    }
    let last = null
    const stops = []
    const unseen = []
    /** After each press of Tab: records the stop, and whether it looked different before. */
    function step() {
      const el = document.activeElement
      if (last && last.el.isConnected && last.el !== el && looks(last.el) === last.looks) unseen.push(named(last.el))
      const outside = el === document.body || el === document.documentElement
      last = outside ? null : { el, looks: looks(el) }
      if (outside || stops.includes(el)) return false
      stops.push(el)
      return true
    }
    function report() {
      const wanted = expected()
      const missed = wanted.filter((el) => !stops.includes(el)).map(named)
      const order = stops.filter((el) => wanted.includes(el))
      const disorder = order.filter((el, i) => i > 0 && (order[i - 1].compareDocumentPosition(el) & Node.DOCUMENT_POSITION_PRECEDING)).map(named)
      const positive = wanted.filter((el) => el.tabIndex > 0).map(named)
      const escaped = overlay() ? stops.filter((el) => !overlay().contains(el)).map(named) : []
      return { missed, disorder, positive, escaped, unseen: [...new Set(unseen)], unreachable: unreachable() }
    }
    function begin() {
      last = null
      stops.length = unseen.length = 0
      // Starts at the very beginning, wherever the last click was.
      const start = document.createElement('span')
      start.tabIndex = -1
      ;(overlay()?.querySelector('.v-overlay__content') ?? root()).prepend(start)
      start.focus()
      start.remove()
      return expected().length
    }
    return { begin, step, report, count: () => expected().length }
  })()
`

export interface Walk {
  /** Elements that Tab does not reach. */
  missed: string[]
  /** Elements that are reached before one that precedes them. */
  disorder: string[]
  positive: string[]
  /** Elements outside of an open dialog. */
  escaped: string[]
  /** Elements that look the same with and without focus. */
  unseen: string[]
  /** Elements that can only be pressed or dragged with the pointer. */
  unreachable: string[]
}

/** To be called before the page loads. */
export const watchPresses = (page: Page): Promise<unknown> => page.addInitScript(WATCH)

/** Walks through a page, or an open dialog, with Tab from its beginning until it wraps around. */
export async function walk(page: Page): Promise<Walk> {
  await page.evaluate(TOOLS)
  // Elements that the page is still loading do not exist yet, or cannot be pressed.
  let before = -1
  await expect
    .poll(async () => before === (before = await page.evaluate<number>('window.keyboard.count()')), { interval: 250, timeout: 20_000 })
    .toBe(true)
  const count = await page.evaluate<number>('window.keyboard.begin()')
  for (let press = 0; press < count + 20; press++) {
    await page.keyboard.press('Tab')
    if (!(await page.evaluate<boolean>('window.keyboard.step()'))) break
  }
  return page.evaluate<Walk>('window.keyboard.report()')
}
