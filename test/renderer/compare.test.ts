import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Aggregate, groupMap } from '../../src-renderer/compare/aggregate.js'
import { apartFromSeed, differences } from '../../src-renderer/compare/configs.js'
import { bestRows, figureRows } from '../../src-renderer/compare/figures.js'
import { publishedLines } from '../../src-renderer/compare/published.js'
import { bandOf, sampleOf, studentQuantile, type Spread } from '../../src-renderer/compare/statistics.js'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import { SeriesBuffer } from '../../src-renderer/series/series-buffer.js'
import { Smoothed } from '../../src-renderer/series/smoothed.js'
import expected from './numpy/expected.json'

/** To 1e-9 of the size of the numbers that it was computed from. */
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
    close(studentQuantile(0.975, freedom), value)
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
  /** One point a step; each step takes so many seconds of work, and twice as long by the clock. */
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
  const source = { stepsPerEpoch: null, batch: null, startedAt: null, active: null }

  it('goes on by the mean of what the runs took that still went on: it never runs backwards where a slow run ends', () => {
    const group = new Aggregate([run(1, 10), run(3, 4)], 'mean', 'range')
    group.update()
    for (const [axis, scale] of [
      ['active', 1],
      ['wall', 2],
    ] as const) {
      const map = groupMap(axis, group, source)!
      // Two seconds a step while both run, then one.
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
  it('show what differs and only that', () => {
    const rows = differences([config({ h: 0.1 }), config({ h: 0.2 }), config({ stages: [{ channels: 8, units: 3 }], h: 0.1 })])
    expect(rows).toEqual([
      { path: 'stages.0.units', values: [2, 2, 3] },
      { path: 'h', values: [0.1, 0.2, 0.1] },
    ])
    expect(differences([config({}), config({})])).toEqual([])
  })

  it('are repetitions when only the seed differs', () => {
    expect(apartFromSeed(config({ seed: 1 }))).toBe(apartFromSeed(config({ seed: 2 })))
    expect(apartFromSeed(config({ seed: 1 }))).not.toBe(apartFromSeed(config({ seed: 1, h: 0.3 })))
  })
})

describe('final and best values', () => {
  it('are the last one, and the greatest accuracy or the least loss, over the runs of a row', () => {
    const run = (accuracy: number[], loss: number[]) => ({
      series: new Map([
        [
          'test/accuracy',
          bufferOf(
            accuracy.map((_, i) => i),
            accuracy,
          ),
        ],
        [
          'test/loss',
          bufferOf(
            loss.map((_, i) => i),
            loss,
          ),
        ],
      ]),
    })
    const rows = figureRows(
      [
        { id: 'a', label: 'A', runs: [run([0.5, 0.9, 0.8], [3, 1, NaN]), run([0.7], [2])] },
        { id: 'b', label: 'B', runs: [run([0.6], [4])] },
      ],
      ['test/accuracy', 'test/loss'],
    )
    expect(rows[0]!.final.get('test/accuracy')).toMatchObject({ n: 2, mean: 0.75 })
    expect(rows[0]!.best.get('test/accuracy')?.mean).toBeCloseTo(0.8)
    expect(rows[0]!.best.get('test/loss')?.mean).toBe(1.5)
    expect(rows[0]!.final.get('test/loss')).toMatchObject({ n: 1, mean: 2 })
    expect([...bestRows(rows, 'test/accuracy', 'final')]).toEqual(['a'])
    expect([...bestRows(rows, 'train/learningRate', 'final')]).toEqual([])
  })
})

describe('published figures', () => {
  it('are those of the data set and of the networks that are compared, with their origin', () => {
    const lines = publishedLines('test/accuracy', [{ dataset: 'cifar10', preset: 'hamiltonian-74' }])
    expect(lines).toEqual([{ value: 0.9276, kind: 'published', label: expect.stringMatching(/Hamiltonian-74.*92\.76%.*Chang/) as string }])
    expect(publishedLines('test/accuracy', [{ dataset: 'cifar-100', preset: 'mine' }])).toHaveLength(10)
    expect(publishedLines('test/loss', [{ dataset: 'cifar-10', preset: 'hamiltonian-74' }])).toEqual([])
    expect(publishedLines('test/accuracy', [{ dataset: 'mnist', preset: 'hamiltonian-74' }])).toEqual([])
  })
})
