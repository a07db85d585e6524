import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eigenvalues, INPUTS, KERNELS, trajectory, verletNorms, verletRadius } from '../../../src-main/numeric/theory/forward-stability.js'

interface Golden {
  example1: {
    h: number
    steps: number
    kernels: Record<string, number[][]>
    inputs: number[][]
    /** By kernel, step and input. */
    states: Record<keyof typeof KERNELS, number[][][]>
    distance01: Record<keyof typeof KERNELS, number[]>
    eigenvalues: Record<keyof typeof KERNELS, number[][]>
  }
  verletLinear: { sigma: number; h: number; radius: number }[]
}

/** Computed in float64 in two ways: n1_stable.py in the same folder. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/neighbours/n1_stable.json'), 'utf8')) as Golden
const { example1 } = golden

test.each(['plus', 'minus', 'zero'] as const)('Example 1 with the kernel %s has the golden states, distances and eigenvalues', (name) => {
  expect(KERNELS[name]).toEqual(example1.kernels[name])
  expect(INPUTS).toEqual(example1.inputs)
  const paths = INPUTS.map((start) => trajectory(KERNELS[name], start, example1))
  example1.states[name].forEach((points, step) =>
    points.forEach(([x, y], input) => {
      expect(paths[input]![step]![0]).toBeCloseTo(x!, 12)
      expect(paths[input]![step]![1]).toBeCloseTo(y!, 12)
    }),
  )
  example1.distance01[name].forEach((distance, step) => {
    const [a, b] = [paths[0]![step]!, paths[1]![step]!]
    expect(Math.hypot(a[0] - b[0], a[1] - b[1])).toBeCloseTo(distance, 12)
  })
  const sorted = (values: readonly (readonly number[])[]): number[][] =>
    [...values].map((value) => [...value]).sort((a, b) => a[1]! - b[1]!)
  sorted(eigenvalues(KERNELS[name])).forEach((value, at) =>
    value.forEach((part, k) => expect(part).toBeCloseTo(sorted(example1.eigenvalues[name])[at]![k]!, 7)),
  )
})

test('the linear Verlet step grows as its radius says: bounded below h sigma = 2, by 1.877 a step at 2.1', () => {
  for (const { h, sigma, radius } of golden.verletLinear) expect(verletRadius(h * sigma)).toBeCloseTo(radius, 7)
  expect(Math.max(...verletNorms(1.9, 1000))).toBeLessThan(10)
  const grown = verletNorms(2.1, 60)
  expect(grown[60]! / grown[59]!).toBeCloseTo(verletRadius(2.1), 9)
})
