import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { doubles } from '../../src-renderer/charts/series/chunked.js'
import { PackedNumbers } from '../../src-renderer/charts/series/packed.js'
import { SeriesBuffer } from '../../src-renderer/charts/series/series-buffer.js'

interface Point {
  step: number
  value: number
}

const points = (list: Point[]) => ({
  steps: Float64Array.from(list, ({ step }) => step),
  values: Float64Array.from(list, ({ value }) => value),
  times: Float64Array.from(list, ({ step }) => 1e12 + step),
})

const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -1000, max: 1000 }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
)
const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      values: fc.array(value, { maxLength: 700 }),
      gap: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), share: fc.double({ min: 0, max: 1.2, noNaN: true }) }) },
)

describe('a growing series', () => {
  it('holds the points and sums up any stretch as a walk through them does, through appends and truncations', () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (operations, a, b) => {
          const buffer = new SeriesBuffer()
          let model: Point[] = []
          for (const op of operations) {
            const last = model.at(-1)?.step ?? 0
            if (op.kind === 'append') {
              const more = op.values.map((v, i) => ({ step: last + (i + 1) * op.gap, value: v }))
              buffer.append(points(more))
              model = [...model, ...more]
            } else {
              const after = Math.floor(last * op.share)
              buffer.truncate(after)
              model = model.filter(({ step }) => step <= after)
            }
          }
          expect(buffer.toPoints()).toEqual(points(model))

          const [from, to] = [a, b].map((share) => Math.floor(share * model.length)).sort((x, y) => x - y) as [number, number]
          const stretch = model.slice(from, to).map(({ value: v }) => v)
          const finite = stretch.filter(Number.isFinite)
          expect(buffer.summarise(from, to)).toEqual({
            count: stretch.length,
            finite: finite.length,
            min: Math.min(...finite),
            max: Math.max(...finite),
          })
        },
      ),
      { numRuns: 200 },
    )
  })

  it('finds the first point at or after a step', () => {
    const buffer = new SeriesBuffer()
    buffer.append(points([2, 4, 6].map((step) => ({ step, value: step }))))
    expect([1, 2, 3, 6, 7].map((step) => buffer.indexOf(step))).toEqual([0, 0, 1, 2, 3])
  })

  it('answers for a million points without walking through them', () => {
    const buffer = new SeriesBuffer()
    const length = 1_000_000
    buffer.append({
      steps: Float64Array.from({ length }, (_, i) => i),
      values: Float64Array.from({ length }, (_, i) => i % 7),
      times: new Float64Array(length),
    })
    const begin = performance.now()
    for (let i = 0; i < 1000; i++) expect(buffer.summarise(i, length - i).max).toBe(6)
    // A scan would take a second or more; the levels take a few milliseconds. The margin is for a loaded machine.
    expect(performance.now() - begin).toBeLessThan(500)
  })
})

describe('lists of numbers in chunks', () => {
  const numbers = fc.oneof(
    // Even steps, whole times with jitter, and values that fit neither pattern.
    fc
      .tuple(fc.integer({ min: -9, max: 1e6 }), fc.integer({ min: 1, max: 9 }), fc.nat(6000))
      .map(([a, b, n]) => Array.from({ length: n }, (_, i) => a + b * i)),
    fc
      .tuple(fc.integer({ min: 0, max: 2e12 }), fc.array(fc.nat(999), { maxLength: 300 }))
      .map(([a, more]) => more.map((b, i) => a + 1000 * i + b)),
    fc.array(fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0, 5e-324, 2 ** 53)), { maxLength: 50 }),
    fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.nat(200)).map(([step, n]) => Array.from({ length: n }, (_, i) => i * step)),
  )

  it.each([
    ['plain', () => doubles()],
    ['packed', () => new PackedNumbers()],
  ] as const)('give back to the bit what was put in, %s, through appends and truncations', (_, make) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(numbers, fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 8 }), (parts) => {
        const list = make()
        let model: number[] = []
        for (const [part, share] of parts) {
          list.append(Float64Array.from(part))
          model = [...model, ...part]
          if (share < 0.3) {
            const length = Math.floor((share / 0.3) * model.length)
            list.truncate(length)
            model = model.slice(0, length)
          }
        }
        expect(list.length).toBe(model.length)
        expect(list.toArray()).toEqual(Float64Array.from(model))
        expect([-1, model.length].map((i) => list.at(i))).toEqual([NaN, NaN])
        for (const i of [0, model.length >> 1, model.length - 1]) if (i >= 0 && i < model.length) expect(list.at(i)).toBe(model[i])
      }),
      { numRuns: 200 },
    )
  })
})
