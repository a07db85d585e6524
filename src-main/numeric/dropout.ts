import { engine, greaterEqual, mul, type Tensor } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { field } from '../contract/config.js'
import type { Options } from './dynamics.js'
import { randomFor } from './random.js'

/** The option of a dynamics that supports dropout. */
export const DROPOUT = {
  dropout: field(z.number().min(0).max(0.95).default(0), {
    group: 'Network',
    label: 'Dropout',
    unit: 'fraction',
    help: 'While training, sets this fraction of the activations inside every unit to zero and divides the others by what is left. They are a function of the seed, the step and the unit. 0 disables it.',
    source: 'Srivastava et al. 2014; used by Sengupta et al. 2019 in place of batch norm',
  }),
} as const

/** The input of the random numbers of one pass. */
export interface Draw {
  /** The seed of the run. */
  seed: number
  /** int32 scalar, different for every batch and micro-batch. */
  at: Tensor
}

/** Fraction of values that a network drops out in training. */
export const dropoutOf = ({ options }: { options: Options }): number => (options['dropout'] as number | undefined) ?? 0

/**
 * Sets a fraction of the values to zero and divides the others by the remaining fraction. Which values are dropped depends only on the draw
 * and the purpose, so that a resumed run, and a compiled step, drop the same ones.
 */
export function dropOut(x: Tensor, fraction: number, { seed, at }: Draw, purpose: string): Tensor {
  const key = `dropout/${purpose}`
  const options = {
    seed: randomFor(seed, key).integer(0, 2 ** 31 - 1),
    shape: x.shape,
    draw(step: number): Float32Array {
      const { uniform } = randomFor(seed, key, step)
      return Float32Array.from({ length: x.size }, uniform)
    },
  }
  const uniform = engine().runKernel('UniformAt', { at }, options as never) as Tensor
  return mul(x, mul(greaterEqual(uniform, fraction).toFloat(), 1 / (1 - fraction)))
}
