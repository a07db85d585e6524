import type { ChartModel, DrawnLine } from './chart-model.js'
import { chartTheme } from './palette.js'
import type { Reduced } from './reduce.js'

/** The plot of a chart on the screen, in CSS pixels. */
export interface Plot {
  left: number
  top: number
  width: number
  height: number
}

/** Positions on the screen of positions and values; NaN for what a logarithmic axis cannot show. */
export interface Scales {
  x(x: number): number
  y(value: number): number
}

function scale(from: number, to: number, start: number, end: number, logarithmic: boolean): (value: number) => number {
  if (logarithmic) {
    const [a, b] = [Math.log(from), Math.log(to)]
    return (value) => (value > 0 ? start + ((Math.log(value) - a) / (b - a)) * (end - start) : NaN)
  }
  const factor = (end - start) / (to - from)
  return (value) => start + (value - from) * factor
}

export const scalesOf = ({ from, to, logarithmic, logarithmicX, y }: ChartModel, { left, top, width, height }: Plot): Scales => ({
  x: scale(from, to, left, left + width, logarithmicX),
  y: y ? scale(y.min, y.max, top + height, top, logarithmic) : () => NaN,
})

/** What of a canvas is used, so that a test can record it. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'stroke'
  | 'fill'
  | 'closePath'
  | 'fillRect'
  | 'arc'
  | 'setLineDash'
  | 'save'
  | 'restore'
  | 'rect'
  | 'clip'
  | 'lineWidth'
  | 'strokeStyle'
  | 'fillStyle'
  | 'globalAlpha'
  | 'lineJoin'
>

/** Points of a line that get a dot each, because between few of them a line alone says little. */
const FEW = 40
/** A line that runs so many times up and down its columns is drawn as one bar a column: the same pixels, in a tenth of the time. */
const BUSY = 8

/**
 * Draws the lines of a model into its plot. Apart from ECharts, which draws the frame around them: for 20 lines of a million noisy
 * points it needs 150 ms a drawing, this a tenth of it, and the axes stay untouched while only the lines grow.
 */
export function drawLines(pen: Pen, model: ChartModel, plot: Plot, pixelRatio: number): void {
  if (!model.y || plot.width <= 0 || plot.height <= 0) return
  const scales = scalesOf(model, plot)
  pen.save()
  pen.beginPath()
  pen.rect(plot.left, plot.top - 2, plot.width, plot.height + 4)
  pen.clip()
  pen.lineJoin = 'round'
  for (const line of model.lines) drawBand(pen, line, scales)
  for (const { raw, style } of model.lines) {
    if (!raw) continue
    pen.globalAlpha = 0.28
    drawPoints(pen, raw, scales, { color: style.color, dash: [], width: 1, pixelRatio, dots: false })
  }
  pen.globalAlpha = 1
  for (const { main, raw, style } of model.lines)
    drawPoints(pen, main, scales, { ...style, width: raw ? 2 : 1.6, pixelRatio, dots: main.points.length <= 2 * FEW })
  drawMarks(pen, model, plot, scales)
  pen.restore()
}

interface Stroke {
  color: string
  dash: number[]
  width: number
  pixelRatio: number
  dots: boolean
}

function drawPoints(pen: Pen, { points }: Reduced, { x, y }: Scales, stroke: Stroke): void {
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
  pen.strokeStyle = stroke.color
  pen.fillStyle = stroke.color
  const width = count > 0 ? (xs[count - 1] as number) - (xs[0] as number) : 0
  if (count > 500 && travel > BUSY * width) bars(pen, xs, ys, stroke)
  else polyline(pen, xs, ys, stroke)
  if (stroke.dots) dots(pen, xs, ys)
}

function polyline(pen: Pen, xs: Float64Array, ys: Float64Array, { width, dash }: Stroke): void {
  pen.lineWidth = width
  pen.setLineDash(dash)
  pen.beginPath()
  let open = false
  for (let i = 0; i < xs.length; i++) {
    const y = ys[i] as number
    if (Number.isNaN(y)) open = false
    else if (open) pen.lineTo(xs[i] as number, y)
    else {
      pen.moveTo(xs[i] as number, y)
      open = true
    }
  }
  pen.stroke()
  pen.setLineDash([])
}

/** One bar a column of pixels of the screen, from the least to the greatest value there, joined to the column before. */
function bars(pen: Pen, xs: Float64Array, ys: Float64Array, { pixelRatio }: Stroke): void {
  const size = 1 / pixelRatio
  let column = NaN
  let [low, high] = [Infinity, -Infinity]
  const flush = (): void => {
    if (high >= low) pen.fillRect(column * size, low, size, Math.max(size, high - low))
  }
  let previous = NaN
  for (let i = 0; i < xs.length; i++) {
    const y = ys[i] as number
    const at = Math.floor((xs[i] as number) * pixelRatio)
    if (Number.isNaN(y)) {
      previous = NaN
      continue
    }
    if (at !== column) {
      flush()
      // Columns without a point, between this one and the last, are crossed by the line.
      if (!Number.isNaN(previous))
        for (let between = column + 1; between < at; between++) {
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

function dots(pen: Pen, xs: Float64Array, ys: Float64Array): void {
  for (let i = 0; i < xs.length; i++) {
    if (Number.isNaN(ys[i] as number)) continue
    pen.beginPath()
    pen.arc(xs[i] as number, ys[i] as number, 2.5, 0, 2 * Math.PI)
    pen.fill()
  }
}

function drawBand(pen: Pen, { band, style }: DrawnLine, { x, y }: Scales): void {
  if (!band) return
  const [low, high] = [band.low.points, band.high.points]
  pen.globalAlpha = 0.16
  pen.fillStyle = style.color
  pen.beginPath()
  let started = false
  const go = (points: Float64Array, i: number): void => {
    const [px, py] = [x(points[i] as number), y(points[i + 1] as number)]
    if (Number.isNaN(py)) return
    if (started) pen.lineTo(px, py)
    else pen.moveTo(px, py)
    started = true
  }
  for (let i = 0; i < high.length; i += 2) go(high, i)
  for (let i = low.length - 2; i >= 0; i -= 2) go(low, i)
  if (started) {
    pen.closePath()
    pen.fill()
  }
  pen.globalAlpha = 1
}

/** Crosses on the floor where there is no number, triangles at the edges where a value lies beyond them. */
function drawMarks(pen: Pen, { lines, y: range, dark, from, to }: ChartModel, { top, height }: Plot, { x }: Scales): void {
  const floor = top + height
  pen.lineWidth = 1.6
  for (const { main, raw, style } of lines) {
    pen.strokeStyle = chartTheme(dark).error
    for (const position of (raw ?? main).nonFinite) {
      const at = x(position)
      if (Number.isNaN(at)) continue
      pen.beginPath()
      pen.moveTo(at - 3, floor - 8)
      pen.lineTo(at + 3, floor - 2)
      pen.moveTo(at + 3, floor - 8)
      pen.lineTo(at - 3, floor - 2)
      pen.stroke()
    }
    if (!range) continue
    pen.fillStyle = style.color
    const { points } = raw ?? main
    // Neighbours would hide each other.
    let lastUp = -Infinity
    let lastDown = -Infinity
    for (let i = 0; i < points.length; i += 2) {
      const [position, value] = [points[i] as number, points[i + 1] as number]
      if (position < from || position > to) continue
      const at = x(position)
      if (value > range.max && at - lastUp > 6) triangle(pen, (lastUp = at), top, 6)
      else if (value < range.min && at - lastDown > 6) triangle(pen, (lastDown = at), floor, -6)
    }
  }
}

function triangle(pen: Pen, x: number, edge: number, size: number): void {
  pen.beginPath()
  pen.moveTo(x, edge)
  pen.lineTo(x - 4, edge + size)
  pen.lineTo(x + 4, edge + size)
  pen.closePath()
  pen.fill()
}
