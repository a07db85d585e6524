import type { Network } from './network.js'
import { isReversible } from './dynamics.js'

/** What a training step costs: the two figures from which its time is estimated. */
export interface StepCost {
  /** Floating-point operations of its convolutions and matrix products; null where the mode does not exist. */
  operations: { reversible: number | null; stored: number }
  /** Forces that are evaluated one after the other on the way forward: the overhead of small operations goes with them. */
  forces: number
}

const volume = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/**
 * Counts the operations of one step on a batch: a multiplication and an addition for each weight at each pixel of the output. The way
 * back costs twice the way forward (gradients of state and kernel); a reversible one evaluates everything once more.
 */
export function stepCost(network: Network, batch: number): StepCost {
  const { dynamics, linear, config, parameters, stages } = network
  const { height, width } = config.image
  const pixelsOf = (stage: number): number => (linear.id === 'dense' ? 1 : (height * width) / 4 ** stage)
  let forward = 0
  for (const { name, kind, shape } of parameters) {
    if (kind !== 'kernel' && kind !== 'dense') continue
    const stage = /^stage(\d+)\//.exec(name)
    const pixels = kind === 'dense' ? 1 : pixelsOf(stage ? Number(stage[1]) - 1 : 0)
    forward += 2 * batch * pixels * volume(shape) * (stage ? dynamics.mapsPerKernel : 1)
  }
  const forces = stages.flatMap(({ substeps, entrance }) => [...(entrance?.substeps ?? []), ...substeps]).filter(({ gain }) => gain !== 0)
  return { operations: { stored: 3 * forward, reversible: isReversible(dynamics) ? 4 * forward : null }, forces: forces.length }
}
