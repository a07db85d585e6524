import { mul, sub } from '@tensorflow/tfjs-core'
import type { Optimizer } from '../optimizers.js'
import { adam } from './adam.js'

/**
 * AdamW: w = (1 - lr wd) w, then Adam's update of the gradient without the penalty (Loshchilov & Hutter 2019, "Decoupled weight decay
 * regularization", algorithm 2, in the form of PyTorch, where the schedule's multiplier is part of lr).
 */
export const adamw: Optimizer = {
  id: 'adamw',
  slots: adam.slots,
  decouplesDecay: true,
  update(weight, gradient, slots, options) {
    const { learningRate, weightDecay } = options
    const decayed = weightDecay === 0 ? weight : sub(weight, mul(mul(learningRate, weightDecay), weight))
    return adam.update(decayed, gradient, slots, options)
  },
}
