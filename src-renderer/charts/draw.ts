import type { ChartModel, DrawnLine } from './chart-model.js'
import { errorBarOf, marksOf } from './marks.js'
import type { Reduced } from './reduce.js'
import { scalesOf, type Plot, type Scales } from './scales.js'
import { drawBand, drawDots, drawErrorBar, drawTrack, trackOf, type Pen, type Track } from './strokes.js'

/** Maximum extent of a mark around its point, in CSS pixels: half a dot, a cross or a triangle, or a joint of a line. */
const REACH = 5

/** A model with positions in CSS pixels, drawn at once or line by line. */
export interface Sheet {
  model: ChartModel
  plot: Plot
  scales: Scales
  lines: { line: DrawnLine; main: Track; raw: Track | null }[]
  /** How the lines are drawn: if it differs from the last sheet, everything is redrawn. */
  kinds: string
  /** Left of this position the picture is the same as that of the last sheet, if plot and kinds are. */
  changedFrom: number
}

/** @param bars whether dense lines may be drawn as bars of pixels; not in vector pictures */
export function sheetOf(model: ChartModel, plot: Plot, bars = true): Sheet {
  const scales = scalesOf(model, plot)
  const track = (reduced: Reduced): Track => trackOf(reduced, scales, bars)
  const lines = model.lines.map((line) => ({ line, main: track(line.main), raw: line.raw && track(line.raw) }))
  const kinds = lines.map(({ line: { key, style, band }, main, raw }) => [
    key,
    style,
    band !== null,
    errorBarOf({ band }) !== null,
    main.busy,
    main.dots,
    raw?.busy ?? null,
  ])
  const parts = model.lines.flatMap(({ main, raw, band }) => [main, raw, band?.low, band?.high].flatMap((part) => part ?? []))
  const changedFrom = Math.min(...parts.map((part) => (part.changedFrom === -Infinity ? -Infinity : scales.x(part.changedFrom)))) - REACH
  return { model, plot, scales, lines, kinds: JSON.stringify(kinds), changedFrom }
}

/**
 * Draws a sheet line by line, so that the page stays responsive. It does so without ECharts, which draws the frame around the lines: for 20
 * lines of a million noisy points ECharts takes 150 ms for a drawing and this a tenth of it, and the axes are left alone while only the
 * lines grow.
 * @param left the part left of this position, in CSS pixels, is kept; it lies on the edge of a device pixel
 */
export function* drawSteps(pen: Pen, { model, plot, scales, lines }: Sheet, pixelRatio: number, left = -Infinity): Generator<void> {
  if (!model.y || plot.width <= 0 || plot.height <= 0) return
  pen.save()
  clipTo(pen, plot, left, 0, 2)
  pen.lineJoin = 'round'
  for (const { line } of lines) drawBand(pen, line, scales, left)
  for (const { line, raw } of lines) {
    if (!raw) continue
    pen.globalAlpha = 0.28
    drawTrack(pen, raw, { color: line.style.color, dash: [], width: 1, pixelRatio, left })
    pen.globalAlpha = 1
    yield
  }
  for (const { line, main, raw } of lines) {
    drawTrack(pen, main, { ...line.style, width: raw ? 2 : 1.6, pixelRatio, left })
    yield
  }
  pen.restore()
  // Marks at a single point are drawn in full, also at the edge of the plot.
  pen.save()
  clipTo(pen, plot, left, REACH, REACH)
  for (const { line } of lines) drawErrorBar(pen, line, scales, plot)
  for (const { line, main } of lines) if (main.dots) drawDots(pen, main, line.style.color, plot)
  drawMarks(pen, model, plot, scales)
  pen.restore()
}

/** Restricts painting to the plot with a margin, and to the part that changes. */
function clipTo(pen: Pen, plot: Plot, left: number, marginX: number, marginY: number): void {
  const from = Math.max(plot.left - marginX, left)
  pen.beginPath()
  pen.rect(from, plot.top - marginY, Math.max(0, plot.left + plot.width + marginX - from), plot.height + 2 * marginY)
  pen.clip()
}

/** Draws everything at once. */
export function drawLines(pen: Pen, model: ChartModel, plot: Plot, pixelRatio: number, bars = true): void {
  const steps = drawSteps(pen, sheetOf(model, plot, bars), pixelRatio)
  while (!steps.next().done);
}

/** Draws crosses at the bottom where a value is not a number, and triangles at the edges where a value lies beyond them. */
function drawMarks(pen: Pen, model: ChartModel, { top, height }: Plot, { x }: Scales): void {
  const floor = top + height
  pen.lineWidth = 1.6
  for (const { kind, x: position, color } of marksOf(model, x)) {
    const at = x(position)
    pen.fillStyle = color
    pen.strokeStyle = color
    if (kind === 'above') triangle(pen, at, top, 6)
    else if (kind === 'below') triangle(pen, at, floor, -6)
    else {
      pen.beginPath()
      pen.moveTo(at - 3, floor - 8)
      pen.lineTo(at + 3, floor - 2)
      pen.moveTo(at + 3, floor - 8)
      pen.lineTo(at - 3, floor - 2)
      pen.stroke()
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
