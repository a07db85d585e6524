import { valueRange } from '../charts/value-range.js'
import { hasWords, isNumber, wordsOf, type Quantity } from './relations.js'

/** The ends of the axis of a quantity, and the position of a value between them. */
export interface AxisScale {
  min: number
  max: number
  interval?: number
  logarithmic: boolean
}

/** Round limits around all values; words are placed at 0, 1, 2, ... */
export function axisScale(quantity: Quantity): AxisScale {
  if (hasWords(quantity)) return { min: -0.5, max: wordsOf(quantity).length - 0.5, interval: 1, logarithmic: false }
  const numbers = quantity.values.filter(isNumber)
  const { logarithmic } = quantity
  const range = valueRange(Float64Array.from(numbers), { unit: '', logarithmic, outlierProof: false }) ?? { min: 0, max: 1 }
  if (logarithmic) return { min: range.min, max: range.max, logarithmic }
  // Half a seed or half a unit makes no sense.
  if (numbers.every(Number.isInteger) && (range.interval ?? 0) < 1)
    return { min: Math.floor(range.min), max: Math.ceil(range.max), interval: 1, logarithmic }
  return { ...range, logarithmic }
}

/** 0 at the lower end of the axis, 1 at the upper one. */
export function partAt({ min, max, logarithmic }: AxisScale, value: number): number {
  const at = logarithmic ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min)
  return Math.min(1, Math.max(0, at))
}

/** The value at a fraction of the axis, clamped to its ends. */
export function valueAt({ min, max, logarithmic }: AxisScale, part: number): number {
  const at = Math.min(1, Math.max(0, part))
  if (at === 0 || at === 1) return at === 0 ? min : max
  return logarithmic ? min * (max / min) ** at : min + at * (max - min)
}
