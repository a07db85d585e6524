import type { PackedPoints, Points } from '../../contract/metrics.js'

const base64 = ({ buffer, byteOffset, byteLength }: Float64Array): string => Buffer.from(buffer, byteOffset, byteLength).toString('base64')

/** The same as the contract's `packPoints`, but with Node's base64, which takes a twentieth of the time for a million points. */
export const packForWire = ({ steps, values, times }: Points): PackedPoints => ({
  count: steps.length,
  steps: base64(steps),
  values: base64(values),
  times: base64(times),
})

/** A series of a single point. */
export const singlePoint = (step: number, value: number, time: number): Points => ({
  steps: Float64Array.of(step),
  values: Float64Array.of(value),
  times: Float64Array.of(time),
})
