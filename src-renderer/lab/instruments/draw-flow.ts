import { chartTheme, COLOURS, lineStyle } from '../../charts/palette.js'
import type { Plot } from '../../charts/scales.js'
import type { Pen } from '../../charts/strokes.js'

/** Trajectories of points of one kind: [places, count, 2]. */
export interface Way {
  count: number
  values: Float32Array
}

export interface FlowScene {
  points: Way
  /** The class of each point, and the predicted one. */
  labels: readonly number[]
  predicted: readonly number[]
  /** A square lattice of inputs, row by row, and the class predicted for each of its points. */
  lattice: (Way & { size: number; predicted: readonly number[] }) | null
  /** The visible extent at each place. */
  extents: readonly Extent[]
  /** The classes that are drawn; all if empty. */
  only: ReadonlySet<number>
  axes: readonly [string, string]
}

/** Radius of a point's marker. */
const RADIUS = 4
const MARGIN = { left: 52, right: 12, top: 12, bottom: 40 }

export type Extent = readonly [left: number, right: number, bottom: number, top: number]

/** Minimum and maximum coordinates of points, with a margin; non-finite values are ignored. */
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

/** The extents at all places, over all trajectories; either per place, or one that is common to all. */
export function extentsOf(ways: readonly Way[], places: number, follow: boolean): Extent[] {
  const part = ({ count, values }: Way, place: number): Float32Array => values.subarray(2 * place * count, 2 * (place + 1) * count)
  if (follow) return Array.from({ length: places }, (_, place) => extentOf(ways.map((way) => part(way, place))))
  const whole = extentOf(ways.map(({ values }) => values))
  return Array.from({ length: places }, () => whole)
}

/** The extent between two places, interpolated. */
export function extentAt(extents: readonly Extent[], position: number): Extent {
  const before = Math.floor(position)
  const part = position - before
  const [from, to] = [extents[before]!, extents[Math.min(extents.length - 1, before + 1)]!]
  return from.map((end, i) => (1 - part) * end + part * to[i]!) as unknown as Extent
}

/** The coordinate of a point between two places, interpolated. */
function between({ values, count }: Way, position: number, point: number, axis: 0 | 1): number {
  const before = Math.floor(position)
  const at = (place: number): number => values[2 * (place * count + point) + axis]!
  const part = position - before
  return part === 0 ? at(before) : (1 - part) * at(before) + part * at(before + 1)
}

/** Numbers of corners of the marker shapes, cycled through; 0 is a circle. */
const SHAPES = [0, 4, 3, 5]

/** The index of a class's shape: it changes once every colour has been used. */
export const shapeOf = (label: number): number => Math.floor(label / COLOURS) % SHAPES.length

/**
 * Corners of a class's marker about the origin, none for a circle: shape and colour together distinguish four times as many classes as
 * there are colours.
 */
export function cornersOf(label: number, radius: number): [x: number, y: number][] {
  const corners = SHAPES[shapeOf(label)]!
  return Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2
    return [1.15 * radius * Math.cos(angle), 1.15 * radius * Math.sin(angle)]
  })
}

/** The outline of a class's marker about the origin, as an SVG path. */
export function markOf(label: number, radius: number): string {
  const corners = cornersOf(label, radius)
  if (corners.length === 0)
    return `M ${-radius} 0 a ${radius} ${radius} 0 1 0 ${2 * radius} 0 a ${radius} ${radius} 0 1 0 ${-2 * radius} 0 Z`
  return `M ${corners.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join(' L ')} Z`
}

/** About five even ticks between two values, in intervals of 1, 2 or 5 times a power of ten. */
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
  const { extents, axes } = scene
  const [left, right, bottom, top] = extentAt(extents, position)
  const plot = {
    left: MARGIN.left,
    top: MARGIN.top,
    width: width - MARGIN.left - MARGIN.right,
    height: height - MARGIN.top - MARGIN.bottom,
  }
  const { across, up } = scalesIn(plot, [left, right, bottom, top])

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

  drawScene(context, plot, scene, position, dark)
}

/** Scales from the coordinates of the extent to pixels of the plot. */
function scalesIn(plot: Plot, [left, right, bottom, top]: Extent): { across(x: number): number; up(y: number): number } {
  return {
    across: (x) => plot.left + ((x - left) / (right - left)) * plot.width,
    up: (y) => plot.top + plot.height - ((y - bottom) / (top - bottom)) * plot.height,
  }
}

/** Whether a class is drawn. */
export const isVisible = ({ only }: FlowScene, label: number): boolean => only.size === 0 || only.has(label)

/** Draws the content of the axes: the lattice, and the points above it. Used for the screen and for vector pictures. */
export function drawScene(pen: Pen, plot: Plot, scene: FlowScene, position: number, dark: boolean): void {
  const theme = chartTheme(dark)
  const { points, lattice, labels, predicted, extents } = scene
  const { across, up } = scalesIn(plot, extentAt(extents, position))
  const colour = (of: number): string => lineStyle(of, dark).color
  pen.save()
  pen.beginPath()
  pen.rect(plot.left, plot.top, plot.width, plot.height)
  pen.clip()
  if (lattice) drawLattice(pen, lattice, position, { across, up, colour })
  for (let point = 0; point < points.count; point++) {
    const label = labels[point]!
    if (!isVisible(scene, label)) continue
    const [x, y] = [across(between(points, position, point, 0)), up(between(points, position, point, 1))]
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue
    pen.beginPath()
    const corners = cornersOf(label, RADIUS)
    if (corners.length === 0) pen.arc(x, y, RADIUS, 0, 2 * Math.PI)
    else
      outline(
        pen,
        corners.map(([dx, dy]) => [x + dx, y + dy]),
      )
    pen.fillStyle = colour(label)
    pen.fill()
    // An outline in the surface colour, or in the error colour if another class is predicted.
    pen.strokeStyle = predicted[point] === label ? theme.surface : theme.error
    pen.lineWidth = predicted[point] === label ? 1 : 2
    pen.stroke()
  }
  pen.restore()
}

/** Draws a closed polygon. */
function outline(pen: Pen, corners: readonly (readonly [number, number])[]): void {
  corners.forEach(([x, y], i) => (i === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)))
  pen.closePath()
}

/** Draws the cells of the lattice in the colour of the class predicted at one of their corners. */
function drawLattice(
  pen: Pen,
  lattice: NonNullable<FlowScene['lattice']>,
  position: number,
  { across, up, colour }: { across(x: number): number; up(y: number): number; colour(of: number): string },
): void {
  const { size } = lattice
  const places = placesAt(lattice, position).map(([x, y]): [number, number] => [across(x), up(y)])
  pen.globalAlpha = SHADE
  for (const { label, corners } of cellsOf(lattice, places)) {
    pen.fillStyle = colour(label)
    pen.beginPath()
    outline(pen, corners)
    pen.fill()
  }
  // Draws every fifth line, so that stretching and folding are visible.
  pen.globalAlpha = 0.5
  pen.lineWidth = 0.7
  pen.strokeStyle = '#8a94a0'
  for (let i = 0; i < size; i += 5)
    for (const at of [(k: number) => i * size + k, (k: number) => k * size + i]) {
      pen.beginPath()
      let open = false
      for (let k = 0; k < size; k++) {
        const [x, y] = places[at(k)]!
        const known = Number.isFinite(x) && Number.isFinite(y)
        if (known) pen[open ? 'lineTo' : 'moveTo'](x, y)
        open = known
      }
      pen.stroke()
    }
  pen.globalAlpha = 1
}

/** Opacity of the class colour of the lattice cells. */
export const SHADE = 0.22

/**
 * The cells of a lattice whose points are at these places, each with the class predicted at its first corner; cells with non-finite corners
 * are left out.
 */
export function cellsOf(
  { size, predicted }: { size: number; predicted: readonly number[] },
  places: readonly [number, number][],
): { label: number; corners: [number, number][] }[] {
  const cells = []
  for (let row = 0; row + 1 < size; row++)
    for (let column = 0; column + 1 < size; column++) {
      const at = row * size + column
      const corners = [at, at + 1, at + size + 1, at + size].map((corner) => places[corner]!)
      if (corners.flat().every(Number.isFinite)) cells.push({ label: predicted[at]!, corners })
    }
  return cells
}

/** The positions of a trajectory's points between two places. */
export const placesAt = (way: Way, position: number): [number, number][] =>
  Array.from({ length: way.count }, (_, point) => [between(way, position, point, 0), between(way, position, point, 1)])

function line(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath()
  context.moveTo(x0, y0)
  context.lineTo(x1, y1)
  context.stroke()
}
