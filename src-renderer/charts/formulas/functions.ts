/** A function of one series. */
export interface SeriesFunction {
  /** The call as shown to the user, such as `ema(x, 0.9)`. */
  usage: string
  help: string
  /** Whether the result has the unit of the argument. */
  keepsUnit: boolean
  /** Whether the first point has no value and is left out. */
  skipsFirst?: boolean
  /** @param number the second argument, for functions that take one */
  values(values: Float64Array, number: number): Float64Array
  /** The constraint on the second argument; absent if there is none. */
  number?: { valid(value: number): boolean; must: string }
}

const pointwise = (usage: string, help: string, apply: (value: number) => number, keepsUnit = false): SeriesFunction => ({
  usage,
  help,
  keepsUnit,
  values: (values) => values.map(apply),
})

/** The best value so far; values that are not finite are ignored. */
const cumulative = (usage: string, help: string, better: (a: number, b: number) => number): SeriesFunction => ({
  usage,
  help,
  keepsUnit: true,
  values(values) {
    let best = NaN
    return values.map((value) => {
      if (Number.isFinite(value)) best = Number.isNaN(best) ? value : better(best, value)
      return best
    })
  },
})

/** Functions of one series, by name. */
export const FUNCTIONS: ReadonlyMap<string, SeriesFunction> = new Map([
  ['log', pointwise('log(x)', 'natural logarithm', Math.log)],
  ['log10', pointwise('log10(x)', 'logarithm to base 10', Math.log10)],
  ['exp', pointwise('exp(x)', 'exponential function', Math.exp)],
  ['sqrt', pointwise('sqrt(x)', 'square root', Math.sqrt)],
  ['abs', pointwise('abs(x)', 'absolute value', Math.abs, true)],
  [
    'diff',
    {
      usage: 'diff(x)',
      help: 'difference to the previous point',
      keepsUnit: true,
      skipsFirst: true,
      values: (values) => values.map((value, i) => (i === 0 ? NaN : value - (values[i - 1] as number))),
    },
  ],
  [
    'ema',
    {
      usage: 'ema(x, 0.9)',
      help: 'exponential moving average with this weight of the past, as the smoothing of charts',
      keepsUnit: true,
      number: { valid: (weight) => weight >= 0 && weight < 1, must: 'a weight of the past from 0 to below 1' },
      values(values, weight) {
        let [mean, share] = [0, 0]
        return values.map((value) => {
          if (Number.isFinite(value)) {
            mean = weight * mean + (1 - weight) * value
            share = weight * share + (1 - weight)
          }
          return share > 0 ? mean / share : NaN
        })
      },
    },
  ],
  ['cummin', cumulative('cummin(x)', 'smallest value so far', Math.min)],
  ['cummax', cumulative('cummax(x)', 'largest value so far', Math.max)],
])

/** Functions of two or more series or numbers, by name. */
export const REDUCTIONS: ReadonlyMap<string, { usage: string; help: string; of(a: number, b: number): number }> = new Map([
  ['min', { usage: 'min(x, y)', help: 'the smaller of both', of: (a: number, b: number) => Math.min(a, b) }],
  ['max', { usage: 'max(x, y)', help: 'the larger of both', of: (a: number, b: number) => Math.max(a, b) }],
])

export const OPERATORS: ReadonlyMap<string, (a: number, b: number) => number> = new Map([
  ['+', (a: number, b: number) => a + b],
  ['-', (a: number, b: number) => a - b],
  ['*', (a: number, b: number) => a * b],
  ['/', (a: number, b: number) => a / b],
  ['**', (a: number, b: number) => a ** b],
])
