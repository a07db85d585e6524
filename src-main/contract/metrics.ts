import { z } from 'zod'

export interface MetricInfo {
  label: string
  unit: string
  section: 'Loss' | 'Accuracy' | 'Reversibility' | 'Training' | 'System'
  /** Which of its values is good; absent where neither is. */
  better?: 'higher' | 'lower'
}

/** For each report of a trainer, how long trainers had worked on the run by then: what charts over active time are drawn by. */
export const ACTIVE_SECONDS = 'system/activeSeconds'

/** Metrics that a trainer reports. A key outside this table is allowed and shown under its own name. */
export const METRICS: Record<string, MetricInfo> = {
  'train/loss': { label: 'Training loss (cross-entropy)', unit: 'nats', section: 'Loss', better: 'lower' },
  'train/total': { label: 'Training objective (with penalties)', unit: 'nats', section: 'Loss', better: 'lower' },
  'test/loss': { label: 'Test loss', unit: 'nats', section: 'Loss', better: 'lower' },
  'test/accuracy': { label: 'Test accuracy', unit: 'fraction', section: 'Accuracy', better: 'higher' },
  'validation/loss': { label: 'Validation loss', unit: 'nats', section: 'Loss', better: 'lower' },
  'validation/accuracy': { label: 'Validation accuracy', unit: 'fraction', section: 'Accuracy', better: 'higher' },
  'train/learningRate': { label: 'Learning rate', unit: '', section: 'Training' },
  'train/gradientNorm': { label: 'Gradient norm', unit: '', section: 'Training' },
  'train/imagesPerSecond': { label: 'Speed', unit: 'images/s', section: 'System', better: 'higher' },
  'system/residentMiB': { label: 'Resident memory of the trainer', unit: 'MiB', section: 'System', better: 'lower' },
  'system/cores': { label: 'Processor use of the trainer', unit: 'cores', section: 'System' },
  'system/diskFreeGiB': { label: 'Free space on the disk of the home', unit: 'GiB', section: 'System' },
  'reversibility/reconstructionError': {
    label: 'Reconstruction error (largest stage)',
    unit: 'relative',
    section: 'Reversibility',
    better: 'lower',
  },
  [ACTIVE_SECONDS]: { label: 'Active time', unit: 's', section: 'System' },
}

/** The better of a value so far and new ones, of which only the finite count; undefined while there is none, or no direction is better. */
export function bestOf(key: string, before: number | undefined, values: Iterable<number>): number | undefined {
  const better = METRICS[key]?.better
  if (!better) return undefined
  let best = before
  for (const value of values)
    if (Number.isFinite(value) && (best === undefined || (better === 'higher' ? value > best : value < best))) best = value
  return best
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

/** The most points that one question for a stretch of a series is answered with: an answer that neither end is busy with for long. */
export const MAX_STRETCH = 65_536

/** A series in little: all of its points while they are few, and what draws the same picture where they are many. */
export const SeriesOverviewSchema = z.strictObject({
  key: z.string().min(1).max(200),
  /** How many points are stored. */
  count: z.int().min(0),
  /** Whether `points` are all of them. Otherwise their times are NaN, and their steps lie within their group's. */
  whole: z.boolean(),
  points: PackedPointsSchema,
})
export type SeriesOverview = z.infer<typeof SeriesOverviewSchema>

function toBase64(array: Float64Array): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(binary)
}

function fromBase64(text: string): Float64Array {
  // Several times quicker, and there in every browser since 2025 and Node 25.
  const native = (Uint8Array as unknown as { fromBase64?(text: string): Uint8Array }).fromBase64?.(text)
  if (native) return new Float64Array(native.buffer, 0, native.byteLength / 8)
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
