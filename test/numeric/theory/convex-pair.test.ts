import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { drawPair, fit, lipschitz, parts, type ConvexPair, type FitRecord } from '../../../src-main/numeric/theory/convex-pair.js'

interface Golden {
  parameters: Record<`${'alpha' | 'w' | 'c'}${'G' | 'K'}`, number[]>
  linear: number[]
  x: number[]
  convexPart: number[]
  concavePart: number[]
  f: number[]
  lipschitzOnRange: [number, number]
}
const { convex: golden } = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/neighbours/n5_lyapunov.json'), 'utf8')) as {
  convex: Golden
}
const of = (part: 'G' | 'K') => ({
  alpha: Float64Array.from(golden.parameters[`alpha${part}`]),
  w: Float64Array.from(golden.parameters[`w${part}`]),
  c: Float64Array.from(golden.parameters[`c${part}`]),
})

it('has the parts, sum and Lipschitz constants of the golden values', () => {
  const pair: ConvexPair = { line: Float64Array.from(golden.linear), convex: of('G'), concave: of('K') }
  golden.x.forEach((x, at) => {
    const { convex, concave, sum } = parts(pair, x)
    expect(convex).toBeCloseTo(golden.convexPart[at]!, 10)
    expect(concave).toBeCloseTo(golden.concavePart[at]!, 10)
    expect(sum).toBeCloseTo(golden.f[at]!, 10)
  })
  expect(lipschitz(pair.convex, -2, 2)).toBeCloseTo(golden.lipschitzOnRange[0], 10)
  expect(lipschitz(pair.concave, -2, 2)).toBeCloseTo(golden.lipschitzOnRange[1], 10)
})

it('descends along the gradient, and its parts stay convex and concave', () => {
  const xs = Array.from({ length: 41 }, (_, at) => -Math.PI + (at * 2 * Math.PI) / 40)
  const pair = drawPair(6, Math.PI, 3)
  const loss = (of: ConvexPair): number => xs.reduce((sum, x) => sum + (parts(of, x).sum - Math.sin(x)) ** 2, 0) / (2 * xs.length)
  const numbers = [pair.line, pair.convex.alpha, pair.convex.w, pair.convex.c, pair.concave.alpha, pair.concave.w, pair.concave.c]
  // Finite differences of the loss for every parameter.
  const slopes = numbers.map((array) =>
    Array.from(array, (value, at) => {
      const loss1 = ((array[at] = value + 1e-6), loss(pair))
      const loss0 = ((array[at] = value - 1e-6), loss(pair))
      array[at] = value
      return (loss1 - loss0) / 2e-6
    }),
  )
  const before = numbers.map((array) => Array.from(array))
  fit(pair, xs, Math.sin, { step: 1e-3, steps: 1, records: 1, record: () => undefined })
  numbers.forEach((array, which) =>
    array.forEach((value, at) => expect((before[which]![at]! - value) / 1e-3).toBeCloseTo(slopes[which]![at]!, 6)),
  )

  const told: FitRecord[] = []
  fit(pair, xs, Math.sin, { step: 0.02, steps: 1500, records: 10, record: (record) => void told.push(record) })
  expect(told.map(({ step }) => step)).toEqual([0, 150, 300, 450, 600, 750, 900, 1050, 1200, 1350, 1500])
  expect(told.at(-1)!.loss).toBeLessThan(0.1 * told[0]!.loss)
  expect(told[0]!.moved).toEqual({ w: 0, c: 0, alpha: 0 })
  expect(told.at(-1)!.moved.w).toBeGreaterThan(0.01)
  const at = xs.map((x) => parts(pair, x))
  for (let i = 1; i < at.length - 1; i++) {
    const second = (part: 'convex' | 'concave') => at[i + 1]![part] - 2 * at[i]![part] + at[i - 1]![part]
    expect(second('convex')).toBeGreaterThanOrEqual(-1e-9)
    expect(second('concave')).toBeLessThanOrEqual(1e-9)
    expect(at[i]!.line + at[i]!.convex + at[i]!.concave).toBeCloseTo(at[i]!.sum, 12)
  }
})
