import { z } from 'zod'

export interface MetricInfo {
  label: string
  unit: string
  section: 'Loss' | 'Accuracy' | 'Reversibility' | 'Training' | 'System'
}

/** Metrics that a trainer reports. A key outside this table is allowed and shown under its own name. */
export const METRICS: Record<string, MetricInfo> = {
  'train/loss': { label: 'Training loss (cross-entropy)', unit: 'nats', section: 'Loss' },
  'train/total': { label: 'Training objective (with penalties)', unit: 'nats', section: 'Loss' },
  'test/loss': { label: 'Test loss', unit: 'nats', section: 'Loss' },
  'test/accuracy': { label: 'Test accuracy', unit: 'fraction', section: 'Accuracy' },
  'validation/loss': { label: 'Validation loss', unit: 'nats', section: 'Loss' },
  'validation/accuracy': { label: 'Validation accuracy', unit: 'fraction', section: 'Accuracy' },
  'train/learningRate': { label: 'Learning rate', unit: '', section: 'Training' },
  'train/gradientNorm': { label: 'Gradient norm', unit: '', section: 'Training' },
  'train/imagesPerSecond': { label: 'Speed', unit: 'images/s', section: 'System' },
  'system/residentMiB': { label: 'Resident memory of the trainer', unit: 'MiB', section: 'System' },
  'reversibility/reconstructionError': { label: 'Reconstruction error (largest stage)', unit: 'relative', section: 'Reversibility' },
}

/** Step, value and wall-clock time of consecutive points of one series; typed arrays travel as base64 on the wire. */
export interface Points {
  /** Training step of each point, ascending. */
  steps: Float64Array
  /** NaN and infinities are data. */
  values: Float64Array
  /** Milliseconds since 1970. */
  times: Float64Array
}

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/)
export const PackedPointsSchema = z.strictObject({ count: z.int().min(0), steps: base64, values: base64, times: base64 })
export type PackedPoints = z.infer<typeof PackedPointsSchema>

export const SeriesPointsSchema = z.strictObject({ key: z.string().min(1).max(200), points: PackedPointsSchema })
export type SeriesPoints = z.infer<typeof SeriesPointsSchema>

function toBase64(array: Float64Array): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(binary)
}

function fromBase64(text: string): Float64Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return new Float64Array(bytes.buffer)
}

/** Little-endian float64 in base64: exact, NaN included, and the same on every machine that runs Electron. */
export function packPoints(points: Points): PackedPoints {
  return { count: points.steps.length, steps: toBase64(points.steps), values: toBase64(points.values), times: toBase64(points.times) }
}

/** @throws RangeError when the arrays are not of the stated length. */
export function unpackPoints(packed: PackedPoints): Points {
  const points = { steps: fromBase64(packed.steps), values: fromBase64(packed.values), times: fromBase64(packed.times) }
  if (Object.values(points).some((array) => array.length !== packed.count))
    throw new RangeError(`points: ${packed.count} announced, other lengths found`)
  return points
}
