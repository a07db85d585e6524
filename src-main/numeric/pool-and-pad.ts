import { avgPool, pad, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core'
import type { LinearKind } from './linear.js'

/** Appends zero channels up to `channels`. */
export const padChannels = (x: Tensor, channels: number): Tensor => {
  const missing = channels - x.shape[x.rank - 1]!
  return missing === 0 ? x : pad(x, [...Array.from({ length: x.rank - 1 }, () => [0, 0] as [number, number]), [0, missing]])
}

/** Means over 2x2 pixels; vectors are unchanged. */
export const halved = (linear: LinearKind, x: Tensor): Tensor => (linear.id === 'convolution' ? avgPool(x as Tensor4D, 2, 2, 'valid') : x)

/** 2x2 average pool, then zero channels appended up to `channels`. */
export const poolAndPad = (linear: LinearKind, x: Tensor, channels: number): Tensor => padChannels(halved(linear, x), channels)
