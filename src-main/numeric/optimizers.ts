import type { Tensor } from '@tensorflow/tfjs-core'

export interface UpdateOptions {
  /** A scalar tensor, so that schedules need no new graph. */
  learningRate: Tensor
  momentum: number
  /** Number of this update, from 1; a scalar tensor. */
  update: Tensor
}

/** An optimizer as a pure function of one parameter. One file each in optimizers/, found by being there. */
export interface Optimizer {
  id: string
  /** Names of the state that it keeps for each parameter; all begin at zero. */
  slots: readonly string[]
  /** @returns the parameter and its slots after the update; called inside a tidy. */
  update(weight: Tensor, gradient: Tensor, slots: readonly Tensor[], options: UpdateOptions): { weight: Tensor; slots: Tensor[] }
}

const isOptimizer = (value: unknown): value is Optimizer =>
  typeof value === 'object' && value !== null && 'update' in value && 'slots' in value

const registered = new Map(
  Object.values(import.meta.glob<Record<string, unknown>>('./optimizers/*.ts', { eager: true }))
    .flatMap((module) => Object.values(module))
    .filter(isOptimizer)
    .map((optimizer) => [optimizer.id, optimizer]),
)

export const optimizerIds = (): string[] => [...registered.keys()].sort()

/** @throws RangeError for an id that is not registered */
export function findOptimizer(id: string): Optimizer {
  const optimizer = registered.get(id)
  if (!optimizer) throw new RangeError(`unknown optimizer '${id}'; there are ${optimizerIds().join(', ')}`)
  return optimizer
}
