import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Points } from '../../src-main/contract/metrics.js'
import { createStores } from '../../src-main/storage/stores.js'
import { temporaryDatabase } from '../fixtures/home.js'
import { slice } from '../../src-main/storage/points.js'
import { samplePoints, sampleRun } from '../fixtures/records.js'

const ID = 'abcd'

async function opened() {
  const home = await temporaryDatabase()
  const stores = createStores(home.db)
  stores.runs.insert(sampleRun(ID))
  return { ...home, stores, series: stores.series }
}

const rows = ({ steps, values, times }: Points): number[][] =>
  Array.from(steps, (step, i) => [step, values[i] as number, times[i] as number])

describe('a series', () => {
  it('returns exactly what was appended, including NaN and infinities', async () => {
    using home = await opened()
    const points: Points = {
      steps: Float64Array.of(1, 2, 3, 5),
      values: Float64Array.of(NaN, Infinity, -0, -Infinity),
      times: Float64Array.of(1, 2, 3, 4),
    }
    home.series.append(ID, 'train/loss', points)
    expect(home.series.read(ID)).toEqual([{ key: 'train/loss', points }])
    home.series.append(ID, 'nan', { steps: Float64Array.of(1), values: Float64Array.of(NaN), times: Float64Array.of(1) })
    expect(home.series.latest(ID)).toEqual({ 'train/loss': -Infinity, nan: NaN })
  })

  it('skips existing points, and returns the new ones', async () => {
    using home = await opened()
    home.series.append(ID, 'a', samplePoints(1, 10))
    expect(rows(home.series.append(ID, 'a', samplePoints(5, 10)))).toEqual(rows(samplePoints(11, 4)))
    expect(home.series.append(ID, 'a', samplePoints(1, 14)).steps).toHaveLength(0)
    expect(rows(home.series.read(ID)[0]!.points)).toEqual(rows(samplePoints(1, 14)))
  })

  it('returns the values recorded at exactly one step', async () => {
    using home = await opened()
    // One has full chunks, one only a tail, one NaN.
    home.series.append(ID, 'a', samplePoints(1, 10_000))
    for (const step of [80, 160, 9600]) {
      home.series.append(ID, 'b', { steps: Float64Array.of(step), values: Float64Array.of(step / 10_000), times: Float64Array.of(1) })
      home.series.append(ID, 'c', { steps: Float64Array.of(step), values: Float64Array.of(NaN), times: Float64Array.of(1) })
    }
    for (const step of [80, 160, 9600]) expect(home.series.at(ID, step)).toEqual({ a: Math.sin(step), b: step / 10_000, c: NaN })
    for (const step of [1, 79, 4096, 4097, 10_000]) expect(home.series.at(ID, step)).toEqual({ a: Math.sin(step) })
    for (const step of [0, 10_001]) expect(home.series.at(ID, step)).toEqual({})
  })

  it('is stored in chunks of 4,096 points, never in one row per point', async () => {
    using home = await opened()
    home.db.immediate(() => {
      for (let step = 0; step < 10_000; step += 3) home.series.append(ID, 'a', samplePoints(step, 3))
    })
    const count = (table: string): number => home.db.prepare<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).get()!.n
    expect(count('chunks')).toBe(2)
    expect(count('tails')).toBeLessThanOrEqual(64)
    expect(rows(home.series.read(ID)[0]!.points)).toEqual(rows(samplePoints(0, 10_002)))
  })

  it('reads only the requested keys, and nothing of other runs', async () => {
    using home = await opened()
    home.stores.runs.insert(sampleRun('efgh'))
    for (const key of ['a', 'b', 'c']) home.series.append(ID, key, samplePoints(0, 2))
    home.series.append('efgh', 'a', samplePoints(0, 7))
    expect(home.series.read(ID, ['c', 'a', 'missing']).map(({ key }) => key)).toEqual(['a', 'c'])
    home.series.truncateAfter(ID, -1)
    expect(home.series.read(ID)).toEqual([])
    expect(home.series.read('efgh')[0]!.points.steps).toHaveLength(7)
  })

  const command = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('append' as const), back: fc.nat(20), count: fc.integer({ min: 1, max: 9000 }) }),
    },
    {
      weight: 20,
      arbitrary: fc.record({ kind: fc.constant('append' as const), back: fc.constant(0), count: fc.integer({ min: 1, max: 5 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('truncate' as const), share: fc.double({ min: 0, max: 1.1, noNaN: true }) }) },
  )

  it('agrees with a plain list under any appends and truncations', async () => {
    using home = await opened()
    let round = 0
    fc.assert(
      fc.property(fc.array(command, { maxLength: 150 }), (commands) => {
        const key = `k${round++}`
        let model: number[] = []
        for (const each of commands) {
          const last = model.at(-1) ?? -1
          if (each.kind === 'append') {
            const first = Math.max(0, last + 1 - each.back)
            home.series.append(ID, key, samplePoints(first, each.count))
            for (let step = first; step < first + each.count; step++) if (step > (model.at(-1) ?? -1)) model.push(step)
          } else {
            const step = Math.floor(last * each.share)
            home.series.truncateAfter(ID, step)
            model = model.filter((kept) => kept <= step)
          }
        }
        const points = home.series.read(ID, [key])[0]?.points ?? samplePoints(0, 0)
        expect(points).toEqual({
          steps: Float64Array.from(model),
          values: Float64Array.from(model, Math.sin),
          times: Float64Array.from(model, (step) => 1_700_000_000_000 + step),
        })
        expect(home.series.latest(ID)[key]).toBe(model.length ? Math.sin(model.at(-1)!) : undefined)
        home.series.truncateAfter(ID, -1)
      }),
      { numRuns: 40 },
    )
    expect(home.db.problems()).toEqual([])
  })

  it('has summaries by group that equal those computed from its points', async () => {
    using home = await opened()
    const value = (step: number): number => (step % 97 === 0 ? NaN : step % 101 === 0 ? Infinity : Math.sin(step) * step)
    home.series.append(ID, 'a', samplePoints(0, 20_000, value))
    for (const limit of [1, 7, 100, 400, 30_000]) {
      const groups = home.series.overview(ID, 'a', limit)
      expect(groups.length).toBeLessThanOrEqual(limit)
      let at = 0
      for (const group of groups) {
        const values = Array.from({ length: group.count }, (_, i) => value(at + i))
        const finite = values.filter(Number.isFinite)
        expect(group).toEqual({
          count: values.length,
          firstStep: at,
          lastStep: at + values.length - 1,
          first: values[0],
          last: values.at(-1),
          min: finite.length ? Math.min(...finite) : NaN,
          max: finite.length ? Math.max(...finite) : NaN,
          nans: values.filter(Number.isNaN).length,
          infinities: values.filter((each) => Math.abs(each) === Infinity).length,
        })
        at += group.count
      }
      expect(at).toBe(20_000)
    }
    expect(home.series.overview(ID, 'a', 400).length).toBeGreaterThan(300)
  })
})

describe('a series in stretches and in little', () => {
  it('returns any range of the stored points, across chunks and tails', async () => {
    using home = await opened()
    const all = samplePoints(0, 10_000)
    for (let at = 0; at < 10_000; at += 250) home.series.append(ID, 'a', slice(all, at, at + 250))
    expect(home.series.counts(ID)).toEqual([{ key: 'a', count: 10_000 }])
    for (const [start, limit] of [
      [0, 10_000],
      [4000, 200],
      [8191, 2],
      [9990, 100],
      [10_000, 5],
    ] as const)
      expect(home.series.stretch(ID, 'a', start, limit)).toEqual(slice(all, start, start + limit))
    expect(home.series.stretch(ID, 'none', 0, 5).steps).toHaveLength(0)
  })

  it('reduces a long series to points with ascending steps, its ends and its extremes, including a spike and NaN', async () => {
    using home = await opened()
    const count = 100_000
    const values = Float64Array.from({ length: count }, (_, i) => (i === 70_001 ? 99 : i === 30_000 ? NaN : Math.sin(i)))
    const steps = Float64Array.from(values, (_, i) => i)
    home.series.append(ID, 'a', { steps, values, times: steps })
    const sketch = home.series.sketch(ID, 'a', 4096)
    expect(sketch.steps.length).toBeLessThanOrEqual(5 * 1024)
    expect([...sketch.steps]).toEqual([...new Set(sketch.steps)].sort((a, b) => a - b))
    expect([sketch.steps[0], sketch.steps.at(-1)]).toEqual([0, count - 1])
    expect(Math.max(...sketch.values.filter(Number.isFinite))).toBe(99)
    expect(sketch.values.some(Number.isNaN)).toBe(true)
  })
})
