import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FULL } from '../../fixtures/slice.js'
import {
  balancedLimit,
  convergence,
  drawStarts,
  escape,
  gradient,
  minimum,
  multiplier,
  product,
  sharpness,
  stableSharpness,
} from '../../../src-main/numeric/theory/chain.js'

type Kind = 'plain0.1' | 'plain1' | 'residual0.1'
interface Golden {
  chains: {
    L: number
    lambda: number
    p: number[]
    lambdaMax: number
    deltaMax: number
    deltaMaxBalanced: number
    escape: { ratio: number; delta: number; multiplier: number; predictedSteps: number; observedSteps: number; left: boolean }[]
  }[]
  afterEscape: { ratio: number; kind: string; stepsToDivergence: number | null; lastProducts: number[] }[]
  plainAgainstResidual: {
    lambda: number
    starts: number
    steps: number
    grid: ({ L: number; ratio: number; delta: number } & Record<Kind, number> & Partial<Record<`${Kind}LargestDeltaLambdaMax`, number>>)[]
  }
  momentum: { momentum: number; limit: number; 'radiusAt2.1': number; 'radiusAt1.9': number }[]
}
const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../../fixtures/neighbours', name))
const golden = JSON.parse(fixture('n5_lyapunov.json').toString()) as Golden
const close = (value: number, wanted: number, relative: number): void =>
  expect(Math.abs(value - wanted)).toBeLessThanOrEqual(relative * Math.abs(wanted))

describe('a chain at a minimum', () => {
  it.each(golden.chains)('of $L factors: sharpness, limits, and the steps of escape are the golden ones', (chain) => {
    const p = Float64Array.from(chain.p)
    close(product(p), chain.lambda, 1e-12)
    close(sharpness(p, chain.lambda), chain.lambdaMax, 1e-10)
    close(stableSharpness(sharpness(p, chain.lambda)), chain.deltaMax, 1e-10)
    close(balancedLimit(chain.L, chain.lambda), chain.deltaMaxBalanced, 1e-10)
    for (const { ratio, delta, multiplier: growth, predictedSteps, observedSteps, left } of chain.escape) {
      const found = escape(p, { target: chain.lambda, step: delta })
      close(found.multiplier, growth, 1e-10)
      close(found.predicted, predictedSteps, 1e-10)
      expect(found.left ?? found.returned).toBe(observedSteps)
      expect(found.left !== null).toBe(left)
      expect(found.fate === 'returns').toBe(ratio < 1)
      // The acceptance criterion of the reference: within two steps of the prediction.
      expect(Math.abs(observedSteps - found.predicted)).toBeLessThan(2)
    }
  })

  it('has a gradient that survives factors of 0', () => {
    const into = new Float64Array(3)
    gradient(Float64Array.of(0, 2, 3), 1, into)
    expect([...into].map((each) => each + 0)).toEqual([-6, 0, 0])
    gradient(Float64Array.of(2, 3, 0.5), 1, into)
    expect([...into]).toEqual([2 * 1.5, 2 * 1, 2 * 6])
  })

  it('is made with a product and a spread, from a seed alone', () => {
    const p = minimum(6, 3, 0.5, 4)
    close(product(p), 3, 1e-13)
    expect(minimum(6, 3, 0.5, 4)).toEqual(p)
    expect(new Set(minimum(4, 16, 0, 1)).size).toBe(1)
    expect(stableSharpness(sharpness(p, 3))).toBeLessThan(balancedLimit(6, 3))
  })
})

it('leaving a minimum is not diverging: a cycle stays bounded, a step beyond it diverges', () => {
  const p = Float64Array.of(Math.SQRT2, Math.SQRT2)
  const fates = golden.afterEscape.map(({ ratio, kind, stepsToDivergence, lastProducts }) => {
    const found = escape(p, { target: 2, step: ratio * 0.5 })
    expect(found.left).not.toBeNull()
    expect(found.fate).toBe(kind === 'diverged' ? 'diverges' : 'bounded')
    // The reference counts steps from 0, and starts slightly off the steepest direction.
    if (stepsToDivergence !== null) expect(Math.abs(found.diverged! - 1 - stepsToDivergence)).toBeLessThanOrEqual(1)
    if (ratio < 1.2) {
      const sorted = (values: number[]): number[] => [...values].sort((a, b) => a - b)
      sorted(found.lastProducts).forEach((each, at) => close(each, sorted(lastProducts)[at]!, 1e-6))
    }
    return found.fate
  })
  expect(fates).toEqual(['bounded', 'bounded', 'bounded', 'diverges'])
})

it('from an uneven minimum with too large a step, descent may settle in a flatter one', () => {
  const p = Float64Array.from(golden.chains[2]!.p)
  const step = 0.9 * balancedLimit(5, 3)
  expect(step).toBeGreaterThan(1.05 * stableSharpness(sharpness(p, 3)))
  const found = escape(p, { target: 3, step })
  expect(found).toMatchObject({ fate: 'other minimum', diverged: null })
  expect(found.left).not.toBeNull()
})

it('momentum moves the limit to 2 (1 + m)', () => {
  for (const { momentum, limit, 'radiusAt2.1': above, 'radiusAt1.9': below } of golden.momentum) {
    close(stableSharpness(1, momentum), limit, 1e-12)
    close(multiplier(2.1, momentum), above, 1e-10)
    close(multiplier(1.9, momentum), below, 1e-10)
    expect(multiplier(limit * 0.999, momentum)).toBeLessThan(1)
    expect(multiplier(limit * 1.001, momentum)).toBeGreaterThan(1)
  }
  const p = minimum(3, 2, 0, 1)
  const step = 1.05 * stableSharpness(sharpness(p, 2), 0.5)
  const { left, predicted } = escape(p, { target: 2, step, momentum: 0.5 })
  expect(Math.abs(left! - predicted)).toBeLessThan(12)
})

const KINDS = {
  'plain0.1': { centre: 0, deviation: 0.1 },
  plain1: { centre: 0, deviation: 1 },
  'residual0.1': { centre: 1, deviation: 0.1 },
} as const

/** The normal numbers from which the reference starts (draws.py): 200 rows for each depth, one depth after another. */
function referenceDraws(depth: number): Float64Array[] {
  const bytes = fixture('n5_starts.bin')
  const before = [2, 4, 8, 16].filter((each) => each < depth).reduce((sum, each) => sum + 200 * each, 0)
  return Array.from({ length: 200 }, (_, row) =>
    Float64Array.from({ length: depth }, (_each, at) => bytes.readDoubleLE(8 * (before + row * depth + at))),
  )
}

describe('the share of starts that converge', () => {
  const { lambda, steps, grid } = golden.plainAgainstResidual
  const count = FULL ? 200 : 60

  it.each(grid)('of $L factors at $ratio of the limit is the golden one, from the starts of the reference', (row) => {
    for (const [kind, { centre, deviation }] of Object.entries(KINDS) as [Kind, (typeof KINDS)[Kind]][]) {
      const starts = referenceDraws(row.L).map((draws) => draws.map((draw) => centre + deviation * draw))
      const found = convergence(starts, { target: lambda, step: row.delta, steps })
      expect(found.share, kind).toBe(row[kind])
      const largest = row[`${kind}LargestDeltaLambdaMax`]
      if (largest === undefined) expect(found.largestStepTimesSharpness).toBeNull()
      else close(found.largestStepTimesSharpness!, largest, 1e-6)
    }
  })

  it.each(FULL ? grid : grid.filter(({ L, ratio }) => ratio !== 0.25 && L !== 4))(
    'of $L factors at $ratio of the limit is about that from draws of our own',
    (row) => {
      for (const [kind, starts] of Object.entries(KINDS) as [Kind, (typeof KINDS)[Kind]][]) {
        const found = convergence(drawStarts(starts, { count, depth: row.L, seed: 1 }), { target: lambda, step: row.delta, steps })
        // Other draws than the reference's: within four standard deviations of both fractions.
        const wanted = row[kind]
        const deviation = Math.sqrt(Math.max(wanted * (1 - wanted), 0.005) * (1 / count + 1 / 200))
        expect(Math.abs(found.share - wanted)).toBeLessThan(4 * deviation + 1e-12)
        if (row.ratio > 1) expect(found.share).toBe(0)
        if (kind === 'residual0.1' && row.ratio < 1) expect(found.share).toBeGreaterThanOrEqual(0.99)
        if (found.converged > 0) expect(found.largestStepTimesSharpness).toBeLessThanOrEqual(2 + 1e-6)
        else expect(found.largestStepTimesSharpness).toBeNull()
      }
    },
  )
})
