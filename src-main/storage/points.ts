import type { Points } from '../contract/metrics.js'

export const NO_POINTS: Points = { steps: new Float64Array(), values: new Float64Array(), times: new Float64Array() }

/** The bytes of the array without a copy, for storage in SQLite. */
export const toBlob = (array: Float64Array): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength)

/** A stored array; copied only if its bytes are not aligned to eight. */
export function fromBlob(blob: Buffer): Float64Array {
  const aligned = blob.byteOffset % 8 === 0 ? blob : new Uint8Array(blob)
  return new Float64Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 8)
}

/** The points with indices from..to (to excluded), sharing memory with the original. */
export const slice = ({ steps, values, times }: Points, from: number, to?: number): Points => ({
  steps: steps.subarray(from, to),
  values: values.subarray(from, to),
  times: times.subarray(from, to),
})

export function concat(parts: readonly Points[], count: number): Points {
  const all: Points = { steps: new Float64Array(count), values: new Float64Array(count), times: new Float64Array(count) }
  let at = 0
  for (const { steps, values, times } of parts) {
    all.steps.set(steps, at)
    all.values.set(values, at)
    all.times.set(times, at)
    at += steps.length
  }
  return all
}

/** The points whose steps are ascending and above `last`. */
export function rising(points: Points, last: number): Points {
  const { steps } = points
  let highest = last
  let good = 0
  const keep: number[] = []
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as number
    if (!(step > highest)) continue
    highest = step
    good++
    keep.push(i)
  }
  if (good === steps.length) return points
  const pick = (array: Float64Array): Float64Array => Float64Array.from(keep, (i) => array[i] as number)
  return { steps: pick(steps), values: pick(points.values), times: pick(points.times) }
}

/** Number of points whose step is not above this one; steps must be ascending. */
export function countUpTo(steps: Float64Array, step: number): number {
  let low = 0
  let high = steps.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((steps[middle] as number) <= step) low = middle + 1
    else high = middle
  }
  return low
}
