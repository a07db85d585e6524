import { concat, reshape, slice, tidy, type Tensor } from '@tensorflow/tfjs-core'
import type { Pair } from '../numeric/tensors.js'
import { advance } from '../numeric/reversible-sweep.js'
import type { VisitedUnit } from './frozen.js'
import type { StateMap } from './jacobian.js'

/** What a unit actually maps: the pair, or the state alone if `previous` is only a placeholder. */
export interface FlatUnit {
  /** [batch, numbers] */
  state: Tensor
  /** The state after the unit, for a batch of any size. */
  map: StateMap
}

/** Whether the units of these substeps do not use the previous state, so that they map a single state. */
export const isOneStep = (substeps: VisitedUnit['substeps']): boolean => substeps.every(({ keep }) => keep === 0)

/** A pair as one row of numbers per example. */
export function flatten([previous, current]: Pair, oneStep: boolean): Tensor {
  return tidy(() => {
    const flat = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, -1])
    return oneStep ? flat(current) : concat([flat(previous), flat(current)], 1)
  })
}

/** The unit as a map of rows of numbers. The caller owns the state. */
export function flatUnit({ sweep, substeps, pair }: Pick<VisitedUnit, 'sweep' | 'substeps' | 'pair'>): FlatUnit {
  const oneStep = isOneStep(substeps)
  const shapes = pair.map(({ shape }) => shape.slice(1))
  const sizes = shapes.map((shape) => shape.reduce((product, extent) => product * extent, 1)) as [number, number]
  const map: StateMap = (rows) => {
    const count = rows.shape[0]!
    const part = (index: 0 | 1, from: number): Tensor => reshape(slice(rows, [0, from], [count, sizes[index]]), [count, ...shapes[index]!])
    const before: Pair = oneStep ? [part(1, 0), part(1, 0)] : [part(0, 0), part(1, sizes[0])]
    return flatten(
      substeps.reduce((state, substep) => advance(sweep, substep, state, false), before),
      oneStep,
    )
  }
  return { state: flatten(pair, oneStep), map }
}

/** Concatenates arrays of numbers. */
export function joined<T extends Float32Array | Int32Array>(parts: readonly T[], Kind: new (length: number) => T): T {
  const whole = new Kind(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
