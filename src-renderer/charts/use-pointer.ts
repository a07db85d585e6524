import { computed, ref, type Ref } from 'vue'
import type { ChartState } from './chart-state.js'
import type { Plot } from './scales.js'
import { panned, positionAt, shareOf, spanBetween, zoomed, type Span } from './zoom.js'

/** A drag shorter than this is a click. */
const CLICK = 4
/** Fraction of the visible width by which a key moves the cursor. */
const NUDGE = 0.01

/**
 * Pointer and keyboard interaction of a chart. Pointer: moving reads values, dragging zooms, Shift + dragging pans, Ctrl + wheel zooms, a
 * double click shows everything. Keyboard: arrows pan, Shift + arrows read values, plus and minus zoom, zero shows everything.
 */
export function usePointer({ page, span, whole, settings, large }: ChartState, plot: Readonly<Ref<Plot | null>>) {
  const selection = ref<{ a: number; b: number } | null>(null)
  let pan: { x: number; span: Span } | null = null

  function positionOf(event: MouseEvent): number | null {
    if (!plot.value) return null
    const x = event.clientX - (event.currentTarget as HTMLElement).getBoundingClientRect().left - plot.value.left
    return positionAt(Math.min(1, Math.max(0, x / plot.value.width)), span.value, settings.logarithmicX)
  }
  const share = (x: number): number => shareOf(x, span.value, settings.logarithmicX)
  const zoomAbout = (x: number, factor: number): Span | null => zoomed(span.value, whole.value, x, factor, settings.logarithmicX)
  const move = (from: Span, by: number): Span => panned(from, whole.value, by, settings.logarithmicX)

  const MOVES: Record<string, (middle: number) => Span | null> = {
    '+': (middle) => zoomAbout(middle, 2),
    '=': (middle) => zoomAbout(middle, 2),
    '-': (middle) => zoomAbout(middle, 1 / 2),
    ArrowLeft: () => move(span.value, -0.25),
    ArrowRight: () => move(span.value, 0.25),
    '0': () => null,
  }

  /** Reads values by keys as with the pointer, starting in the middle. */
  function read(by: number): void {
    const now = page.cursor.value
    const from = now === null ? 0.5 : share(now) + by
    page.cursor.value = positionAt(Math.min(1, Math.max(0, from)), span.value, settings.logarithmicX)
  }
  const READS: Record<string, number> = { ArrowLeft: -NUDGE, ArrowRight: NUDGE }

  function up(): void {
    const chosen = selection.value
    selection.value = null
    pan = null
    if (!chosen || !plot.value) return
    if (Math.abs(share(chosen.a) - share(chosen.b)) * plot.value.width > CLICK)
      page.zoom.value = spanBetween(chosen.a, chosen.b, whole.value)
  }

  const listeners = {
    pointerdown(event: PointerEvent): void {
      const x = positionOf(event)
      if (x === null || event.button !== 0) return
      ;(event.currentTarget as HTMLElement).setPointerCapture?.(event.pointerId)
      if (event.shiftKey) pan = { x: event.clientX, span: span.value }
      else selection.value = { a: x, b: x }
    },
    pointermove(event: PointerEvent): void {
      const x = positionOf(event)
      if (x === null) return
      if (pan && plot.value) page.zoom.value = move(pan.span, (pan.x - event.clientX) / plot.value.width)
      else {
        page.cursor.value = x
        if (selection.value) selection.value = { ...selection.value, b: x }
      }
    },
    pointerup: up,
    pointercancel: up,
    pointerleave(): void {
      if (!selection.value) page.cursor.value = null
    },
    wheel(event: WheelEvent): void {
      const x = positionOf(event)
      if (!event.ctrlKey || x === null) return
      event.preventDefault()
      page.zoom.value = zoomAbout(x, 1.0015 ** -event.deltaY)
    },
    dblclick(): void {
      page.zoom.value = null
    },
    keydown(event: KeyboardEvent): void {
      // Alt + arrow keys move the chart itself.
      if (event.altKey || event.ctrlKey || event.metaKey) return
      const go = MOVES[event.key]
      const by = event.shiftKey ? READS[event.key] : undefined
      if (by !== undefined) read(by)
      else if (event.key === 'Escape' && page.cursor.value !== null && !large.value) page.cursor.value = null
      else if (event.key === 'f') large.value = !large.value
      else if (event.key === 'Escape' && large.value) large.value = false
      else if (go) page.zoom.value = go(positionAt(0.5, span.value, settings.logarithmicX))
      else return
      event.preventDefault()
      event.stopPropagation()
    },
    blur(): void {
      page.cursor.value = null
    },
  }

  const cursorLeft = computed(() => {
    const x = page.cursor.value
    if (x === null || !plot.value) return null
    const at = share(x)
    return at >= 0 && at <= 1 ? plot.value.left + at * plot.value.width : null
  })
  const selected = computed(() => {
    if (!selection.value || !plot.value) return null
    const [a, b] = [share(selection.value.a), share(selection.value.b)]
    return { left: plot.value.left + Math.min(a, b) * plot.value.width, width: Math.abs(a - b) * plot.value.width }
  })
  return { listeners, cursorLeft, selected }
}
