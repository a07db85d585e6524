import { mul, slice, square, sub, sum } from '@tensorflow/tfjs-core'
import type { SmoothPart } from '../network.js'
import type { PenaltyConfig, Regularizer } from '../regularizers.js'

type Form = Pick<PenaltyConfig, 'smoothness' | 'smoothnessForm' | 'h'>

/** The factor of the squared changes between units in the penalty, for each form. */
export function smoothnessFactor({ smoothness, smoothnessForm, h }: Form): number {
  switch (smoothnessForm) {
    case 'authors':
      return smoothness / 2
    case 'paper':
      return smoothness / h
    case 'haber-ruthotto':
      return smoothness / (2 * h)
  }
}

/** Whether a form of the penalty couples these parameters between units. */
export const isCoupled = (part: SmoothPart | null, { smoothnessForm }: Pick<PenaltyConfig, 'smoothnessForm'>): boolean =>
  part === 'kernel' || (part === 'bias' && smoothnessForm === 'haber-ruthotto')

/**
 * Penalty on the change of parameters from unit to unit of a stage. Chang et al. 2018, eq. 19, writes a h sum |(K[j+1] - K[j]) / h|^2
 * (`paper`); the authors' code uses a/2 sum |K[j+1] - K[j]|^2 (`authors`). Haber and Ruthotto 2017 couple biases as well and halve it: a h/2 sum |(theta[j+1] - theta[j]) / h|^2 (`haber-ruthotto`).
 */
export const weightSmoothness: Regularizer = {
  id: 'weightSmoothness',
  reads: ({ smooth, names }, config) => config.smoothness !== 0 && names.length > 1 && isCoupled(smooth, config),
  penalty: (stack, config) => {
    const [units, ...shape] = stack.shape as [number, ...number[]]
    const origin = shape.map(() => 0)
    const changes = sub(slice(stack, [1, ...origin], [units - 1, ...shape]), slice(stack, [0, ...origin], [units - 1, ...shape]))
    return mul(sum(square(changes)), smoothnessFactor(config))
  },
}
