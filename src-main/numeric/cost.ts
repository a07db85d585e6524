import type { Network } from './network.js'
import { parameterNames } from './reversible-sweep.js'

/** The cost of a training step: the two numbers from which its time is estimated. */
export interface StepCost {
  /** Floating-point operations of its convolutions and matrix products; null when the mode does not exist. */
  operations: { reversible: number | null; stored: number }
  /** Number of forces that are evaluated in sequence in the forward pass; the overhead of small operations is proportional to it. */
  forces: number
}

const volume = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/**
 * Counts the operations of one step on a batch: a multiplication and an addition for each weight at each pixel of the output. The backward
 * pass costs twice as much as the forward pass (gradients of state and kernel); a reversible one evaluates everything once more.
 */
export function stepCost(network: Network, batch: number): StepCost {
  const { dynamics, linear, config, parameters, stages } = network
  const { height, width } = config.image
  const forces = stages.flatMap(({ substeps, entrance }) => [...(entrance?.substeps ?? []), ...substeps]).filter(({ gain }) => gain !== 0)
  const uses = new Map<string, number>()
  for (const force of forces) for (const name of parameterNames([force])) uses.set(name, (uses.get(name) ?? 0) + 1)
  const pixelsOf = (stage: number): number => (linear.id === 'dense' ? 1 : (height * width) / 4 ** stage)
  let forward = 0
  for (const { name, kind, shape } of parameters) {
    if (kind !== 'kernel' && kind !== 'dense') continue
    const stage = /^stage(\d+)\//.exec(name)
    const pixels = kind === 'dense' ? 1 : pixelsOf(stage ? Number(stage[1]) - 1 : 0)
    forward += 2 * batch * pixels * volume(shape) * (stage ? dynamics.mapsPerKernel * (uses.get(name) ?? 0) : 1)
  }
  return { operations: { stored: 3 * forward, reversible: dynamics.reversible ? 4 * forward : null }, forces: forces.length }
}
