/** The limits of an axis, and its tick interval if it is linear. */
export interface Range {
  min: number
  max: number
  interval?: number
}

/**
 * The end of an axis beyond which a value lies; null if it is within the axis, or is not a number. Limits are products of decimal
 * fractions, so that a value equal to a limit may differ from it by rounding.
 */
export function beyondEnd(value: number, { min, max }: Range, logarithmic: boolean): 'above' | 'below' | null {
  const slack = (end: number): number => 1e-9 * (logarithmic ? end : max - min)
  return value > max + slack(max) ? 'above' : value < min - slack(min) ? 'below' : null
}

/** Full decades around the values; for a narrow range, 1, 2 and 5 times powers of ten. */
function logarithmicRange(low: number, high: number): Range {
  const min = 10 ** Math.floor(Math.log10(low))
  const max = 10 ** Math.ceil(Math.log10(high))
  return { min, max: max > min ? max : 10 * min }
}

/** The smallest of 1, 2 or 5 times a power of ten that is not below the value. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10) * power
}

/** Limits with about five even intervals that contain the values. */
function evenRange(low: number, high: number): Range {
  if (low === high) {
    const margin = Math.abs(low) / 10
    // A tenth of the smallest numbers underflows to 0.
    return margin === 0 ? { min: -1, max: 1, interval: 0.5 } : evenRange(low - margin, high + margin)
  }
  const interval = roundUp((high - low) / 5)
  const min = Math.floor(low / interval + 1e-9) * interval
  const max = Math.ceil(high / interval - 1e-9) * interval
  // Differences at the limit of double precision cannot be divided evenly.
  return max > min && interval > 0 ? { min, max, interval } : { min: low, max: high }
}

/** At most 1, the maximum of an accuracy, in even intervals; from 0 if there is a single value, which does not define a range. */
function fractionRange(low: number, high: number): Range {
  const from = low === high ? 0 : low
  const interval = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1].find((step) => (1 - from) / step <= 5) ?? 0.2
  return { min: Math.floor(from / interval + 1e-9) * interval, max: 1, interval }
}

export interface RangeOptions {
  unit: string
  logarithmic: boolean
  /** Leaves out the few values that would compress all others; they are marked at the edge. */
  outlierProof: boolean
}

/** Maximum fraction of the drawn values beyond either end of an outlier-proof axis. */
const TAIL = 0.02
/** An outlier-proof axis leaves values out only if that magnifies the others at least this many times. */
const WORTH = 3

/**
 * The limits of the y axis for the drawn values; null if there are none. Values that are not finite, or not above 0 on a logarithmic axis,
 * are ignored.
 * @param values numbers in any order
 */
export function valueRange(values: Float64Array, { unit, logarithmic, outlierProof }: RangeOptions): Range | null {
  let { low, high } = extremes(values, logarithmic)
  if (low > high) return unit === 'fraction' && !logarithmic ? fractionRange(0, 0) : null
  const usable = outlierProof ? values.filter((value) => Number.isFinite(value) && (!logarithmic || value > 0)).sort() : []
  if (usable.length >= 20) {
    const at = (share: number): number => usable[Math.round(share * (usable.length - 1))] as number
    const size = (from: number, to: number): number => (logarithmic ? Math.log(to / from) : to - from)
    const [from, to] = [at(TAIL), at(1 - TAIL)]
    // Extending the axis by up to a third of the kept range on either side does no harm.
    if (to > from && size(from, to) * WORTH < size(low, high)) {
      const margin = size(from, to) / 3
      low = Math.max(low, logarithmic ? from / Math.exp(margin) : from - margin)
      high = Math.min(high, logarithmic ? to * Math.exp(margin) : to + margin)
    }
  }
  if (logarithmic) return logarithmicRange(low, high)
  if (unit === 'fraction' && (high > 0.75 || low === high) && low >= 0 && high <= 1) return fractionRange(low, high)
  return evenRange(low, high)
}

function extremes(values: Float64Array, logarithmic: boolean): { low: number; high: number } {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    // True for NaN and infinities, which minus themselves are NaN.
    if (value - value !== 0 || (logarithmic && value <= 0)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return { low, high }
}
