import type { SeriesBuffer, Values } from './series/series-buffer.js'
import type { ChartLine } from './chart-model.js'
import type { XAxisKind, XMap } from './x-axis.js'
import type { Span } from './zoom.js'

/** A line as a page passes it to a chart. */
export interface LineSpec {
  key: string
  label: string
  buffer: SeriesBuffer
  /** The positions of its points on an axis; null if the run lacks the data. */
  map(axis: XAxisKind): XMap | null
  style?: number | undefined
  band?: { low: Values; high: Values } | undefined
  /** Smoothed values, if they are more than an average over `buffer`. */
  smoothed?: Values | undefined
  /** Text after the value of a point in the legend, such as the number of runs. */
  note?: ((i: number) => string) | undefined
}

/** The lines on an axis, smoothed if `smooth` returns something. */
export function modelLines(
  lines: readonly LineSpec[],
  axis: XAxisKind,
  hidden: ReadonlySet<string>,
  smooth: (buffer: SeriesBuffer) => Values | undefined,
): ChartLine[] {
  return lines.map((line, i) => ({
    key: line.key,
    label: line.label,
    buffer: line.buffer,
    map: line.map(axis),
    style: line.style ?? i,
    hidden: hidden.has(line.key),
    band: line.band,
    // A band belongs to the line as given, or to the line smoothed by its owner; a line smoothed here would leave it.
    smoothed: line.smoothed ?? (line.band || hidden.has(line.key) ? undefined : smooth(line.buffer)),
  }))
}

/** What is known about the end of an axis. */
export interface AxisEnd {
  /** The last step of the axis, if it is known apart from the points. */
  endStep?: number | undefined
  /** Whether no more points will arrive. */
  ended?: boolean | undefined
}

/**
 * The full limits of an axis: up to the last point of any line; if more points are to come, rounded up so that the limit changes rarely,
 * and on the axis of steps at most up to the end of the run. From 0, or on a logarithmic axis from the first position above it.
 */
export function axisLimits(lines: readonly LineSpec[], axis: XAxisKind, logarithmic: boolean, { endStep, ended = false }: AxisEnd): Span {
  let last = 0
  let first = Infinity
  for (const { buffer, map } of lines) {
    const on = buffer.length > 0 ? map(axis) : null
    if (!on) continue
    last = Math.max(last, on.x(buffer.length - 1))
    const start = on.indexOf(Number.MIN_VALUE)
    if (start < buffer.length) first = Math.min(first, on.x(start))
  }
  const to = axisEnd(last, ended ? last || undefined : axis === 'step' ? endStep : undefined)
  if (!logarithmic) return { from: 0, to }
  const from = Number.isFinite(first) ? first : to / 1000
  return { from: Math.min(from, to / 10), to }
}

/**
 * The smallest of 1, 1.5, 2, 3, 5, 7 times a power of ten that is not below any point; at most the known end of the run, unless a point
 * lies beyond it.
 */
export function axisEnd(last: number, end = Infinity): number {
  if (last >= end) return last
  if (!(last > 0)) return Math.min(1, end)
  const power = 10 ** Math.floor(Math.log10(last))
  const nice = [1, 1.5, 2, 3, 5, 7, 10].map((factor) => factor * power).find((position) => position >= last) ?? last
  return Math.min(nice, end)
}
