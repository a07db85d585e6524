import type { Points } from '../contract/metrics.js'

/** Number of points in the finest groups. */
export const GROUP = 64
/** Number of points in a full chunk, the next level of groups. */
export const CHUNK = 4096

/** The information about consecutive points that a chart needs when it cannot draw them all. */
export interface Summary {
  count: number
  firstStep: number
  lastStep: number
  /** Value of the first and of the last point; NaN where that point is. */
  first: number
  last: number
  /** Minimum and maximum over the finite values; NaN when there are none. */
  min: number
  max: number
  nans: number
  infinities: number
}

const FIELDS = ['count', 'firstStep', 'lastStep', 'first', 'last', 'min', 'max', 'nans', 'infinities'] as const

/** Summary of the points with indices from..to (to excluded); the range must not be empty. */
export function summarize({ steps, values }: Points, from: number, to: number): Summary {
  let min = Infinity
  let max = -Infinity
  let nans = 0
  let infinities = 0
  for (let i = from; i < to; i++) {
    const value = values[i] as number
    if (Number.isNaN(value)) nans++
    else if (!Number.isFinite(value)) infinities++
    else {
      if (value < min) min = value
      if (value > max) max = value
    }
  }
  const none = min > max
  return {
    count: to - from,
    firstStep: steps[from] as number,
    lastStep: steps[to - 1] as number,
    first: values[from] as number,
    last: values[to - 1] as number,
    min: none ? NaN : min,
    max: none ? NaN : max,
    nans,
    infinities,
  }
}

/** Summaries of every `size` consecutive points; the last group may be smaller. */
export function summarizeGroups(points: Points, size: number): Summary[] {
  const groups: Summary[] = []
  for (let from = 0; from < points.steps.length; from += size)
    groups.push(summarize(points, from, Math.min(from + size, points.steps.length)))
  return groups
}

/** The summary of consecutive groups combined; there must be at least one. */
export function merge(groups: readonly Summary[]): Summary {
  const head = groups[0]
  const end = groups.at(-1)
  if (!head || !end) throw new RangeError('nothing to merge')
  const extreme = (values: number[], pick: (...values: number[]) => number): number => {
    const finite = values.filter((value) => !Number.isNaN(value))
    return finite.length ? pick(...finite) : NaN
  }
  const total = (field: 'count' | 'nans' | 'infinities'): number => groups.reduce((sum, group) => sum + group[field], 0)
  return {
    count: total('count'),
    firstStep: head.firstStep,
    lastStep: end.lastStep,
    first: head.first,
    last: end.last,
    min: extreme(
      groups.map(({ min }) => min),
      Math.min,
    ),
    max: extreme(
      groups.map(({ max }) => max),
      Math.max,
    ),
    nans: total('nans'),
    infinities: total('infinities'),
  }
}

/** Little-endian float64, nine values per summary. */
export function packSummaries(groups: readonly Summary[]): Buffer {
  const flat = Float64Array.from(groups.flatMap((group) => FIELDS.map((field) => group[field])))
  return Buffer.from(flat.buffer)
}

export function unpackSummaries(flat: Float64Array): Summary[] {
  // Written out in the order of FIELDS: there are thousands of these objects, and objects of one shape are fast.
  const at = (i: number): number => flat[i] as number
  return Array.from({ length: flat.length / FIELDS.length }, (_, group) => {
    const i = group * FIELDS.length
    return {
      count: at(i),
      firstStep: at(i + 1),
      lastStep: at(i + 2),
      first: at(i + 3),
      last: at(i + 4),
      min: at(i + 5),
      max: at(i + 6),
      nans: at(i + 7),
      infinities: at(i + 8),
    }
  })
}
