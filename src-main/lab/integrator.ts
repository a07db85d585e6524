import type { Substep } from '../numeric/dynamics.js'
import { modulus, quadraticRoots, squareRoot, type Complex } from './math/eigenvalues.js'

/**
 * The integrator of a unit, derived from its substeps, and its effect on an eigenvalue of the frozen, linear dynamics. z is step size times
 * eigenvalue: the number that determines stability.
 */
export interface Integrator {
  name: string
  /** The meaning of z, and the values of it for which no perturbation grows. */
  region: string
  /** Boundary of that region in the complex plane: corners of an area, or the two ends of a line. */
  boundary: [number, number][]
  /** Largest stable |z| on the imaginary axis; null if the region does not include part of that axis. */
  limit: number | null
  /** z for each eigenvalue of the map that is derived from the forces: see `source`. */
  steps(eigenvalue: Complex): Complex[]
  /** Largest factor by which the frozen unit multiplies a perturbation along an eigenvector with this z. */
  growth(z: Complex): number
  /** The map whose eigenvalues are used: the Jacobian of the single force, or the product of those of both. */
  source: 'force' | 'product'
}

const onAxis = (limit: number): [number, number][] => [
  [0, -limit],
  [0, limit],
]

const largest = (roots: readonly Complex[]): number => Math.max(...roots.map(modulus))
const square = ({ re, im }: Complex): Complex => ({ re: re * re - im * im, im: 2 * re * im })
const ONE: Complex = { re: 1, im: 0 }

/** Two updates whose amplification matrix has the trace 2 + z^2 and the determinant 1: stable on the imaginary axis up to |z| = 2. */
const secondOrder = (name: string, region: string, source: Integrator['source'], factor: number): Integrator => ({
  name,
  region,
  boundary: onAxis(2),
  limit: 2,
  source,
  steps({ re, im }) {
    const root = squareRoot({ re: factor * re, im: factor * im })
    return [root, { re: -root.re || 0, im: -root.im || 0 }]
  },
  growth(z) {
    const { re, im } = square(z)
    return largest(quadraticRoots({ re: 2 + re, im }, ONE))
  },
})

const CIRCLE = 72

/**
 * The integrator formed by the substeps of one unit; null for any other combination. Limits: Hairer, Lubich and Wanner, "Geometric
 * numerical integration", section I.5; Chang et al. 2018, section 3 for the schemes.
 */
export function integratorOf(substeps: readonly Pick<Substep, 'keep' | 'blend' | 'gain'>[]): Integrator | null {
  const [first, second, ...more] = substeps
  if (!first || more.length > 0) return null
  const { keep, blend, gain } = first
  if (!second) {
    if (keep === 1 && blend === 0) return midpoint(gain)
    return keep === 0 && blend === 1 ? euler(gain) : null
  }
  const additive = [first, second].every((substep) => substep.keep === 1)
  if (additive && blend === 0 && second.blend === 0 && gain !== 0 && second.gain !== 0)
    return secondOrder(
      'Symplectic Euler',
      '|z| < 2 on the imaginary axis, with z² = g₁ g₂ λ(J₁ J₂) and the gains g of both substeps (±h)',
      'product',
      gain * second.gain,
    )
  // V += gain f(Y), Y += V.
  if (additive && blend === 0 && second.blend === 1 && gain !== 0 && second.gain === 0)
    return secondOrder('Leapfrog', '|z| < 2 on the imaginary axis, with z² = -h² λ(J)', 'force', gain)
  return null
}

const midpoint = (gain: number): Integrator => ({
  name: 'Explicit midpoint',
  region: '|z| < 1 on the imaginary axis, with z = h λ(J)',
  boundary: onAxis(1),
  limit: 1,
  source: 'force',
  // next = previous + 2 h force.
  steps: ({ re, im }) => [{ re: (gain / 2) * re, im: (gain / 2) * im }],
  growth: ({ re, im }) => largest(quadraticRoots({ re: 2 * re, im: 2 * im }, { re: -1, im: 0 })),
})

const euler = (gain: number): Integrator => ({
  name: 'Forward Euler',
  region: '|1 + z| ≤ 1, with z = h λ(J)',
  boundary: Array.from({ length: CIRCLE + 1 }, (_, at): [number, number] => {
    const angle = (2 * Math.PI * at) / CIRCLE
    return [Math.cos(angle) - 1, Math.sin(angle)]
  }),
  limit: null,
  source: 'force',
  steps: ({ re, im }) => [{ re: gain * re, im: gain * im }],
  growth: ({ re, im }) => Math.hypot(1 + re, im),
})
