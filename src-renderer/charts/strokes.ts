import type { DrawnLine } from './chart-model.js'
import { errorBarOf } from './marks.js'
import type { Reduced } from './reduce.js'
import type { Plot, Scales } from './scales.js'

/** The part of the canvas API that is used, so that a test can record it. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'stroke'
  | 'fill'
  | 'closePath'
  | 'fillRect'
  | 'clearRect'
  | 'arc'
  | 'setLineDash'
  | 'save'
  | 'restore'
  | 'rect'
  | 'clip'
  | 'lineWidth'
  | 'lineDashOffset'
  | 'strokeStyle'
  | 'fillStyle'
  | 'globalAlpha'
  | 'lineJoin'
>

/** Up to this number of points, each is drawn as a dot, because a line through few points alone is hard to read. */
export const FEW = 40
/** A line that oscillates at least this many times per column is drawn as one bar per column: the same pixels, in a tenth of the time. */
const BUSY = 8

/** The points of a line in CSS pixels; NaN breaks it. */
export interface Track {
  xs: Float64Array
  ys: Float64Array
  busy: boolean
  dots: boolean
}

export function trackOf({ points }: Reduced, { x, y }: Scales, bars = true): Track {
  const count = points.length / 2
  const xs = new Float64Array(count)
  const ys = new Float64Array(count)
  let travel = 0
  for (let i = 0; i < count; i++) {
    xs[i] = x(points[2 * i] as number)
    ys[i] = y(points[2 * i + 1] as number)
    const way = i > 0 ? Math.abs((ys[i] as number) - (ys[i - 1] as number)) : 0
    if (way > 0) travel += way
  }
  const width = count > 0 ? (xs[count - 1] as number) - (xs[0] as number) : 0
  return { xs, ys, busy: bars && count > 500 && travel > BUSY * width, dots: count <= FEW }
}

export interface Stroke {
  color: string
  dash: number[]
  width: number
  pixelRatio: number
  /** The part left of this position, in CSS pixels, is kept. */
  left: number
}

/** Draws a line from the last point left of the part that changes. */
export function drawTrack(pen: Pen, track: Track, stroke: Stroke): void {
  pen.strokeStyle = stroke.color
  pen.fillStyle = stroke.color
  if (track.busy) bars(pen, track, stroke)
  else polyline(pen, track, stroke)
}

/** The first point needed to draw everything right of a position: the one before it. */
function beginAt(xs: Float64Array, left: number): number {
  let low = 0
  let high = xs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((xs[middle] as number) < left) low = middle + 1
    else high = middle
  }
  return Math.max(0, low - 1)
}

function polyline(pen: Pen, { xs, ys }: Track, { width, dash, left }: Stroke): void {
  const begin = beginAt(xs, left - width)
  pen.lineWidth = width
  pen.setLineDash(dash)
  // The phase of the dashes must match the part that is kept.
  pen.lineDashOffset = dash.length > 0 ? lengthTo(xs, ys, begin) : 0
  pen.beginPath()
  let open = false
  for (let i = begin; i < xs.length; i++) {
    const y = ys[i] as number
    if (Number.isNaN(y)) {
      // Every subpath starts with the same dash offset, so that one that begins here is stroked separately.
      if (open && pen.lineDashOffset !== 0) {
        pen.stroke()
        pen.beginPath()
        pen.lineDashOffset = 0
      }
      open = false
    } else if (open) pen.lineTo(xs[i] as number, y)
    else {
      pen.moveTo(xs[i] as number, y)
      open = true
    }
  }
  pen.stroke()
  pen.setLineDash([])
  pen.lineDashOffset = 0
}

/** The length of a line from its last break to a point. */
function lengthTo(xs: Float64Array, ys: Float64Array, end: number): number {
  let length = 0
  for (let i = end; i > 0; i--) {
    const [dx, dy] = [(xs[i] as number) - (xs[i - 1] as number), (ys[i] as number) - (ys[i - 1] as number)]
    const part = Math.sqrt(dx * dx + dy * dy)
    if (Number.isNaN(part)) break
    length += part
  }
  return length
}

/** One bar per column of device pixels, from the minimum to the maximum there, connected to the previous column. */
function bars(pen: Pen, { xs, ys }: Track, { pixelRatio, left }: Stroke): void {
  const size = 1 / pixelRatio
  const first = Math.floor(left * pixelRatio)
  let column = NaN
  let [low, high] = [Infinity, -Infinity]
  const flush = (): void => {
    if (high >= low && !(column < first)) pen.fillRect(column * size, low, size, Math.max(size, high - low))
  }
  let previous = NaN
  for (let i = beginAt(xs, left - size); i < xs.length; i++) {
    const y = ys[i] as number
    const at = Math.floor((xs[i] as number) * pixelRatio)
    if (Number.isNaN(y)) {
      previous = NaN
      continue
    }
    if (at !== column) {
      flush()
      // The line crosses the columns without a point between the previous one and this one.
      if (!Number.isNaN(previous))
        for (let between = Math.max(column + 1, Math.min(at, first)); between < at; between++) {
          const part = (step: number): number => previous + ((y - previous) * step) / (at - column)
          const [from, to] = [part(between - column - 0.5), part(between - column + 0.5)]
          pen.fillRect(between * size, Math.min(from, to), size, Math.max(size, Math.abs(to - from)))
        }
      column = at
      low = Number.isNaN(previous) ? Infinity : Math.min(previous, y)
      high = Number.isNaN(previous) ? -Infinity : Math.max(previous, y)
    }
    if (y < low) low = y
    if (y > high) high = y
    previous = y
  }
  flush()
}

/** A dot at each point within the plot, with a tolerance for rounding at its edge. */
export function drawDots(pen: Pen, { xs, ys }: Track, color: string, { left, top, width, height }: Plot): void {
  pen.fillStyle = color
  for (let i = 0; i < xs.length; i++) {
    const [x, y] = [xs[i] as number, ys[i] as number]
    // Also skips the NaN of a broken line, for which every comparison is false.
    if (!(Math.abs(x - left - width / 2) < width / 2 + 0.5 && Math.abs(y - top - height / 2) < height / 2 + 0.5)) continue
    pen.beginPath()
    pen.arc(x, y, 2.5, 0, 2 * Math.PI)
    pen.fill()
  }
}

/** The area between the edges of a band, from the last point left of the part that changes. */
export function drawBand(pen: Pen, { band, style }: DrawnLine, scales: Scales, left: number): void {
  if (!band) return
  const [low, high] = [trackOf(band.low, scales), trackOf(band.high, scales)]
  pen.globalAlpha = 0.16
  pen.fillStyle = style.color
  pen.beginPath()
  let started = false
  const go = ({ xs, ys }: Track, i: number): void => {
    const y = ys[i] as number
    if (Number.isNaN(y)) return
    if (started) pen.lineTo(xs[i] as number, y)
    else pen.moveTo(xs[i] as number, y)
    started = true
  }
  // Both edges start left of the same position, wherever their own points are.
  const begin = ({ xs, ys }: Track): number => {
    let i = beginAt(xs, left - 2)
    while (i > 0 && Number.isNaN(ys[i] as number)) i -= 1
    return i
  }
  for (let i = begin(high); i < high.xs.length; i++) go(high, i)
  for (let i = low.xs.length - 1, first = begin(low); i >= first; i--) go(low, i)
  if (started) {
    pen.closePath()
    pen.fill()
  }
  pen.globalAlpha = 1
}

/** Half the width of the caps of an error bar. */
const CAP = 4

/** The spread of a group with a single point, from edge to edge; an end beyond the plot has no cap. */
export function drawErrorBar(pen: Pen, line: DrawnLine, { x, y }: Scales, { left, top, width, height }: Plot): void {
  const bar = errorBarOf(line)
  if (!bar) return
  const at = x(bar.x)
  // NaN if a logarithmic axis has no such value: the bar extends to the bottom.
  const ends = [y(bar.high), y(bar.low)].map((end) => (Number.isNaN(end) ? Infinity : end)) as [number, number]
  const [from, to] = ends.map((end) => Math.min(top + height, Math.max(top, end))) as [number, number]
  if (!(at >= left - 0.5 && at <= left + width + 0.5)) return
  pen.strokeStyle = line.style.color
  pen.lineWidth = 1.6
  pen.beginPath()
  pen.moveTo(at, from)
  pen.lineTo(at, to)
  for (const [end, drawn] of [
    [ends[0], from],
    [ends[1], to],
  ] as const) {
    if (Math.abs(end - drawn) > 0.5) continue
    pen.moveTo(at - CAP, drawn)
    pen.lineTo(at + CAP, drawn)
  }
  pen.stroke()
}
