import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { solvePositive } from '../../src-main/numeric/dense.js'
import { randomFor } from '../../src-main/numeric/random.js'
import { solveHead, type HeadProblem } from '../../src-main/numeric/solve-head.js'

interface Golden {
  Y: number[][]
  labels: number[]
  mu: number
  optimum: { W: number[]; w0: number; value: number }
  dY: number[][]
}
/** float64, against finite differences of the reduced objective: n1_stable.py in the same folder. */
const { varpro } = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/neighbours/n1_stable.json'), 'utf8')) as {
  varpro: Golden
}

/**
 * The reference has one logit w y + w0 for two classes. With one logit per class, the optimal weights are -w/2 and w/2, so that their
 * penalty is half as large: twice the factor makes the problems equal.
 */
const problem: HeadProblem = { features: varpro.Y.flat(), labels: varpro.labels, width: 2, classes: 2, decay: 2 * varpro.mu }

test('the last layer that is solved for is the golden one, and so is the gradient of the reduced loss by the features', () => {
  const { weights, value, residual } = solveHead(problem, new Float64Array(6))
  const between = (row: number): number => weights[2 * row + 1]! - weights[2 * row]!
  expect(between(0)).toBeCloseTo(varpro.optimum.W[0]!, 9)
  expect(between(1)).toBeCloseTo(varpro.optimum.W[1]!, 9)
  expect(between(2)).toBeCloseTo(varpro.optimum.w0, 9)
  expect(value).toBeCloseTo(varpro.optimum.value, 12)
  expect(residual).toBeLessThan(1e-11)
  // Envelope theorem: finite differences of the optimal value are the partial derivative in the reference.
  varpro.dY.flat().forEach((wanted, at) => {
    const moved = (by: number): number => {
      const features = varpro.Y.flat()
      features[at]! += by
      return solveHead({ ...problem, features }, weights).value
    }
    expect(Math.abs((moved(1e-5) - moved(-1e-5)) / 2e-5 - wanted)).toBeLessThan(1e-8)
  })
})

test('of several classes, from anywhere, it finds the one optimum', () => {
  const random = randomFor(1, 'head')
  const [count, width, classes] = [60, 3, 4]
  const features = Float64Array.from({ length: count * width }, () => 3 * random.normal())
  const labels = Int32Array.from({ length: count }, (_, i) => (features[i * width]! > 0 ? 1 : 0) + (features[i * width + 1]! > 0 ? 2 : 0))
  const of = { features, labels, width, classes, decay: 1e-4 }
  const solved = [new Float64Array(16), Float64Array.from({ length: 16 }, () => 5 * random.normal())].map((start) => solveHead(of, start))
  for (const { residual, iterations } of solved) {
    expect(residual).toBeLessThan(1e-10)
    expect(iterations).toBeLessThan(60)
  }
  solved[0]!.weights.forEach((value, at) => expect(value).toBeCloseTo(solved[1]!.weights[at]!, 5))
})

test("Cholesky's method solves what is positive definite, and says of the rest that it is not", () => {
  const a = { size: 2, data: Float64Array.of(4, 2, 2, 3) }
  const [x, y] = solvePositive(a, Float64Array.of(8, 8))!
  expect([x, y].map((value) => value!.toFixed(12))).toEqual([(1).toFixed(12), (2).toFixed(12)])
  expect(solvePositive({ size: 2, data: Float64Array.of(1, 2, 2, 1) }, Float64Array.of(1, 1))).toBeNull()
})
