import { reshape, slice, tensor, tidy, tile, type Tensor } from '@tensorflow/tfjs-core'
import { crossEntropy } from '../numeric/losses.js'
import { closeStage, head, openStage, stageSweep, stem, transition, type Pass } from '../numeric/pass.js'
import { randomFor } from '../numeric/random.js'
import { advance, integrate } from '../numeric/reversible-sweep.js'
import type { Pair } from '../numeric/tensors.js'
import { vjp } from '../numeric/vjp.js'
import { flatten, flatUnit, isOneStep } from './flat.js'
import { through, unitsOf, type Frozen } from './frozen.js'
import { tangent, type StateMap } from './jacobian.js'
import { norm, orthonormalise, scale } from '../numeric/dense.js'
import { freeing } from './scope.js'

/** The given number of random orthonormal rows. */
export function directions(size: number, count: number, seed: number, stage: number): Float64Array[] {
  const random = randomFor(seed, 'lab/directions', stage)
  const rows = Array.from({ length: Math.min(count, size) }, () => Float64Array.from({ length: size }, () => random.normal()))
  orthonormalise(rows)
  return rows
}

/** J v for several v at one state, which is repeated in a batch. */
export function tangents(map: StateMap, state: Tensor, rows: readonly Float64Array[]): Float64Array[] {
  return freeing(() => {
    const many = tile(state, [rows.length, 1])
    const v = tensor(Float32Array.from(rows.flatMap((row) => [...row])), [rows.length, state.size])
    const values = tangent(map, many, v).dataSync()
    return rows.map((_, at) => Float64Array.from(values.subarray(at * state.size, (at + 1) * state.size)))
  })
}

/** From the state that enters the first stage to that after the last unit; without the head. */
export function throughStages(pass: Pass, entering: Tensor): Tensor {
  const { network } = pass
  let state = entering
  network.stages.forEach((stage, index) => {
    const entered = transition(pass, index, state, false)
    let pair: Pair = network.dynamics.open(entered, network.config)
    const sweep = stageSweep(pass, stage)
    for (const substep of stage.substeps) pair = advance(sweep, substep, pair, false)
    state = network.dynamics.close(pair)
  })
  return state
}

/** The same for numbers, with only one pair of states alive at a time. */
function behindStages(pass: Pass, entering: Float32Array, shape: number[]): Float32Array {
  let state: Tensor = tensor(entering, shape)
  pass.network.stages.forEach((stage, index) => {
    const { end } = integrate(stageSweep(pass, stage), openStage(pass, index, state))
    state = closeStage(pass, end)
  })
  const values = state.dataSync() as Float32Array
  state.dispose()
  return values
}

/** Size of the perturbations of `growthThroughStages`, relative to the states. float32 resolves their results to about 1e-3. */
const PERTURBATION = 1e-4

/**
 * The growth of random perturbations of the state that enters the first stage up to the state after the last unit, by finite differences:
 * one number for each image and direction. Infinite if the perturbed state overflows.
 */
export function growthThroughStages({ pass, images, count }: Frozen, { count: many, seed }: { count: number; seed: number }): number[] {
  const random = randomFor(seed, 'lab/growth')
  return freeing(() => {
    const entering = stem(pass, images, false)
    const size = entering.size / count
    const start = entering.dataSync() as Float32Array
    const length = PERTURBATION * Math.sqrt(start.reduce((sum, value) => sum + value * value, 0) / count)
    const end = behindStages(pass, start, entering.shape)
    return Array.from({ length: many }, () => {
      const moved = start.slice()
      const lengths = Array.from({ length: count }, (_, image) => {
        const direction = Float64Array.from({ length: size }, () => random.normal())
        scale(direction, length / norm(direction))
        for (let at = 0; at < size; at++) moved[image * size + at]! += direction[at]!
        // The actual perturbation, after rounding of the state.
        return Math.hypot(...direction.map((_, at) => moved[image * size + at]! - start[image * size + at]!))
      })
      const behind = behindStages(pass, moved, entering.shape)
      const width = behind.length / count
      return lengths.map((before, image) => {
        let sum = 0
        for (let at = image * width; at < (image + 1) * width; at++) sum += (behind[at]! - end[at]!) ** 2
        return Number.isFinite(sum) ? Math.sqrt(sum) / before : Infinity
      })
    }).flat()
  })
}

/** |dL/dY| for the state that enters each unit, and for that after the last; the loss is the mean over the batch. */
export function gradientsBack(
  { pass, images }: Frozen,
  labels: Tensor,
): { norms: { stage: number; unit: number; norm: number }[]; last: number } {
  const { network } = pass
  const { dynamics, config } = network
  const ends: Tensor[] = []
  const visited: { stage: number; unit: number; pair: Pair }[] = []
  let state: Tensor = tidy(() => stem(pass, images, false))
  const inputs: Tensor[] = []
  network.stages.forEach((stage, index) => {
    inputs.push(tidy(() => state.clone()))
    let pair = openStage(pass, index, state)
    const sweep = stageSweep(pass, stage)
    for (const substeps of unitsOf(stage.substeps)) {
      visited.push({ stage: index, unit: substeps[0]!.unitIndex, pair })
      pair = through(sweep, substeps, pair)
    }
    ends.push(tidy(() => dynamics.close(pair).clone()))
    state = tidy(() => dynamics.close(pair).clone())
    visited.push({ stage: index, unit: -1, pair })
  })
  let cotangent = vjp(() => crossEntropy(head(pass, state, false), labels), [state])[0]!
  const size = (x: Tensor): number => norm(Float64Array.from(x.dataSync()))
  const last = size(cotangent)
  const norms: { stage: number; unit: number; norm: number }[] = []
  for (let index = network.stages.length - 1; index >= 0; index--) {
    const own = visited.filter(({ stage }) => stage === index)
    const end = own.pop()!.pair
    const units = unitsOf(network.stages[index]!.substeps)
    const oneStep = units.length > 0 && isOneStep(units[0]!)
    const shape = end.map(({ shape: each }) => each)
    // Rows of numbers, as mapped by `flatUnit`.
    const unflatten = (rows: Tensor): Pair => {
      const sizes = shape.map((each) => each.slice(1).reduce((a, b) => a * b, 1)) as [number, number]
      const part = (at: 0 | 1, from: number): Tensor => reshape(slice(rows, [0, from], [rows.shape[0]!, sizes[at]]), shape[at]!)
      return oneStep ? [part(1, 0), part(1, 0)] : [part(0, 0), part(1, sizes[0])]
    }
    let row = flatten(end, oneStep)
    let pulled = vjp(() => dynamics.close(unflatten(row)), [row], cotangent)[0]!
    for (const { unit, pair } of own.reverse()) {
      const substeps = units.find(([first]) => first!.unitIndex === unit)!
      const { state: flat, map } = flatUnit({ sweep: stageSweep(pass, network.stages[index]!), substeps, pair })
      pulled = vjp(() => map(flat), [flat], pulled)[0]!
      row = flat
      // The gradient with respect to the flattened pair or state itself: pulled back further, through the map from a state to its pair, it
      // would hide what the pair keeps in addition.
      norms.unshift({ stage: index, unit, norm: size(pulled) })
    }
    const input = inputs[index]!
    cotangent = vjp(() => flatten(dynamics.open(transition(pass, index, input, false), config), oneStep), [input], pulled)[0]!
  }
  return { norms, last }
}
