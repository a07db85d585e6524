import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { movingAverage, reduceToColumns } from '../../src-renderer/charts/reduce.js'
import { SeriesBuffer } from '../../src-renderer/series/series-buffer.js'

function bufferOf(values: number[]): SeriesBuffer {
  const buffer = new SeriesBuffer()
  buffer.append({
    steps: Float64Array.from(values, (_, i) => i + 1),
    values: Float64Array.from(values),
    times: new Float64Array(values.length),
  })
  return buffer
}

const value = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -1000, max: 1000 }) }, { weight: 1, arbitrary: fc.constant(NaN) })

describe('reduction to pixel columns', () => {
  it('draws at most four points a column, none invented, and keeps the extremes of every stretch', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 3000 }), fc.integer({ min: 1, max: 100 }), (values, columns) => {
        const { line, range, nonFinite } = reduceToColumns(bufferOf(values), 1, values.length, columns)
        const finite = values.filter(Number.isFinite)
        const drawn = line.map(([, y]) => y).filter((y) => y !== null)
        expect(line.length).toBeLessThanOrEqual(Math.max(values.length, 1) <= 4 * columns ? values.length : 4 * columns)
        expect(nonFinite.length).toBeLessThanOrEqual(line.length)
        expect(nonFinite.length > 0).toBe(finite.length < values.length)
        for (const step of nonFinite) expect(values[step - 1]).toBeNaN()
        expect(range).toEqual(finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : null)
        if (finite.length > 0) {
          expect(Math.min(...drawn)).toBe(Math.min(...finite))
          expect(Math.max(...drawn)).toBe(Math.max(...finite))
        }
        for (const y of drawn) expect(finite).toContain(y)
        const steps = line.map(([x]) => x)
        expect(steps).toEqual([...steps].sort((a, b) => a - b))
      }),
      { numRuns: 200 },
    )
  })

  it('draws every point as it is where there is room, with a gap at a NaN', () => {
    const { line, nonFinite } = reduceToColumns(bufferOf([3, NaN, 5]), 0, 10, 100)
    expect(line).toEqual([
      [1, 3],
      [2, null],
      [3, 5],
    ])
    expect(nonFinite).toEqual([2])
  })

  it('looks only at the steps that are asked for', () => {
    const { line } = reduceToColumns(bufferOf([1, 2, 3, 4, 5]), 2, 4, 100)
    expect(line.map(([step]) => step)).toEqual([2, 3, 4])
  })
})

describe('moving average', () => {
  it('is the mean of the last finite values, at the last step of each column', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 500 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 10, max: 200 }),
        (values, window, columns) => {
          const line = movingAverage(bufferOf(values), 1, values.length, columns, window)
          expect(line.length).toBeLessThanOrEqual(columns + 1)
          expect(line.at(-1)?.[0]).toBe(values.length)
          for (const [step, mean] of line) {
            const finite = values.slice(Math.max(0, step - window), step).filter(Number.isFinite)
            if (finite.length === 0) expect(mean).toBeNull()
            else expect(mean).toBeCloseTo(finite.reduce((sum, v) => sum + v, 0) / finite.length, 9)
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})
