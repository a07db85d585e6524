import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** What runs in the page has types that the rest of this program does not: it is text here. */
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
    /** Widgets whose arrows lead from one part to the next. */
    const COMPOSITE = '[role=grid], [role=treegrid], [role=listbox], [role=radiogroup], [role=tablist], [role=menu], [role=toolbar]'
    const HANDLES = ['pointer', 'grab', 'crosshair', 'col-resize', 'row-resize', 'ew-resize', 'move']
    /** What the arrows do on something else, which tells of it: the title of a chart, which is dragged; the canvas of a chart, which is described. */
    const EXCEPT = '.handle, [role=img] *'
    const overlay = () => [...document.querySelectorAll('.v-overlay--active[aria-modal=true]')].at(-1)
    const inSight = (el) => el.checkVisibility({ visibilityProperty: true }) && el.getClientRects().length > 0 && !el.closest('[inert]')
    const tabbable = (el) => el.matches(NATURAL) && el.tabIndex >= 0 && !el.disabled && inSight(el)
    const named = (el) => {
      const text = (el.getAttribute('aria-label') ?? el.title ?? '') || el.textContent.trim().replace(/\\s+/g, ' ')
      return el.tagName.toLowerCase() + (el.className && typeof el.className === 'string' ? '.' + el.className.split(' ').slice(0, 3).join('.') : '') + ' “' + text.slice(0, 60) + '”'
    }

    /** Elements that can be pressed or dragged, and by the keyboard not be reached. */
    function unreachable() {
      const found = []
      for (const el of document.body.querySelectorAll('*')) {
        if (!inSight(el)) continue
        const { cursor } = getComputedStyle(el)
        const handle = HANDLES.includes(cursor) && getComputedStyle(el.parentElement).cursor !== cursor
        if (!handle && !window.pressable.has(el)) continue
        // A label stands for its field.
        const label = el.closest('label')
        if (label && (label.control ?? label.querySelector(NATURAL))) continue
        const target = el.closest(NATURAL)
        if (target && (target.disabled || target.tabIndex >= 0)) continue
        const widget = (target ?? el).closest(COMPOSITE)
        if (widget && (widget.tabIndex >= 0 || [...widget.querySelectorAll(NATURAL)].some(tabbable))) continue
        // Those of a list are gone through from its field.
        const list = el.closest('[role=listbox]')
        if (list?.id && [...document.querySelectorAll('[aria-controls="' + list.id + '"]')].some(tabbable)) continue
        if (el.closest('.v-input--disabled')) continue
        // A frame around what is reached itself, and the parts of a field beside its input.
        if ([...(el.closest('.v-input') ?? el).querySelectorAll(NATURAL)].some(tabbable)) continue
        if (el.matches(EXCEPT)) continue
        found.push(named(el))
      }
      return [...new Set(found)]
    }

    /** Where Tab should lead, in this order. */
    const root = () => overlay() ?? document.body
    const expected = () => [...root().querySelectorAll('*')].filter(tabbable).filter((el) => {
      // Of a group of radios one is a stop.
      if (el.type !== 'radio' || !el.name) return true
      const group = [...document.querySelectorAll('input[type=radio]')].filter((radio) => radio.name === el.name)
      return el === (group.find((radio) => radio.checked) ?? group[0])
    })

    /** How an element looks, with what is around and in it: changes when the focus is shown. */
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
    /** After each press of Tab: remembers the stop, and whether it looked otherwise than it does now. */
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
      // From the very beginning, wherever was pressed last.
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
  /** Stops that Tab does not lead to. */
  missed: string[]
  /** Stops that come before what stands before them. */
  disorder: string[]
  positive: string[]
  /** Stops outside of a dialog that is open. */
  escaped: string[]
  /** Stops that look the same with the focus as without. */
  unseen: string[]
  /** What can be pressed or dragged by the pointer alone. */
  unreachable: string[]
}

/** To be called before the page loads. */
export const watchPresses = (page: Page): Promise<unknown> => page.addInitScript(WATCH)

/** Goes through a page, or the dialog that is open, by Tab from its beginning until it comes around. */
export async function walk(page: Page): Promise<Walk> {
  await page.evaluate(TOOLS)
  // What a page still waits for is not there, or cannot be pressed.
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
