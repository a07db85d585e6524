import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Aggregate, groupMap } from '../../src-renderer/charts/series/aggregate.js'
import { apartFromSeed } from '../../src-main/contract/flat-config.js'
import { differences } from '../../src-renderer/compare/configs.js'
import { LOGGED } from '../../src-main/contract/runs.js'
import { figureColumns, figureRows, leadingRows, runsOf } from '../../src-renderer/compare/figures.js'
import { currentId } from '../../src-renderer/compare/relations.js'
import published from '../../src-main/contract/published.json'
import { presets } from '../../src-main/numeric/presets.js'
import { publishedView } from '../../src-renderer/charts/published.js'
import type { PublishedSubject } from '../../src-main/contract/published.js'
import { holm, leaders, welchTest } from '../../src-renderer/compare/significance.js'
import { sampleOf } from '../../src-main/contract/sample.js'
import { bandOf, type Spread } from '../../src-renderer/ui/statistics.js'
import type { Dataset } from '../../src-main/contract/datasets.js'
import { sampleDataset } from '../fixtures/records.js'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import { SeriesBuffer } from '../../src-renderer/charts/series/series-buffer.js'
import { Smoothed } from '../../src-renderer/charts/series/smoothed.js'
import expected from './numpy/expected.json'

/** To 1e-9 relative to the magnitude of the numbers in the computation. */
const close = (got: number, wanted: number, size = Math.abs(wanted)): void =>
  expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-9 * size + Number.MIN_VALUE)

function bufferOf(steps: number[], values: number[]): SeriesBuffer {
  const buffer = new SeriesBuffer()
  buffer.append({ steps: Float64Array.from(steps), values: Float64Array.from(values), times: Float64Array.from(steps) })
  return buffer
}

describe('statistics over runs', () => {
  it.each(expected.samples.map((sample) => [sample.n, sample] as const))('of %i values are those of NumPy', (_, wanted) => {
    const sample = sampleOf(wanted.values)
    const size = Math.max(...wanted.values.map(Math.abs))
    expect(sample.n).toBe(wanted.n)
    close(sample.mean, wanted.mean, size)
    close(sample.median, wanted.median, size)
    expect(bandOf(sample, 'range')).toEqual(wanted.range)
    if (wanted.deviation === null) {
      expect(sample.deviation).toBeNaN()
      expect(bandOf(sample, 'interval')).toEqual([NaN, NaN])
      return
    }
    close(sample.deviation, wanted.deviation, size)
    close(sample.error, wanted.error!, size)
    bandOf(sample, 'interval').forEach((edge, i) => close(edge, wanted.interval![i]!, size))
  })

  it.each(expected.quantiles)('use Student’s t with $freedom degrees of freedom', ({ freedom, value }) => {
    const [low, high] = bandOf({ n: freedom + 1, mean: 0, median: 0, deviation: 1, error: 1, min: 0, max: 0 }, 'interval')
    close(high, value)
    expect(low).toBe(-high)
  })
})

describe('entries that are compared', () => {
  it.each(expected.welch)('have the p-values of SciPy’s Welch test, corrected by Holm', ({ columns, p, holm: corrected }) => {
    const [best, ...others] = columns.map(sampleOf)
    const found = others.map((sample) => welchTest(best!, sample))
    found.forEach((value, i) => close(value, p[i]!))
    holm(found).forEach((value, i) => close(value, corrected[i]!))
  })

  it('are corrected as R’s p.adjust does it, in whatever order they stand', () => {
    for (const { p, corrected } of expected.holm) holm(p).forEach((value, i) => close(value, corrected[i]!))
  })

  it('that do not vary differ where their means do', () => {
    const constant = (mean: number) => ({ n: 3, mean, deviation: 0 })
    expect(welchTest(constant(0.5), constant(0.5))).toBe(1)
    expect(welchTest(constant(0.5), constant(0.5 + 1e-9))).toBe(0)
    expect(welchTest({ n: 1, mean: 0.5, deviation: NaN }, constant(0.5))).toBeNaN()
    expect([...leaders([constant(0.5), constant(0.6), constant(0.6)], 'higher')!].sort()).toEqual([1, 2])
  })

  it('are the best and those that are not told from it at 5%, whichever direction is better', () => {
    const sample = (mean: number, deviation = 0.01, n = 5) => ({ n, mean, deviation })
    const [best, near, far] = [sample(0.9), sample(0.895), sample(0.8)]
    expect([...leaders([far, near, undefined, best], 'higher')!].sort()).toEqual([1, 3])
    expect([...leaders([far, near, best], 'lower')!]).toEqual([0])
    // Distinguished from the best if tested alone (p = 0.03), but not as one of three.
    const edge = sample(0.8836)
    expect(welchTest(best, edge)).toBeLessThan(0.05)
    expect(leaders([best, edge], 'higher')).toEqual(new Set([0]))
    expect(leaders([best, edge, near, near], 'higher')).toEqual(new Set([0, 1, 2, 3]))
  })

  it('are none where an entry is of fewer than three runs, or stands alone', () => {
    const sample = (mean: number, n: number) => ({ n, mean, deviation: 0.01 })
    expect(leaders([sample(0.9, 3), sample(0.8, 2)], 'higher')).toBeNull()
    expect(leaders([sample(0.9, 1), sample(0.8, 3)], 'higher')).toBeNull()
    expect(leaders([sample(0.9, 3), undefined, sample(NaN, 0)], 'higher')).toBeNull()
    expect(leaders([sample(0.9, 3), sample(0.8, 3)], 'higher')).toEqual(new Set([0]))
  })
})

describe('a group of runs', () => {
  it('has at every step the statistics of the runs that have a point there, whatever their lengths, as NumPy has them', () => {
    const members = expected.runs.map(({ steps, values }) => ({ buffer: bufferOf(steps, values), startedAt: 0 }))
    for (const [center, spread] of [
      ['mean', 'interval'],
      ['median', 'range'],
    ] as const) {
      const group = new Aggregate(members, center, spread)
      expect(group.update()).toBe(true)
      expect(group.buffer.length).toBe(expected.grouped.length)
      expected.grouped.forEach((wanted, i) => {
        expect(group.buffer.step(i)).toBe(wanted.step)
        expect(group.counts[i]).toBe(wanted.n)
        close(group.buffer.value(i), wanted[center], 10)
        const edges = wanted[spread]
        if (edges === null) expect(group.low.value(i)).toBeNaN()
        else {
          close(group.low.value(i), edges[0]!, 100)
          close(group.high.value(i), edges[1]!, 100)
        }
      })
    }
  })

  it('comes to the same whether the points are all there or come in batches, are cut off, and work is interrupted', () => {
    const event = fc.record({
      run: fc.integer({ min: 0, max: 2 }),
      values: fc.array(fc.oneof(fc.double({ noNaN: true, min: -9, max: 9 }), fc.constant(NaN)), { maxLength: 400 }),
      stride: fc.integer({ min: 1, max: 3 }),
      cut: fc.option(fc.integer({ min: 0, max: 300 }), { freq: 5 }),
      pause: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 10 }), fc.constantFrom<Spread>('deviation', 'interval', 'range'), (events, spread) => {
        const members = [0, 1, 2].map(() => ({ buffer: new SeriesBuffer(), startedAt: 0 }))
        const live = new Aggregate(members, 'mean', spread)
        for (const { run, values, stride, cut, pause } of events) {
          const { buffer } = members[run]!
          const last = buffer.length > 0 ? buffer.step(buffer.length - 1) : 0
          const steps = Float64Array.from(values, (_, i) => last + (i + 1) * stride)
          buffer.append({ steps, values: Float64Array.from(values), times: steps })
          if (cut !== null) buffer.truncate(cut)
          live.update(pause ? 0 : Infinity)
        }
        while (!live.update(performance.now() + 1));
        const fresh = new Aggregate(members, 'mean', spread)
        fresh.update()
        expect(live.buffer.toPoints()).toEqual(fresh.buffer.toPoints())
        expect(live.low.toArray()).toEqual(fresh.low.toArray())
        expect(live.active.toArray()).toEqual(fresh.active.toArray())
        expect(live.counts).toEqual(fresh.counts)
      }),
      { numRuns: 100 },
    )
  })
})

describe('the time of a group', () => {
  /** One point per step; each step takes this many seconds of training, and twice as long in elapsed time. */
  const run = (seconds: number, steps: number, every = 1) => {
    const at = Array.from({ length: Math.floor(steps / every) }, (_, i) => (i + 1) * every)
    const buffer = new SeriesBuffer()
    const list = Float64Array.from(at)
    buffer.append({ steps: list, values: list.map(() => seconds), times: list.map((step) => 1e12 + 2000 * seconds * step) })
    return {
      buffer,
      startedAt: 1e12,
      active: bufferOf(
        at,
        at.map((step) => step * seconds),
      ),
    }
  }
  const source = { stepsPerEpoch: null, batch: null, startedAt: null, active: null, elapsed: null }

  it('goes on by the mean of what the runs took that still went on: it never runs backwards where a slow run ends', () => {
    const group = new Aggregate([run(1, 10), run(3, 4)], 'mean', 'range')
    group.update()
    for (const [axis, scale] of [
      ['active', 1],
      ['wall', 2],
    ] as const) {
      const map = groupMap(axis, group, source)!
      // Two seconds per step while both run, then one.
      expect(Array.from({ length: 10 }, (_, i) => map.x(i))).toEqual([2, 4, 6, 8, 9, 10, 11, 12, 13, 14].map((x) => x * scale))
      for (let i = 0; i < 10; i++) expect(map.indexOf(map.x(i))).toBe(i)
    }
    expect(group.counts).toEqual([2, 2, 2, 2, 1, 1, 1, 1, 1, 1])
  })

  it('knows of runs between their reports, and of none where none tells', () => {
    const group = new Aggregate([run(1, 10), run(3, 10, 5)], 'mean', 'range')
    group.update()
    expect(groupMap('active', group, source)!.x(6)).toBeCloseTo(14, 12)
    const silent = new Aggregate(
      [1, 2].map((seconds) => ({ ...run(seconds, 5), active: null, startedAt: null })),
      'mean',
      'range',
    )
    silent.update()
    expect(groupMap('active', silent, source)).toBeNull()
  })

  it('is of the smoothed runs, each to its own end, where they are smoothed', () => {
    const runs = [
      [4, 0, 2, 8],
      [0, 2],
    ].map((values) =>
      bufferOf(
        values.map((_, i) => i + 1),
        values,
      ),
    )
    const members = runs.map((buffer) => ({ buffer, values: new Smoothed(buffer, 0.5), startedAt: 0 }))
    for (const { values } of members) values.update()
    const group = new Aggregate(members, 'mean', 'range')
    group.update()
    expect(group.counts).toEqual([2, 2, 1, 1])
    const [a, b] = members.map(({ values }) => values) as [Smoothed, Smoothed]
    const wanted = [(a.value(0) + b.value(0)) / 2, (a.value(1) + b.value(1)) / 2, a.value(2), a.value(3)]
    wanted.forEach((value, i) => expect(group.buffer.value(i)).toBeCloseTo(value, 12))
    expect([group.low.value(1), group.high.value(1)]).toEqual([a.value(1), b.value(1)].sort((p, q) => p - q))
  })
})

const config = (changes: object) =>
  RunConfigSchema.parse({
    preset: 'p',
    dataset: 'd',
    arch: 'hamiltonian',
    stages: [{ channels: 8, units: 2 }],
    image: { height: 8, width: 8, channels: 1 },
    classes: 10,
    steps: 10,
    batch: 5,
    learningRate: 0.1,
    ...changes,
  })

describe('configurations side by side', () => {
  const own = (of: object) => ({ preset: 'p', config: of })

  it('of runs that another program logged are compared key by key, and what only Retrace knows is no difference', () => {
    const theirs = (of: object) => ({ preset: LOGGED, config: of })
    const rows = differences([own(config({ batch: 32 })), theirs({ batch: 64, library: 'memcnn', steps: 10 })])
    expect(rows).toEqual([
      { path: 'batch', values: [32, 64] },
      { path: 'library', values: [undefined, 'memcnn'] },
    ])
    expect(differences([theirs({ lr: 0.1 }), theirs({ lr: 0.2, wd: 1 })]).map(({ path }) => path)).toEqual(['lr', 'wd'])
  })

  it('show what differs and only that', () => {
    const rows = differences([config({ h: 0.1 }), config({ h: 0.2 }), config({ stages: [{ channels: 8, units: 3 }], h: 0.1 })].map(own))
    expect(rows).toEqual([
      { path: 'stages.0.units', values: [2, 2, 3] },
      { path: 'h', values: [0.1, 0.2, 0.1] },
    ])
    expect(differences([config({}), config({})].map(own))).toEqual([])
  })

  it('are repetitions when only the seed differs', () => {
    expect(apartFromSeed(config({ seed: 1 }))).toBe(apartFromSeed(config({ seed: 2 })))
    // The preset's name may have been given to another configuration since, and this configuration to a preset with another name.
    expect(apartFromSeed(config({ preset: 'hamiltonian-74' }))).toBe(apartFromSeed(config({ preset: 'hamiltonian-74-plain' })))
    expect(apartFromSeed(config({ seed: 1 }))).not.toBe(apartFromSeed(config({ seed: 1, h: 0.3 })))
  })
})

describe('figures of runs', () => {
  const run = (name: string, latest: number, reported: number | null, best: number) => ({
    name,
    latest: { 'test/accuracy': latest, 'validation/accuracy': 0.1, 'train/learningRate': 0.1 },
    // As stored by an earlier version: the best value of a test metric is not a reported result.
    best: { 'validation/accuracy': best, 'test/accuracy': 0.99 },
    gradients: null,
    reported: reported === null ? null : { step: 20, images: 200, values: { 'test/accuracy': reported } },
  })

  it('are the readings that each metric has: the best of validation metrics alone, over the runs of a row that have one', () => {
    const keys = ['test/accuracy', 'validation/accuracy', 'train/loss', 'own']
    expect(figureColumns(keys).map(({ key, kind }) => `${key} ${kind}`)).toEqual([
      'test/accuracy reported',
      'test/accuracy last',
      'validation/accuracy best',
      'validation/accuracy last',
      'train/loss last',
      'own last',
    ])
    const rows = figureRows(
      [
        { id: 'a', label: 'A', runs: [run('one', 0.8, 0.7, 0.9), run('two', 0.6, 0.9, 0.8), run('going on', 0.5, null, 0.7)] },
        { id: 'b', label: 'B', runs: [run('three', 0.9, 0.6, 0.5)] },
      ],
      keys,
    )
    expect(rows[0]!.reported.get('test/accuracy')).toMatchObject({ n: 2, mean: 0.8 })
    expect(rows[0]!.last.get('test/accuracy')).toMatchObject({ n: 3, max: 0.8 })
    expect(rows[0]!.best.get('validation/accuracy')).toMatchObject({ n: 3, max: 0.9 })
    expect(rows[0]!.best.get('test/accuracy')).toMatchObject({ n: 0 })
    expect(runsOf(rows[0]!, keys)).toBe(3)
  })

  it('are found again by a link that an earlier version wrote', () => {
    expect(['test/accuracy best', 'test/accuracy final', 'validation/loss best', 'train/loss best', 'h', 'my best'].map(currentId)).toEqual(
      ['test/accuracy reported', 'test/accuracy last', 'validation/loss best', 'train/loss last', 'h', 'my last'],
    )
  })

  it('lead where the runs of three seeds or more say so, by each reading of its own', () => {
    const seeds = (pairs: [last: number, reported: number][]) => pairs.map(([last, reported]) => run('seed', last, reported, 0.5))
    const rows = figureRows(
      [
        {
          id: 'a',
          label: 'A',
          runs: seeds([
            [0.5, 0.7],
            [0.52, 0.71],
            [0.54, 0.72],
          ]),
        },
        {
          id: 'b',
          label: 'B',
          runs: seeds([
            [0.6, 0.6],
            [0.61, 0.61],
            [0.62, 0.62],
          ]),
        },
      ],
      ['test/accuracy', 'train/learningRate'],
    )
    expect(leadingRows(rows, 'test/accuracy', 'reported')).toEqual(new Set(['a']))
    expect(leadingRows(rows, 'test/accuracy', 'last')).toEqual(new Set(['b']))
    expect(leadingRows(rows, 'train/learningRate', 'last')).toBeNull()
  })
})

describe('published figures', () => {
  const cifar = (changes: Partial<Dataset> = {}): Dataset =>
    sampleDataset('anything', {
      format: 'cifar-10',
      hash: 'c10',
      counts: { train: 50_000, test: 10_000, unlabelled: 0 },
      channelMean: [0.4914, 0.48216, 0.44653],
      ...changes,
    })
  const CONFIG: PublishedSubject['config'] & object = {
    arch: 'hamiltonian',
    stages: [
      { channels: 32, units: 7 },
      { channels: 64, units: 6 },
      { channels: 112, units: 5 },
    ],
    batch: 100,
    subset: 1,
    validation: 0,
  }
  const run = (changes: Partial<PublishedSubject> = {}): PublishedSubject => ({
    name: 'mine',
    status: 'finished',
    step: 80_000,
    dataset: 'anything',
    config: CONFIG,
    datasetHash: 'c10',
    ...changes,
  })
  const home = (...datasets: Dataset[]) => new Map(datasets.map((dataset) => [dataset.name, dataset]))
  const ACCURACY = 'test/accuracy'

  it('are those of the content that was trained on, whatever its name, and of the networks that are compared', () => {
    const { lines, notes } = publishedView(ACCURACY, [run()], home(cifar()))
    expect(lines).toEqual([
      { value: 0.9276, kind: 'published', label: expect.stringMatching(/Hamiltonian-74, CIFAR-10: 92\.76%.*Chang/) as string },
    ])
    expect(notes).toEqual([])
    const hundred = cifar({ format: 'cifar-100', hash: 'c100', channelMean: [0.5071, 0.4865, 0.4409] })
    const narrower = { ...CONFIG, stages: CONFIG.stages.map(({ units }) => ({ channels: 8, units })) }
    for (const config of [narrower, { ...CONFIG, arch: 'leapfrog' }])
      expect(publishedView(ACCURACY, [run({ config })], home(cifar())).lines.length).toBeGreaterThan(5)
    expect(publishedView(ACCURACY, [run({ config: narrower, datasetHash: 'c100' })], home(hundred)).lines).toHaveLength(10)
    expect(publishedView('test/loss', [run()], home(cifar()))).toEqual({ lines: [], notes: [] })
    // Renamed since.
    expect(publishedView(ACCURACY, [run({ dataset: 'gone' })], home(cifar())).lines).toHaveLength(1)
  })

  it.each([
    [
      'an incomplete import',
      {},
      cifar({ counts: { train: 10_000, test: 10_000, unlabelled: 0 } }),
      /10,000 training and 10,000 test images, CIFAR-10 50,000/,
    ],
    ['one without test images', {}, cifar({ counts: { train: 50_000, test: 0, unlabelled: 0 } }), /0 test images/],
    ['other images in its format', {}, cifar({ channelMean: [0.48, 0.48216, 0.44653] }), /not those of CIFAR-10/],
    [
      'another data set of that name',
      {},
      sampleDataset('cifar-10', { hash: 'c10' }),
      /trained on cifar-10; results are published for CIFAR-10, CIFAR-100 and STL-10/,
    ],
    ['another content now', { datasetHash: 'before' }, cifar(), /the content of .* has changed/],
    ['a content that was not recorded', { datasetHash: null }, cifar(), /not recorded/],
    ['a data set that is gone', { dataset: 'gone', datasetHash: 'x' }, cifar(), /gone is not in this home/],
    ['a subset', { config: { ...CONFIG, subset: 0.1 } }, cifar(), /10\.00% of the training images, the published networks on all/],
    ['a validation split', { config: { ...CONFIG, validation: 0.1 } }, cifar(), /held out for validation/],
    ['a run of 3 steps', { step: 3 }, cifar(), /seen 300 training images \(with repetition\), the published networks at least 7,680,000/],
    ['a run that goes on', { status: 'running' }, cifar(), /has not finished/],
    ['a run without a configuration', { config: null }, cifar(), /without its configuration/],
  ] as [string, Partial<PublishedSubject>, Dataset, RegExp][])(
    'are not drawn for %s, which a sentence says',
    (_, changes, dataset, why) => {
      const { lines, notes } = publishedView(ACCURACY, [run(changes)], home(dataset))
      expect(lines).toEqual([])
      expect(notes).toEqual([{ why: expect.stringMatching(why) as string, runs: ['mine'] }])
    },
  )

  it('know the networks of the paper as the presets do', () => {
    for (const { name, arch, stages } of published.networks) {
      const preset = presets.find((each) => each.name === name.toLowerCase())
      expect([arch, stages.map(([channels, units]) => ({ channels, units }))], name).toEqual([preset?.config.arch, preset?.config.stages])
    }
    // Presets of other papers have their own numbers of parameters.
    const ofPaper = presets.filter(
      ({ name, paperParameters, config }) => paperParameters !== null && !name.endsWith('-plain') && config.arch !== 'identity',
    )
    expect(published.networks.length).toBe(ofPaper.length)
  })

  it('stand for the runs that they belong to, name the others, and are not drawn across runs on another data set', () => {
    const short = run({ name: 'short', step: 3 })
    const both = publishedView(ACCURACY, [run(), short], home(cifar()))
    expect(both.lines).toHaveLength(1)
    expect(both.notes.map(({ runs }) => runs)).toEqual([['short']])
    const other = run({ name: 'digits', dataset: 'mnist', datasetHash: 'm' })
    const mixed = publishedView(ACCURACY, [run(), other], home(cifar(), sampleDataset('mnist', { hash: 'm' })))
    expect(mixed.lines).toEqual([])
    expect(mixed.notes.map(({ runs }) => runs)).toEqual([[], ['digits']])
    expect(mixed.notes[0]!.why).toMatch(/on different data sets/)
  })
})
