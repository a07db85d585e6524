import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RunConfig } from '../../src-main/contract/config.js'
import { MEMORY } from '../../src-main/contract/memory.js'
import { axisScale, partAt, valueAt } from '../../src-renderer/compare/axis-scale.js'
import { brushOf, intervalsOf, keptRuns, readBrushes, writeBrushes, type Brush } from '../../src-renderer/compare/brush.js'
import { colourBy } from '../../src-renderer/compare/colour-by.js'
import { parallelOption } from '../../src-renderer/compare/parallel-option.js'
import { quantitiesOf, shown, tick, type Quantity } from '../../src-renderer/compare/relations.js'
import { scatterOption } from '../../src-renderer/compare/scatter-option.js'
import { configLabel, configTitle, formFields } from '../../src-renderer/home/fields.js'

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

  it('stand on axes with the units of the catalogue of metrics and of the fields of a configuration', () => {
    const base = { preset: 'p', dataset: 'd', arch: 'hamiltonian', h: 0.1, optimizer: 'sgd', schedule: { kind: 'constant', warmup: 0 } }
    const config = (rest: object): RunConfig => ({ ...base, ...rest }) as RunConfig
    const runs = [
      { batch: 32, steps: 100, h: 0.1, validation: 0.1, anchorEvery: 0, evaluateEvery: 5, memoryBudget: 1024, checkpointSeconds: 1 },
      { batch: 64, steps: 200, h: 0.2, validation: 0.25, anchorEvery: 4, evaluateEvery: 9, memoryBudget: 2048, checkpointSeconds: 9 },
    ].map((rest, i) => ({
      id: `r${i}`,
      name: `run ${i}`,
      preset: 'p',
      dataset: 'd',
      seed: 1,
      config: config({ ...rest, augment: { pad: i, flip: false }, schedule: { kind: 'constant', warmup: i } }),
    }))
    const rows = new Map(
      runs.map(({ id, name }, i) => [
        id,
        {
          name,
          latest: { 'train/loss': 0.5, 'test/accuracy': 0.7, 'train/imagesPerSecond': 90, 'reversibility/gradientError': 1e-6 },
          best: {},
          gradients: null,
          reported: { step: 4, images: 10, values: { 'test/accuracy': 0.6 + i / 10, 'test/loss': 1 } },
        },
      ]),
    )
    const metrics = ['train/loss', 'test/accuracy', 'test/loss', 'train/imagesPerSecond', 'reversibility/gradientError']
    const quantities = quantitiesOf(runs, rows, metrics)
    expect(Object.fromEntries(quantities.map(({ id, title }) => [id, title]))).toEqual({
      batch: 'Batch size (images)',
      // Its name ends with the unit.
      steps: 'Steps',
      h: 'Step size h',
      validation: 'Validation split (fraction)',
      anchorEvery: 'Anchor every k units',
      evaluateEvery: 'Evaluate every (steps)',
      memoryBudget: `${MEMORY.activationBudget.label} (bytes)`,
      checkpointSeconds: 'Checkpoint every (s)',
      'augment.pad': 'Augmentation, pad (pixels)',
      'schedule.warmup': 'Schedule, warmup (steps)',
      'train/loss last': 'Training loss (nats)',
      'test/accuracy reported': 'Test accuracy, reported',
      'test/accuracy last': 'Test accuracy, last',
      'test/loss reported': 'Test loss (nats), reported',
      'train/imagesPerSecond last': 'Speed (images/s)',
      'reversibility/gradientError last': 'Gradient error (relative)',
    })
    const of = (id: string): Quantity => quantities.find((each) => each.id === id)!
    // Chosen values are shown as written, results in percent.
    expect([tick(of('validation'), 0.25), shown(of('validation'), 0.25)]).toEqual(['0.25', '0.25'])
    expect([tick(of('test/accuracy reported'), 0.6), shown(of('test/accuracy reported'), 0.6)]).toEqual(['60%', '60.00%'])

    const look = { dark: false, kept: null, logX: false, logY: false }
    const scatter = scatterOption(runs, of('batch'), of('train/loss last'), look)
    expect([scatter.xAxis, scatter.yAxis]).toMatchObject([{ name: 'Batch size (images)' }, { name: 'Training loss (nats)' }])
    const { parallelAxis } = parallelOption(runs, [of('memoryBudget'), of('test/loss reported')], look)
    expect(parallelAxis).toMatchObject([{ name: of('memoryBudget').title }, { name: 'Test loss (nats), reported' }])
  })

  it('have no unit that a long name would push off the end of its axis', () => {
    const titles = formFields('hamiltonian').map(({ key }) => configTitle(key))
    const { parallelAxis } = parallelOption(
      [],
      titles.map((title) => quantity([], { title })),
      { dark: false, kept: null },
    )
    const [axis] = parallelAxis as { nameTruncate: { maxWidth: number } }[]
    for (const title of titles.filter((each) => each.endsWith(')')))
      expect(6.5 * title.length, title).toBeLessThanOrEqual(axis!.nameTruncate.maxWidth)
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

describe('runs coloured by a quantity', () => {
  it('share a colour where they have the same value of few, and are on a scale where they have many', () => {
    const few = colourBy(quantity([0.1, 0.2, 0.1, null]), false)
    expect(few.scale).toBe(false)
    expect(few.groups.map(({ label }) => label)).toEqual(['0.1', '0.2'])
    expect(few.styleOf(0)).toEqual(few.styleOf(2))
    expect(few.styleOf(0).color).not.toBe(few.styleOf(1).color)
    expect(few.styleOf(3).dash).toEqual([2, 3])
    const words = colourBy(quantity(['resnet', 'hamiltonian', 'resnet']), true)
    expect(words.groups.map(({ label }) => label)).toEqual(['resnet', 'hamiltonian'])
    const values = Array.from({ length: 100 }, (_, i) => 10 ** (-i / 25))
    const many = colourBy(quantity(values, { logarithmic: true }), false)
    expect(many.scale).toBe(true)
    expect(many.groups.map(({ color }) => color)).toEqual([many.styleOf(99).color, many.styleOf(0).color])
    // Halfway on the logarithmic axis is halfway on the scale.
    const lightness = (at: number): number => parseInt(many.styleOf(at).color.slice(1, 3), 16)
    expect(lightness(50)).toBeCloseTo((lightness(0) + lightness(99)) / 2, -1)
  })
})
