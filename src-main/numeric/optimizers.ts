import type { Tensor } from '@tensorflow/tfjs-core'

export interface UpdateOptions {
  /** A scalar tensor, so that schedules need no new graph. */
  learningRate: Tensor
  momentum: number
  /** Weight decay that the optimizer applies to this parameter itself; 0 unless it decouples decay. */
  weightDecay: number
  /** Number of this update, counted from 1; a scalar tensor. */
  update: Tensor
}

/** An optimizer as a pure function of one parameter. Every file in optimizers/ is registered automatically. */
export interface Optimizer {
  id: string
  /** Names of the slots that it keeps for each parameter; all start at zero. */
  slots: readonly string[]
  /** Whether weight decay shrinks the weights in the update instead of being a penalty whose gradient is adapted. */
  decouplesDecay?: boolean
  /**
   * Largest learning rate times curvature for which its updates on a quadratic function are stable, 0 <= momentum < 1; absent if there is
   * none.
   */
  stepLimit?(momentum: number): number
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
  if (!optimizer) throw new RangeError(`there is no optimizer ${id}: choose one of ${optimizerIds().join(', ')}`)
  return optimizer
}
