import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reduceToColumns, Reduction, type Reduced, type Stretch } from '../../src-renderer/charts/reduce.js'
import { xMap, type XAxisKind, type XSource } from '../../src-renderer/charts/x-axis.js'
import { SeriesBuffer } from '../../src-renderer/charts/series/series-buffer.js'
import { Smoothed } from '../../src-renderer/charts/series/smoothed.js'

const SOURCE: XSource = { stepsPerEpoch: 7, batch: 32, startedAt: 1e12, active: null, elapsed: null }

function bufferOf(values: ArrayLike<number>): SeriesBuffer {
  const buffer = new SeriesBuffer()
  buffer.append({
    steps: Float64Array.from(values, (_, i) => i + 1),
    values: Float64Array.from(values),
    times: Float64Array.from(values, (_, i) => 1e12 + 20 * (i + 1)),
  })
  return buffer
}

const reduce = (buffer: SeriesBuffer, stretch: Stretch, axis: XAxisKind = 'step', values: SeriesBuffer | Smoothed = buffer): Reduced =>
  reduceToColumns(values, xMap(axis, buffer, SOURCE)!, stretch)

const pairs = ({ points }: Reduced): [number, number][] =>
  Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i]!, points[2 * i + 1]!])

const smooth = (buffer: SeriesBuffer, weight: number): Smoothed => {
  const smoothed = new Smoothed(buffer, weight)
  smoothed.update()
  return smoothed
}

const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -1000, max: 1000 }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
)

describe('reduction to pixel columns', () => {
  it('draws at most four points a column, none invented, and keeps the extremes of the whole and every mark', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 3000 }), fc.integer({ min: 1, max: 100 }), (values, columns) => {
        const reduced = reduce(bufferOf(values), { from: 1, to: values.length, columns })
        const finite = values.filter(Number.isFinite)
        const drawn = pairs(reduced).flatMap(([, y]) => (Number.isNaN(y) ? [] : [y]))
        expect(pairs(reduced).length).toBeLessThanOrEqual(4 * columns)
        expect(reduced.nonFinite.length > 0).toBe(finite.length < values.length)
        for (const step of reduced.nonFinite) expect(Number.isFinite(values[step - 1])).toBe(false)
        expect(reduced.range).toEqual(finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : null)
        if (finite.length > 0) {
          expect(Math.min(...drawn)).toBe(Math.min(...finite))
          expect(Math.max(...drawn)).toBe(Math.max(...finite))
        }
        for (const y of drawn) expect(finite).toContain(y)
        const steps = pairs(reduced).map(([x]) => x)
        expect(steps).toEqual([...steps].sort((a, b) => a - b))
      }),
      { numRuns: 200 },
    )
  })

  it('draws every point as it is where there is room, with a gap at a NaN', () => {
    const reduced = reduce(bufferOf([3, NaN, 5]), { from: 0, to: 10, columns: 100 })
    expect(pairs(reduced)).toEqual([
      [1, 3],
      [2, NaN],
      [3, 5],
    ])
    expect(reduced.nonFinite).toEqual([2])
  })

  it('reaches one point beyond either edge, so that lines do not end before it, but tells the range of what is inside', () => {
    const reduced = reduce(bufferOf([1, 2, 3, 4, 5]), { from: 2.5, to: 3.5, columns: 100 })
    expect(pairs(reduced).map(([step]) => step)).toEqual([2, 3, 4])
    expect(reduced.range).toEqual([3, 3])
  })

  const length = 1_000_000
  const values = new Float64Array(length)
  for (let i = 0; i < length; i++) values[i] = Math.sin(i / 9000)
  const steps = new Float64Array(length).map((_, i) => i + 1)
  const times = steps.map((step) => 1e12 + 20 * step)
  /** `bufferOf` without a million calls. */
  const million = (): SeriesBuffer => {
    const buffer = new SeriesBuffer()
    buffer.append({ steps, values, times })
    return buffer
  }
  const calm = million()
  const axes = ['step', 'epoch', 'wall', 'images'] as const

  it('shows a spike of one step among a million at every zoom, on every axis, also where it is logarithmic', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: length - 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 6, noNaN: true }),
        fc.integer({ min: 50, max: 4000 }),
        fc.constantFrom(...axes),
        fc.boolean(),
        (at, share, power, columns, axis, logarithmic) => {
          const kept = values[at]!
          values[at] = 10
          const buffer = million()
          values[at] = kept
          const map = xMap(axis, buffer, SOURCE)!
          const spike = map.x(at)
          // A range of the axis around the spike, from the whole down to a millionth of it.
          const size = map.x(length - 1) * 10 ** -power
          const from = Math.max(map.x(0), spike - share * size)
          const to = Math.max(spike, from + size)
          const reduced = reduce(buffer, { from, to, columns, logarithmic }, axis)
          const found = pairs(reduced).find(([, y]) => y === 10)
          expect(found).toBeDefined()
          // In its own pixel column, not in an adjacent one.
          const column = logarithmic ? (to / from) ** (1 / columns) * spike - spike : (to - from) / columns
          expect(Math.abs(found![0] - spike)).toBeLessThanOrEqual(column * 1.001 + 1e-6)
        },
      ),
      { numRuns: 40 },
    )
  }, 30_000)

  it('costs what the pixels cost: a million points are reduced in a few milliseconds', () => {
    const begin = performance.now()
    for (let i = 0; i < 20; i++) reduce(calm, { from: i, to: length - i, columns: 1500 })
    // About 30 ms; a full scan would take 20 times as long. The margin is for a loaded machine.
    expect(performance.now() - begin).toBeLessThan(1000)
  })

  it('shows the whole of a smoothed series, not a smoothing of what is drawn', () => {
    const noisy = bufferOf(Float64Array.from({ length: 50_000 }, (_, i) => Math.sin(i * i)))
    const smoothed = smooth(noisy, 0.99)
    const reduced = reduce(noisy, { from: 0, to: 50_000, columns: 200 }, 'step', smoothed)
    const all = new Set(Array.from({ length: 50_000 }, (_, i) => smoothed.value(i)))
    for (const [, y] of pairs(reduced)) expect(all.has(y)).toBe(true)
    expect(reduced.range).toEqual([Math.min(...all), Math.max(...all)])
  })
})

describe('reduction of a line that grows', () => {
  it('comes to the same as a reduction of all of it, and changes nothing left of where it says, on every axis', () => {
    const batch = fc.record({
      values: fc.array(value, { maxLength: 400 }),
      cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 8 }),
      /** The run reports its training time later than its values. */
      late: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.array(batch, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom<XAxisKind>('step', 'epoch', 'wall', 'images', 'active'),
        fc.boolean(),
        fc.double({ min: 0.1, max: 1.2, noNaN: true }),
        (batches, columns, axis, logarithmic, end) => {
          const buffer = new SeriesBuffer()
          const active = new SeriesBuffer()
          const total = batches.reduce((sum, { values }) => sum + values.length, 1)
          const reduction = new Reduction()
          let before: [number, number][] = []
          let waiting: number[] = []
          for (const { values, cut, late } of batches) {
            if (cut !== null) {
              const after = Math.floor(buffer.length * cut)
              for (const series of [buffer, active]) series.truncate(after)
              waiting = waiting.filter((step) => step <= after)
            }
            const from = buffer.length
            const steps = Float64Array.from(values, (_, i) => from + i + 1)
            const times = steps.map((step) => 1e12 + 20 * step)
            buffer.append({ steps, values: Float64Array.from(values), times })
            waiting.push(...steps)
            if (!late) {
              const told = Float64Array.from(waiting.filter((step) => step % 5 === 0))
              active.append({ steps: told, values: told.map((step) => step / 3 + Math.sqrt(step)), times: told })
              waiting = []
            }
            const map = xMap(axis, buffer, { ...SOURCE, active })
            if (!map) continue
            const scale = { step: 1, epoch: 1 / 7, wall: 0.02, images: 32, active: 1 / 3 }[axis]
            const stretch = { from: scale, to: Math.max(2, total * end) * scale, columns, logarithmic }
            const got = reduction.update(buffer, map, stretch)
            const wanted = reduceToColumns(buffer, map, stretch)
            expect({ ...got, points: [...got.points], changedFrom: 0 }).toEqual({ ...wanted, points: [...wanted.points], changedFrom: 0 })
            const now = pairs(got)
            const left = (list: [number, number][]): [number, number][] => list.filter(([x]) => x < got.changedFrom)
            if (got.changedFrom > -Infinity) expect(left(now)).toEqual(left(before))
            before = now
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('costs what is new', () => {
    const steps = Float64Array.from({ length: 1_000_000 }, (_, i) => i + 1)
    const buffer = new SeriesBuffer()
    buffer.append({ steps, values: steps.map((step) => Math.sin(step)), times: steps })
    let asked = 0
    const counting = {
      get length() {
        return buffer.length
      },
      generation: 0,
      value: (i: number) => ((asked += 1), buffer.value(i)),
      summarise: (from: number, to: number) => ((asked += 1), buffer.summarise(from, to)),
    }
    const reduction = new Reduction()
    const reduceAll = (): Reduced => reduction.update(counting, xMap('step', buffer, SOURCE)!, { from: 0, to: 2e6, columns: 1500 })
    reduceAll()
    asked = 0
    buffer.append({ steps: Float64Array.of(1_000_001), values: Float64Array.of(1), times: Float64Array.of(0) })
    expect(reduceAll().changedFrom).toBeGreaterThan(990_000)
    expect(asked).toBeLessThan(10)
  })
})

describe('exponential smoothing', () => {
  it('is the weighted mean of all finite values so far, whose weights add up to one, however the points arrived', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { maxLength: 60 }), { maxLength: 6 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (batches, weight) => {
          const buffer = new SeriesBuffer()
          const smoothed = new Smoothed(buffer, weight)
          for (const batch of batches) {
            const from = buffer.length
            buffer.append({
              steps: Float64Array.from(batch, (_, i) => from + i),
              values: Float64Array.from(batch),
              times: new Float64Array(batch.length),
            })
            while (!smoothed.update(7));
          }
          const seen: number[] = []
          const wanted = batches.flat().map((x) => {
            if (Number.isFinite(x)) seen.push(x)
            const weights = seen.map((_, i) => weight ** (seen.length - 1 - i))
            return seen.reduce((sum, v, i) => sum + v * weights[i]!, 0) / weights.reduce((sum, w) => sum + w, 0)
          })
          expect(smoothed.length).toBe(wanted.length)
          wanted.forEach((w, i) =>
            Number.isNaN(w) ? expect(smoothed.value(i)).toBeNaN() : expect(Math.abs(smoothed.value(i) - w)).toBeLessThan(1e-9),
          )
        },
      ),
      { numRuns: 100 },
    )
  })

  it('of a constant is the constant from the first point on: there is no bias towards zero', () => {
    const smoothed = smooth(bufferOf(new Array(500).fill(3)), 0.999)
    for (const i of [0, 1, 10, 499]) expect(smoothed.value(i)).toBeCloseTo(3, 12)
  })

  it('begins anew when its series was cut off', () => {
    const buffer = bufferOf([1, 2, 3, 4, 5])
    const smoothed = smooth(buffer, 0.5)
    buffer.truncate(2)
    buffer.append({ steps: Float64Array.of(3), values: Float64Array.of(9), times: Float64Array.of(0) })
    smoothed.update()
    const fresh = smooth(bufferOf([1, 2, 9]), 0.5)
    expect([0, 1, 2].map((i) => smoothed.value(i))).toEqual([0, 1, 2].map((i) => fresh.value(i)))
  })
})
