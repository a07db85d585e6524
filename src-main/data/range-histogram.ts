import { HISTOGRAM_BINS, type Histogram } from '../contract/datasets.js'

/** A power of two, so that bins merge in pairs without rounding; finer ones would be meaningless for float32 coordinates. */
const FINEST = 2 ** -20

export interface RangeHistogram {
  /** @param value finite */
  add(value: number): void
  readonly width: number
  /** @param least minimum bin width, that of another histogram, so that the counts of both are comparable */
  result(least: number): Histogram
}

/**
 * Counts values of an unknown range in at most 64 bins, in constant memory: the width doubles until the range fits. Edges are multiples of
 * the width, so that the result depends only on the values, and not on their order.
 */
export function rangeHistogram(): RangeHistogram {
  let width = FINEST
  let counts = new Float64Array(HISTOGRAM_BINS)
  // Indices of the lowest and the highest bin, in widths from zero.
  let [first, last] = [Infinity, -Infinity]

  function widenTo(place: number, least = 0): void {
    let [wide, low, high] = [width, Math.min(first, place), Math.max(last, place)]
    while (high - low >= HISTOGRAM_BINS || wide < least) [wide, low, high] = [wide * 2, Math.floor(low / 2), Math.floor(high / 2)]
    const moved = new Float64Array(HISTOGRAM_BINS)
    counts.forEach((count, bin) => {
      if (count > 0) moved[Math.floor(((first + bin) * width) / wide) - low]! += count
    })
    ;[counts, width, first, last] = [moved, wide, low, high]
  }

  return {
    add(value) {
      const place = Math.floor(value / width)
      if (place < first || place > last) widenTo(place)
      counts[Math.floor(value / width) - first]!++
    },
    get width() {
      return width
    },
    result(least) {
      if (width < least) widenTo(first, least)
      // Zero is added so that the edge is never -0, which JSON does not preserve.
      return { low: first * width + 0, width, counts: [...counts.subarray(0, last - first + 1)] }
    },
  }
}
