import * as tf from '@tensorflow/tfjs-core'
import { openPortable } from '../../src-main/engine/portable.js'

/** Opens the portable engine next to tfjs's plain JavaScript back end ('cpu'), the reference. */
export async function openBoth(): Promise<void> {
  await openPortable()
}

/** Seeded numbers in -1..1 from a simple formula, so that both back ends get the same ones whatever they draw themselves. */
export function numbers(shape: number[], seed: number): Float32Array {
  const size = shape.reduce((product, n) => product * n, 1)
  let state = (seed * 2654435761 + 1) >>> 0
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state / 2 ** 31 - 1) * 1
  })
}

/** Runs `compute` on a back end, disposes of everything, and returns its values. */
export async function on(backend: string, compute: () => tf.Tensor): Promise<{ shape: number[]; values: Float32Array }> {
  await tf.setBackend(backend)
  const result = tf.tidy(compute)
  const values = (await result.data()) as Float32Array
  result.dispose()
  return { shape: result.shape, values: Float32Array.from(values) }
}

/** Largest difference divided by the largest magnitude of the second; Infinity when shapes differ. */
export function relativeError(a: { shape: number[]; values: Float32Array }, b: { shape: number[]; values: Float32Array }): number {
  if (JSON.stringify(a.shape) !== JSON.stringify(b.shape)) return Infinity
  const difference = a.values.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.values[i] ?? NaN))), 0)
  const size = b.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return size === 0 ? difference : difference / size
}
