/**
 * The propagation of a perturbation in the forward pass, in double precision: Example 1 of Haber and Ruthotto 2017, "Stable architectures
 * for deep neural networks", and the linear Verlet step. Row vectors, as in the networks.
 */

/** A 2x2 matrix, row by row. */
export type Kernel = readonly [readonly [number, number], readonly [number, number]]
export type Point = readonly [number, number]

/** The kernels of Example 1: eigenvalues 2, -2 and +-i. */
export const KERNELS = {
  plus: [
    [2, -2],
    [0, 2],
  ],
  minus: [
    [-2, 0],
    [2, -2],
  ],
  zero: [
    [0, -1],
    [1, 0],
  ],
} as const satisfies Record<string, Kernel>

/** The inputs of Example 1. */
export const INPUTS: readonly Point[] = [
  [0.1, 0.1],
  [-0.1, -0.1],
  [0, 0.5],
]

/** States of y <- y + h tanh(y K) from the start on: steps + 1 points. */
export function trajectory([[a, b], [c, d]]: Kernel, start: Point, { h, steps }: { h: number; steps: number }): Point[] {
  const path: Point[] = [start]
  for (let step = 0; step < steps; step++) {
    const [x, y] = path.at(-1)!
    path.push([x + h * Math.tanh(x * a + y * c), y + h * Math.tanh(x * b + y * d)])
  }
  return path
}

/** Eigenvalues of a 2x2 matrix. */
export function eigenvalues([[a, b], [c, d]]: Kernel): [re: number, im: number][] {
  const half = (a + d) / 2
  const rest = half ** 2 - (a * d - b * c)
  const root = Math.sqrt(Math.abs(rest))
  return rest < 0
    ? [
        [half, root],
        [half, -root],
      ]
    : [
        [half + root, 0],
        [half - root, 0],
      ]
}

/**
 * Spectral radius of one linear Verlet step z <- z - p y, y <- y + p z with p = h sigma, from the roots of m^2 - (2 - p^2) m + 1. It is 1
 * up to p = 2.
 */
export function verletRadius(product: number): number {
  const half = (2 - product ** 2) / 2
  return half ** 2 <= 1 ? 1 : Math.abs(half) + Math.sqrt(half ** 2 - 1)
}

/** Norms of (y, z) starting at (1, 0) under that step: steps + 1 numbers. */
export function verletNorms(product: number, steps: number): number[] {
  let [y, z] = [1, 0]
  const norms = [1]
  for (let step = 0; step < steps; step++) {
    z -= product * y
    y += product * z
    norms.push(Math.hypot(y, z))
  }
  return norms
}
