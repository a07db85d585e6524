import { mean, slice, sqrt, square, sub, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { randomFor } from '../numeric/random.js'
import { through, walk, type Frozen, type VisitedUnit } from './frozen.js'
import { flatUnit, isOneStep } from './flat.js'
import { forcesOf } from './forms.js'
import { denseJacobian, product, transposedProduct } from './jacobian.js'
import { dot, logDeterminant } from '../numeric/dense.js'
import { golubKahan } from './math/krylov.js'
import { release } from '../numeric/tensors.js'
import { freeing } from './scope.js'

/** How the logarithm of the determinant was computed. */
export interface UnitVolume {
  /** Natural logarithm of |det J|; null if it could not be computed. */
  logAbs: number | null
  how: 'of the form' | 'whole matrix' | 'series' | 'not found'
  /** Standard error of the estimate by random probes; null if there is none. */
  standardError: number | null
  /** Largest singular value of the matrix that the series expands; null if it was not needed. */
  spectralNorm: number | null
}

/** Number of terms of the series, used if a state is too large for a dense matrix. */
export const TERMS = 20

export interface VolumeOptions {
  /** States up to this size use dense matrices. */
  wholeUpTo: number
  probes: number
  terms: number
  seed: number
}

type Unit = Pick<VisitedUnit, 'sweep' | 'substeps' | 'pair'>

/**
 * log|det J| of what a unit actually maps, at the first example of its pair. If every substep keeps its previous state, the pair is
 * sheared: |det J| is the product of |keep|, whatever the forces are. Otherwise the Jacobian is computed completely, or log det(I + M) is
 * expanded in traces estimated by random probes, which converges only if |M| < 1.
 */
export function unitVolume(unit: Unit, options: VolumeOptions): UnitVolume {
  const { substeps, pair } = unit
  const one = pair.map((state) =>
    slice(
      state,
      state.shape.map(() => 0),
      [1, ...state.shape.slice(1)],
    ),
  ) as unknown as Unit['pair']
  const flat = flatUnit({ ...unit, pair: one })
  if (flat.state.size <= options.wholeUpTo) {
    const { logAbs } = logDeterminant(denseJacobian(flat.map, flat.state))
    return { logAbs, how: 'whole matrix', standardError: null, spectralNorm: null }
  }
  if (!isOneStep(substeps)) {
    const sheared = substeps.every(({ keep }) => keep !== 0)
    if (!sheared) return { logAbs: null, how: 'not found', standardError: null, spectralNorm: null }
    const logAbs = substeps.reduce((sum, { keep }) => sum + one[0].size * Math.log(Math.abs(keep)), 0)
    return { logAbs, how: 'of the form', standardError: null, spectralNorm: null }
  }
  return bySeries({ ...unit, pair: one }, options)
}

/** The measurement at one unit: the volume for some images, and the drift over all. */
export interface UnitDrift {
  stage: number
  unit: number
  depth: number
  volume: UnitVolume
  /** Mean of Y[j+1] - Y[j] over images and features. */
  shift: number
  /** rms(Y[j+1]) / rms(Y[j]). */
  gain: number
}

const numberIn = (of: () => Tensor): number => freeing(() => of().dataSync()[0]!)

/** Volume and drift of the units that preserve their width, in order. */
export function* unitDrifts(
  { pass, images, count }: Frozen,
  { volumeImages, ...how }: VolumeOptions & { volumeImages: number },
): Generator<UnitDrift, void, void> {
  const { dynamics } = pass.network
  for (const { stage, unit, depth, sweep, substeps, pair } of walk(pass, images)) {
    const each = Array.from({ length: Math.min(volumeImages, count) }, (_, image) => {
      const rest = tidy(() => pair.map((state) => state.slice([image], [1]))) as unknown as typeof pair
      const found = unitVolume({ sweep, substeps, pair: rest }, how)
      release(rest)
      return found
    })
    const after = through(sweep, substeps, pair)
    const [own, next] = [pair, after].map((state) => tidy(() => dynamics.close(state).clone())) as [Tensor, Tensor]
    const rms = (x: Tensor): number => numberIn(() => sqrt(mean(square(x))))
    const measured = { stage, unit, depth, volume: average(each), shift: numberIn(() => mean(sub(next, own))), gain: rms(next) / rms(own) }
    release([own, next, ...after], pair)
    yield measured
  }
}

/** The mean over several images; a value that one of them lacks is missing in the mean. */
function average(each: readonly UnitVolume[]): UnitVolume {
  const first = each[0]!
  if (each.length === 1) return first
  const missing = each.find(({ logAbs }) => logAbs === null)
  if (missing) return missing
  const errors = each.map(({ standardError }) => standardError)
  return {
    logAbs: each.reduce((sum, { logAbs }) => sum + logAbs!, 0) / each.length,
    how: first.how,
    standardError: errors.some((error) => error === null) ? null : Math.hypot(...errors.map(Number)) / each.length,
    spectralNorm: Math.max(...each.map(({ spectralNorm }) => spectralNorm ?? 0)) || null,
  }
}

/** log det(I + M) = sum of (-1)^(k+1) tr(M^k) / k with Rademacher probes (Hutchinson 1990), for one step of the form y + gain f(y). */
function bySeries(unit: Unit, { probes, terms, seed }: VolumeOptions): UnitVolume {
  const [substep, ...more] = unit.substeps
  if (!substep || more.length > 0 || substep.blend !== 1) return { logAbs: null, how: 'not found', standardError: null, spectralNorm: null }
  const [force] = forcesOf(unit) as [ReturnType<typeof forcesOf>[number]]
  const size = force.state.size
  const scaled = (v: Float64Array): Float64Array => v.map((value) => value * substep.gain)
  const transposed = (v: Float64Array): Float64Array => scaled(transposedProduct(force.map, force.state, v))
  const measured = golubKahan(
    { rows: size, columns: size, apply: (v) => scaled(product(force.map, force.state, v)), adjoint: transposed },
    { iterations: 30, tolerance: 0.05, seed },
  )
  const norm = measured.found[0]
  if (!measured.converged || !norm || norm.value + norm.residual >= 1)
    return { logAbs: null, how: 'not found', standardError: null, spectralNorm: norm?.value ?? null }
  const random = randomFor(seed, 'lab/volume')
  const estimates = Array.from({ length: probes }, () => {
    const probe = Float64Array.from({ length: size }, () => (random.uniform() < 0.5 ? -1 : 1))
    let power: Float64Array = probe
    let sum = 0
    for (let k = 1; k <= terms; k++) {
      // tr(M'^k) = tr(M^k).
      power = transposed(power)
      sum += ((-1) ** (k + 1) / k) * dot(power, probe)
    }
    return sum
  })
  const mean = estimates.reduce((sum, value) => sum + value, 0) / probes
  const variance = estimates.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, probes - 1)
  return { logAbs: mean, how: 'series', standardError: Math.sqrt(variance / probes), spectralNorm: norm.value }
}
