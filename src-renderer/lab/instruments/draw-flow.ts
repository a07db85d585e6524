import { chartTheme, COLOURS, lineStyle } from '../../charts/palette.js'

/** Points of one kind on their way: [places, count, 2]. */
export interface Way {
  count: number
  values: Float32Array
}

export interface FlowScene {
  points: Way
  /** Class of each point, and the one that is predicted. */
  labels: readonly number[]
  predicted: readonly number[]
  /** A square lattice of inputs, row by row, and the class that is predicted for each of its points. */
  lattice: (Way & { size: number; predicted: readonly number[] }) | null
  /** In sight at each place. */
  extents: readonly Extent[]
  /** Classes that are drawn; all where empty. */
  only: ReadonlySet<number>
  axes: readonly [string, string]
}

const MARGIN = { left: 52, right: 12, top: 12, bottom: 40 }

export type Extent = readonly [left: number, right: number, bottom: number, top: number]

/** Smallest and largest coordinates of points, with a margin; what is no number does not count. */
function extentOf(parts: readonly Float32Array[]): Extent {
  const ends: [number, number, number, number] = [Infinity, -Infinity, Infinity, -Infinity]
  for (const values of parts)
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!
      const axis = 2 * (at % 2)
      if (!Number.isFinite(value)) continue
      if (value < ends[axis]!) ends[axis] = value
      if (value > ends[axis + 1]!) ends[axis + 1] = value
    }
  if (!(ends[0] <= ends[1])) return [-1, 1, -1, 1]
  for (const axis of [0, 2] as const) {
    const margin = 0.06 * (ends[axis + 1]! - ends[axis]) || 1
    ends[axis] -= margin
    ends[axis + 1]! += margin
  }
  return ends
}

/** The extent of each of so many places, of all ways together; or the same one of all places. */
export function extentsOf(ways: readonly Way[], places: number, follow: boolean): Extent[] {
  const part = ({ count, values }: Way, place: number): Float32Array => values.subarray(2 * place * count, 2 * (place + 1) * count)
  if (follow) return Array.from({ length: places }, (_, place) => extentOf(ways.map((way) => part(way, place))))
  const whole = extentOf(ways.map(({ values }) => values))
  return Array.from({ length: places }, () => whole)
}

/** What is in sight between two places. */
export function extentAt(extents: readonly Extent[], position: number): Extent {
  const before = Math.floor(position)
  const part = position - before
  const [from, to] = [extents[before]!, extents[Math.min(extents.length - 1, before + 1)]!]
  return from.map((end, i) => (1 - part) * end + part * to[i]!) as unknown as Extent
}

/** Where a point is between two places. */
function between({ values, count }: Way, position: number, point: number, axis: 0 | 1): number {
  const before = Math.floor(position)
  const at = (place: number): number => values[2 * (place * count + point) + axis]!
  const part = position - before
  return part === 0 ? at(before) : (1 - part) * at(before) + part * at(before + 1)
}

/** Corners of the marks, by turns; a circle has none. */
const SHAPES = [0, 4, 3, 5]

/**
 * The outline of a class's mark about the origin, as an SVG path: a circle for as many classes as there are colours, then polygons, so that
 * no two of four times as many classes look the same.
 */
export function markOf(label: number, radius: number): string {
  const corners = SHAPES[Math.floor(label / COLOURS) % SHAPES.length]!
  if (corners === 0) return `M ${-radius} 0 a ${radius} ${radius} 0 1 0 ${2 * radius} 0 a ${radius} ${radius} 0 1 0 ${-2 * radius} 0 Z`
  const points = Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2
    return `${(1.15 * radius * Math.cos(angle)).toFixed(2)} ${(1.15 * radius * Math.sin(angle)).toFixed(2)}`
  })
  return `M ${points.join(' L ')} Z`
}

/** Even steps of 1, 2 or 5 times a power of ten between two values, about five of them. */
export function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.ceil(low / step)
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** Draws the scene at a position along the units; the size of the canvas is in CSS pixels. */
export function drawFlow(
  context: CanvasRenderingContext2D,
  { width, height, ratio }: { width: number; height: number; ratio: number },
  scene: FlowScene,
  position: number,
  dark: boolean,
): void {
  const theme = chartTheme(dark)
  const { points, lattice, labels, predicted, extents, only, axes } = scene
  const [left, right, bottom, top] = extentAt(extents, position)
  const across = (x: number): number => MARGIN.left + ((x - left) / (right - left)) * (width - MARGIN.left - MARGIN.right)
  const up = (y: number): number => height - MARGIN.bottom - ((y - bottom) / (top - bottom)) * (height - MARGIN.top - MARGIN.bottom)
  const colour = (of: number): string => lineStyle(of, dark).color
  const visible = (of: number): boolean => only.size === 0 || only.has(of)

  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.fillStyle = theme.surface
  context.fillRect(0, 0, width, height)
  context.font = '11px system-ui, sans-serif'
  context.fillStyle = theme.faint
  context.strokeStyle = theme.grid
  context.lineWidth = 1
  context.textAlign = 'center'
  for (const x of ticks(left, right)) {
    line(context, across(x), MARGIN.top, across(x), height - MARGIN.bottom)
    context.fillText(String(x), across(x), height - MARGIN.bottom + 14)
  }
  context.textAlign = 'right'
  for (const y of ticks(bottom, top)) {
    line(context, MARGIN.left, up(y), width - MARGIN.right, up(y))
    context.fillText(String(y), MARGIN.left - 5, up(y) + 4)
  }
  context.textAlign = 'center'
  context.fillText(axes[0], (MARGIN.left + width - MARGIN.right) / 2, height - 8)
  context.save()
  context.translate(12, (MARGIN.top + height - MARGIN.bottom) / 2)
  context.rotate(-Math.PI / 2)
  context.fillText(axes[1], 0, 0)
  context.restore()

  context.save()
  context.beginPath()
  context.rect(MARGIN.left, MARGIN.top, width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom)
  context.clip()
  if (lattice) drawLattice(context, lattice, position, { across, up, colour })
  for (let point = 0; point < points.count; point++) {
    const label = labels[point]!
    if (!visible(label)) continue
    const [x, y] = [across(between(points, position, point, 0)), up(between(points, position, point, 1))]
    context.save()
    context.translate(x, y)
    const mark = new Path2D(markOf(label, 4))
    context.fillStyle = colour(label)
    context.fill(mark)
    // A rim of the surface, or of the error colour where another class is predicted.
    context.strokeStyle = predicted[point] === label ? theme.surface : theme.error
    context.lineWidth = predicted[point] === label ? 1 : 2
    context.stroke(mark)
    context.restore()
  }
  context.restore()
}

/** The cells of the lattice in the colour of the class that is predicted at one of their corners. */
function drawLattice(
  context: CanvasRenderingContext2D,
  lattice: NonNullable<FlowScene['lattice']>,
  position: number,
  { across, up, colour }: { across(x: number): number; up(y: number): number; colour(of: number): string },
): void {
  const { size, predicted } = lattice
  const places = Array.from({ length: size * size }, (_, at) => [
    across(between(lattice, position, at, 0)),
    up(between(lattice, position, at, 1)),
  ]) as [number, number][]
  context.globalAlpha = 0.22
  for (let row = 0; row + 1 < size; row++)
    for (let column = 0; column + 1 < size; column++) {
      const at = row * size + column
      context.fillStyle = colour(predicted[at]!)
      context.beginPath()
      ;[at, at + 1, at + size + 1, at + size].forEach((corner, i) => context[i === 0 ? 'moveTo' : 'lineTo'](...places[corner]!))
      context.closePath()
      context.fill()
    }
  // Every fifth line, so that stretching and folding are seen.
  context.globalAlpha = 0.5
  context.lineWidth = 0.7
  for (let i = 0; i < size; i += 5)
    for (const at of [(k: number) => i * size + k, (k: number) => k * size + i]) {
      context.strokeStyle = '#8a94a0'
      context.beginPath()
      for (let k = 0; k < size; k++) context[k === 0 ? 'moveTo' : 'lineTo'](...places[at(k)]!)
      context.stroke()
    }
  context.globalAlpha = 1
}

function line(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath()
  context.moveTo(x0, y0)
  context.lineTo(x1, y1)
  context.stroke()
}
