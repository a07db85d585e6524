import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { curvature, hessianProduct } from '../../src-main/lab/math/curvature.js'

interface Golden {
  theta: number[]
  x: [number, number][]
  y: number[]
  h: number
  units: number
  loss: number
  gradient: number[]
  lambdaMax: number
  lambdaMin: number
}
/** Computed in float64 with PyTorch: test/fixtures/neighbours/n5_lyapunov.py. */
const golden = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/neighbours/n5_lyapunov.json'), 'utf8')) as { nonlinear: Golden }
).nonlinear

const options = { iterations: 60, tolerance: 1e-6, seed: 1, epsilon: 1e-5 }

/** Gradient of the golden network: Y += h tanh(Y K + b) of width 2, a linear read-out, and half the mean squared error. */
function gradient(theta: Float64Array): Float64Array {
  const { x: points, y: wanted, h, units } = golden
  const out = new Float64Array(theta.length)
  const head = units * 6
  points.forEach((point, example) => {
    const states: [number, number][] = [point]
    const slopes: [number, number][] = []
    for (let unit = 0; unit < units; unit++) {
      const [a, b] = states[unit]!
      const k = theta.subarray(unit * 6, unit * 6 + 6)
      const t = [Math.tanh(a * k[0]! + b * k[2]! + k[4]!), Math.tanh(a * k[1]! + b * k[3]! + k[5]!)] as const
      states.push([a + h * t[0], b + h * t[1]])
      slopes.push([1 - t[0] ** 2, 1 - t[1] ** 2])
    }
    const [a, b] = states[units]!
    const error = (a * theta[head]! + b * theta[head + 1]! - wanted[example]!) / points.length
    out[head] = out[head]! + error * a
    out[head + 1] = out[head + 1]! + error * b
    let [p, q] = [error * theta[head]!, error * theta[head + 1]!]
    for (let unit = units - 1; unit >= 0; unit--) {
      const [u, v] = [h * p * slopes[unit]![0], h * q * slopes[unit]![1]]
      const [c, d] = states[unit]!
      const k = theta.subarray(unit * 6, unit * 6 + 6)
      ;[c * u, c * v, d * u, d * v, u, v].forEach((value, at) => (out[unit * 6 + at] = out[unit * 6 + at]! + value))
      ;[p, q] = [p + u * k[0]! + v * k[1]!, q + u * k[2]! + v * k[3]!]
    }
  })
  return out
}

test('a small residual network has the curvature of the golden case', () => {
  const theta = Float64Array.from(golden.theta)
  gradient(theta).forEach((value, at) => expect(value).toBeCloseTo(golden.gradient[at]!, 12))
  const found = curvature(gradient, theta, options)
  expect(found.largest).toBeCloseTo(golden.lambdaMax, 5)
  expect(found.atHalf).toBeCloseTo(golden.lambdaMax, 5)
  expect(found.largest!.toFixed(6)).toBe('3.861551')
  const mirrored = curvature((place) => gradient(place).map((value) => -value), theta, options)
  expect(mirrored.largest!.toFixed(6)).toBe('0.209516')
  // If only the largest is requested, the smallest need not converge; if it is returned, it is correct.
  const whole = curvature(gradient, theta, { ...options, tolerance: 1e-8 })
  if (whole.smallest !== null) expect(whole.smallest).toBeCloseTo(golden.lambdaMin, 5)
})

test('of a diagonal Hessian it is the largest entry, and not the one that is largest in magnitude', () => {
  const diagonal = [3, -7, 0.5, 2, 0]
  const { largest, atHalf } = curvature((w) => w.map((value, at) => value * diagonal[at]!), new Float64Array(5).fill(0.3), options)
  expect(largest).toBeCloseTo(3, 8)
  expect(atHalf).toBeCloseTo(3, 8)
})

test('a kink makes the two widths disagree', () => {
  // The gradient jumps at 0.0004 from the point: half the width no longer reaches across.
  const kinked = (w: Float64Array): Float64Array => w.map((value) => value + (value > 0.0004 ? 1 : 0))
  const { largest, atHalf } = curvature(kinked, new Float64Array(1), { ...options, epsilon: 5e-4 })
  expect(Math.abs(atHalf! / largest! - 1)).toBeGreaterThan(0.5)
})

test('products with a quadratic’s Hessian are linear and symmetric', () => {
  const entry = fc.double({ min: -2, max: 2, noNaN: true })
  const vector = fc.array(entry, { minLength: 4, maxLength: 4 }).map((values) => Float64Array.from(values))
  fc.assert(
    fc.property(fc.array(vector, { minLength: 4, maxLength: 4 }), vector, vector, vector, (rows, place, u, v) => {
      const symmetric = (w: Float64Array): Float64Array =>
        w.map((_, i) => w.reduce((sum, value, j) => sum + (rows[i]![j]! + rows[j]![i]!) * value, 0))
      const product = (x: Float64Array): Float64Array => hessianProduct(symmetric, place, x, 1e-3)
      const inner = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0)
      expect(Math.abs(inner(product(u), v) - inner(u, product(v)))).toBeLessThan(1e-8)
    }),
    { seed: 1, numRuns: 100 },
  )
})
