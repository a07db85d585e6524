import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutLine } from '../../src-renderer/charts/export/cut-line.js'

const linear = (min: number, max: number) => ({ min, max, logarithmic: false })
const logarithmic = (min: number, max: number) => ({ min, max, logarithmic: true })

/** The height of a line at x, interpolated on the scale of the axes. */
function heightAt(points: readonly number[], x: number, level: (value: number) => number, value: (level: number) => number): number {
  for (let i = 2; i < points.length; i += 2) {
    const [x0, y0, x1, y1] = points.slice(i - 2, i + 2) as [number, number, number, number]
    if (x0 <= x && x <= x1 && x1 > x0) return value(level(y0) + ((level(y1) - level(y0)) * (x - x0)) / (x1 - x0))
  }
  return NaN
}

describe('a line that is cut for TeX', () => {
  it('is the same where the axes show it, and nowhere further out than one range', () => {
    const finite = { noNaN: true, noDefaultInfinity: true }
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e9, max: 1e9, ...finite }), { minLength: 2, maxLength: 12 }),
        fc.double({ min: 0, max: 1, ...finite }),
        (heights, share) => {
          const points = heights.flatMap((height, i) => [i, height])
          const cut = cutLine(points, linear(0, heights.length - 1), linear(-2, 3))
          const rows = Array.from({ length: cut.length / 2 }, (_, i) => [cut[2 * i], cut[2 * i + 1]] as [number, number])
          expect(rows.every(([, y]) => y >= -7 && y <= 8)).toBe(true)
          expect(rows.every(([x], i) => i === 0 || x >= rows[i - 1]![0])).toBe(true)
          const x = share * (heights.length - 1)
          const [before, after] = [points, cut].map((line) =>
            heightAt(
              line,
              x,
              (y) => y,
              (y) => y,
            ),
          ) as [number, number]
          if (before >= -2 && before <= 3) expect(after).toBeCloseTo(before, 5)
        },
      ),
    )
  })

  it('keeps points that are near to the bit, gaps, and its form on a logarithmic axis', () => {
    const near = [0, 0.1, 1, 0.30000000000000004, 2, NaN, 3, 0.7]
    expect(cutLine(near, linear(0, 3), linear(0, 1))).toEqual(near)
    const far = [0, 1, 10, 1e30]
    const cut = cutLine(far, linear(0, 10), logarithmic(1, 100))
    expect(cut.at(-1)).toBeCloseTo(1e4, 6)
    expect(heightAt(cut, 0.5, Math.log, Math.exp)).toBeCloseTo(heightAt(far, 0.5, Math.log, Math.exp), 9)
    // The line is also cut along x, as in a zoomed chart.
    expect(cutLine([-1e9, 0, 1e9, 2], linear(0, 10), linear(0, 2))).toEqual([
      -10,
      0,
      -10,
      expect.closeTo(1, 6),
      20,
      expect.closeTo(1, 6),
      20,
      2,
    ])
  })
})
