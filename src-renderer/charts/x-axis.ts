import { formatCount, formatDuration, formatValue } from '../ui/format.js'
import type { SeriesBuffer } from './series/series-buffer.js'

/** The quantities that the horizontal axis of a chart can show. */
export const X_AXES = ['step', 'epoch', 'wall', 'active', 'images'] as const
export type XAxisKind = (typeof X_AXES)[number]

/** A run's data for its axes. */
export interface XSource {
  stepsPerEpoch: number | null
  batch: number | null
  /** When the run began, in milliseconds since 1970; null if it has not. Used if nothing else gives the time since the start. */
  startedAt: number | null
  /** Seconds since the start by step; null or empty if they were not recorded. */
  elapsed: SeriesBuffer | null
  /** Seconds of training by step; null or empty if they were not recorded. */
  active: SeriesBuffer | null
}

/** The positions of the points of one series on the axis, ascending with their index. */
export interface XMap {
  /** Position of point i. */
  x(i: number): number
  /** Index of the first point at or after a position. */
  indexOf(x: number): number
  /** Distinguishes this map from other maps of the same series. */
  readonly identity: readonly unknown[]
  /** Number of points whose positions are final while the run continues; by default all of them. */
  readonly settled?: number
}

export const xAxisTitle: Record<XAxisKind, string> = {
  step: 'step',
  epoch: 'epoch',
  wall: 'wall time since start',
  active: 'training time',
  images: 'images seen',
}

/** The title of the axis; steps, epochs and images are counts and have no other unit. */
export const xAxisLabel = (kind: XAxisKind, timeUnit = 's'): string =>
  isTime(kind) ? `${xAxisTitle[kind]} (${timeUnit})` : xAxisTitle[kind]

export const isTime = (kind: XAxisKind): boolean => kind === 'wall' || kind === 'active'

const scaled = (buffer: SeriesBuffer, factor: number): XMap => ({
  identity: ['scaled', factor],
  x: (i) => buffer.step(i) * factor,
  // A position computed as step * factor must find its own point again despite rounding.
  indexOf: (x) => {
    let i = buffer.indexOf(x / factor)
    while (i > 0 && buffer.step(i - 1) * factor >= x) i -= 1
    while (i < buffer.length && buffer.step(i) * factor < x) i += 1
    return i
  },
})

/** Seconds at a step, interpolated between the two nearest reports. */
function secondsAt(reports: SeriesBuffer, step: number): number {
  const after = reports.indexOf(step)
  if (after >= reports.length) return reports.value(reports.length - 1)
  const [x1, y1] = [reports.step(after), reports.value(after)]
  const [x0, y0] = after > 0 ? [reports.step(after - 1), reports.value(after - 1)] : [0, 0]
  return x1 > x0 ? y0 + ((step - x0) / (x1 - x0)) * (y1 - y0) : y1
}

/** A map of points whose positions ascend with their index. */
export const ascending = (list: { readonly length: number }, x: (i: number) => number, more: Pick<XMap, 'identity' | 'settled'>): XMap => ({
  ...more,
  x,
  indexOf: (wanted) => {
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (x(middle) < wanted) low = middle + 1
      else high = middle
    }
    return low
  },
})

/** The map of a series onto an axis; null if the run lacks the data. */
export function xMap(kind: XAxisKind, buffer: SeriesBuffer, source: XSource): XMap | null {
  switch (kind) {
    case 'step':
      return { identity: ['step'], x: (i) => buffer.step(i), indexOf: (x) => buffer.indexOf(x) }
    case 'epoch':
      return source.stepsPerEpoch ? scaled(buffer, 1 / source.stepsPerEpoch) : null
    case 'images':
      return source.batch ? scaled(buffer, source.batch) : null
    case 'wall':
      return bySeconds('wall', buffer, source.elapsed) ?? byMoments(buffer, source)
    case 'active':
      return bySeconds('active', buffer, source.active)
  }
}

/** Uses the times measured by trainers and their host; null if there are none. */
function bySeconds(kind: XAxisKind, buffer: SeriesBuffer, reports: SeriesBuffer | null): XMap | null {
  if (!reports || reports.length === 0) return null
  return ascending(buffer, (i) => secondsAt(reports, buffer.step(i)), {
    identity: [kind, reports, reports.generation],
    // A point after the last report is placed at the time of that report until the next one arrives.
    settled: buffer.indexOf(reports.step(reports.length - 1) + 1),
  })
}

/** Runs of earlier versions, and of other programs, only have the times of their points. */
function byMoments(buffer: SeriesBuffer, { startedAt }: XSource): XMap | null {
  if (startedAt === null) return null
  // If the clock was set back meanwhile, a run started after its first points.
  const start = buffer.moment(0) < startedAt ? buffer.moment(0) : startedAt
  return {
    identity: ['wall', start],
    x: (i) => (buffer.moment(i) - start) / 1000,
    indexOf: (x) => buffer.indexOfMoment(start + x * 1000 - 1e-6),
  }
}

/** A position, formatted for its axis. */
export function formatX(kind: XAxisKind, x: number): string {
  if (isTime(kind)) return x < 10 && x > 0 ? `${formatValue(x, 2)} s` : formatDuration(x)
  return kind === 'epoch' ? formatValue(x, 3) : formatCount(x)
}
