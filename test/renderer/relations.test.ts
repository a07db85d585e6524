import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { axisScale, partAt, valueAt } from '../../src-renderer/compare/axis-scale.js'
import { brushOf, intervalsOf, keptRuns, readBrushes, writeBrushes, type Brush } from '../../src-renderer/compare/brush.js'
import { parallelOption } from '../../src-renderer/compare/parallel-option.js'
import { shown, type Quantity } from '../../src-renderer/compare/relations.js'
import { scatterOption } from '../../src-renderer/compare/scatter-option.js'
import { configLabel } from '../../src-renderer/form/fields.js'

const quantity = (values: Quantity['values'], rest: Partial<Quantity> = {}): Quantity => ({
  id: 'h',
  name: 'h',
  label: 'Step size h',
  title: 'Step size h',
  unit: '',
  measured: false,
  logarithmic: false,
  values,
  ...rest,
})
const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 })

describe('what is marked on an axis', () => {
  it('keeps every run within it, also after it was written into an address and read again', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 20 }), number, number, fc.string({ minLength: 1 }), (values, a, b, id) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const own = quantity(values, { id })
        const brush = brushOf(own, [[from, to]])!
        const read = readBrushes(writeBrushes(new Map([[id, brush]])))
        expect(read).toEqual(new Map([[id, brush]]))
        const kept = keptRuns(values.length, [own], read)!
        values.forEach((value, i) => {
          if (from <= value && value <= to) expect(kept.has(i)).toBe(true)
          // Rounded outward by less than a hundred-thousandth.
          const slack = 1e-5 * Math.max(Math.abs(from), Math.abs(to))
          if (value < from - slack || value > to + slack) expect(kept.has(i)).toBe(false)
        })
      }),
    )
  })

  it('is words where a quantity has words, whatever signs are in them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 5 }), fc.nat(4), (words, at) => {
        const word = words[at % words.length]!
        const own = quantity([...words, null])
        const brush: Brush = { words: [word] }
        expect(brushOf(own, intervalsOf(own, brush))).toEqual(brush)
        expect(readBrushes(writeBrushes(new Map([['a,b~c', brush]])))).toEqual(new Map([['a,b~c', brush]]))
        expect(keptRuns(words.length + 1, [own], new Map([['h', brush]]))).toEqual(new Set([words.indexOf(word)]))
      }),
    )
  })

  it('is all of what several axes ask for, does not keep what is not known, and does not ask of what is not there', () => {
    const quantities = [quantity([0.1, 0.2, null, 0.4]), quantity(['sgd', 'adam', 'adam', 'adam'], { id: 'optimizer' })]
    const range: Brush = { ranges: [[0.15, 0.5]] }
    expect(keptRuns(4, quantities, new Map())).toBeNull()
    expect(keptRuns(4, quantities, new Map([['h', range]]))).toEqual(new Set([1, 3]))
    expect(
      keptRuns(
        4,
        quantities,
        new Map([
          ['h', range],
          ['optimizer', { words: ['sgd'] }],
        ] as [string, Brush][]),
      ),
    ).toEqual(new Set())
    expect(keptRuns(4, quantities, new Map([['gone', range]]))).toBeNull()
    expect(keptRuns(4, quantities, new Map([['optimizer', range]]))).toBeNull()
  })

  it.each(['', 'h', 'h~', 'h~1', 'h~2..1', 'h~a..b', 'h~1..2..3', '~1..2', '%E0~1..2', 'h~=a~1..2'])(
    'is nothing in the address %j',
    (written) => {
      expect(readBrushes(written).size).toBe(0)
    },
  )
})

describe('the axis of a quantity', () => {
  it('holds all values, and finds each again by its place', () => {
    const values = fc.array(fc.double({ noNaN: true, min: 1e-6, max: 1e6 }), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(values, fc.boolean(), (numbers, logarithmic) => {
        const scale = axisScale(quantity(numbers, { logarithmic }))
        for (const value of numbers) {
          expect(value).toBeGreaterThanOrEqual(scale.min * (1 - 1e-9))
          expect(value).toBeLessThanOrEqual(scale.max * (1 + 1e-9))
          expect(Math.abs(valueAt(scale, partAt(scale, value)) - value)).toBeLessThanOrEqual(1e-9 * (logarithmic ? value : scale.max))
        }
      }),
    )
  })

  it('has whole ticks where all values are whole, and a place for each word', () => {
    expect(axisScale(quantity([1, 2, 3]))).toMatchObject({ min: 1, max: 3, interval: 1 })
    expect(axisScale(quantity([7, 7]))).toMatchObject({ min: 6, max: 8, interval: 1 })
    expect(axisScale(quantity(['a', 'b', 'a', 3]))).toMatchObject({ min: -0.5, max: 2.5 })
  })
})

describe('relations as people read them', () => {
  it('have the names of the field and no digits that nobody chose', () => {
    expect(['h', 'stages.1.units', 'schedule.warmup', 'custom.key'].map(configLabel)).toEqual([
      'Step size h',
      'Stage 2, units',
      'Schedule, warmup',
      'custom.key',
    ])
    const accuracy = quantity([], { measured: true, unit: 'fraction' })
    expect([shown(quantity([]), 1), shown(quantity([]), 0.1), shown(quantity([]), null), shown(accuracy, 0.9638)]).toEqual([
      '1',
      '0.1',
      '–',
      '96.38%',
    ])
  })

  it('are told apart by colour and shape up to 56 runs, and those that are not kept are faint, silent and without a name', () => {
    const runs = Array.from({ length: 56 }, (_, i) => ({ id: `r${i}`, name: `run ${i}`, preset: 'p', dataset: 'd', seed: i, config: null }))
    const own = quantity(runs.map((_, i) => i + 1))
    const look = { dark: false, kept: new Set([0, 1]), logX: true, logY: false }
    const points = scatterOption(runs, own, own, look).series as {
      symbol: string
      symbolRotate?: number
      itemStyle: { color: string; opacity: number }
      label: { show: boolean }
      silent: boolean
    }[]
    expect(new Set(points.map(({ symbol, symbolRotate, itemStyle }) => `${symbol} ${symbolRotate} ${itemStyle.color}`)).size).toBe(56)
    expect(points.slice(0, 3).map(({ silent, label, itemStyle }) => [silent, label.show, itemStyle.opacity])).toEqual([
      [false, true, 1],
      [false, true, 1],
      [true, false, 0.15],
    ])
    const lines = parallelOption(runs, [own, own], look).series as { lineStyle: { opacity: number } }[]
    expect(lines[1]!.lineStyle.opacity).toBeGreaterThan(lines[2]!.lineStyle.opacity)
  })
})
