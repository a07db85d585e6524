import { Base64Schema, fromBase64, toBase64 } from './base64.js'
import { z } from 'zod'
import { MEMORY } from './memory.js'
import { isReservedKey } from './reserved-key.js'
import { wilsonInterval } from './binomial.js'
import type { GlossaryEntry } from './glossary-entry.js'
import type { Reported, RunResult, RunSummary } from './runs.js'

/** The part of the data set that a metric is measured on. */
export type Part = 'train' | 'validation' | 'test' | 'none'

/** Sections of metrics, in the order in which lists show them. */
const SECTIONS = ['Loss', 'Accuracy', 'Training', 'System', 'Reversibility', 'Stability'] as const

export interface MetricInfo {
  /** Full name. */
  label: string
  /** Shorter name for column headers and small charts. */
  short?: string
  unit: string
  section: (typeof SECTIONS)[number]
  part: Part
  /** Whether higher or lower values are better; absent when neither is. */
  better?: 'higher' | 'lower'
  /** The field of a run's result that holds the reported value. */
  result?: 'testAccuracy' | 'testLoss'
  /** For an accuracy: the metric with the number of images that it is a fraction of. */
  images?: string
  /** It only supplements other metrics and has no chart. */
  companion?: true
  /** Its chart starts with a logarithmic axis. */
  logarithmic?: true
}

/**
 * A scalar that every training step computes. Every file in step-metrics/ defines one and is registered automatically; the file of the
 * same name in numeric/step-metrics/ computes it.
 */
export interface StepMetric extends MetricInfo {
  /** Key of its series. */
  key: string
  /** For one that ends the run as diverged when it is NaN or infinite: how the message refers to it ('the loss is NaN'). */
  diverges?: string
  /** Its entry in the glossary; its unit is that of the metric. */
  glossary?: Omit<GlossaryEntry, 'unit'>
}

/** All scalars of the training step, in the order of their sections and then by key. */
export const STEP_METRICS: readonly StepMetric[] = Object.values(
  import.meta.glob<StepMetric>('./step-metrics/*.ts', { eager: true, import: 'metric' }),
).sort((a, b) => SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section) || (a.key < b.key ? -1 : 1))

/** Time that trainers had worked on the run at each report: the x axis of charts over active time. */
export const ACTIVE_SECONDS = 'system/activeSeconds'
/** The same including pauses: the x axis of charts over elapsed time. */
export const ELAPSED_SECONDS = 'system/elapsedSeconds'
/** The metrics that time axes use. */
export const CLOCKS: readonly string[] = [ACTIVE_SECONDS, ELAPSED_SECONDS]

const metric = (
  label: string,
  unit: string,
  section: MetricInfo['section'],
  part: Part,
  better?: MetricInfo['better'],
  rest: Pick<MetricInfo, 'short' | 'result' | 'images' | 'companion' | 'logarithmic'> = {},
): MetricInfo => ({ label, unit, section, part, ...(better && { better }), ...rest })

const accuracyOf = (part: Part) => ({ images: `${part}/images` })
const companion = { companion: true } as const

/** Metrics that evaluations, checks and the trainer itself report. */
const OTHERS: Record<string, MetricInfo> = {
  'test/loss': metric('Test loss', 'nats', 'Loss', 'test', 'lower', { result: 'testLoss' }),
  'test/accuracy': metric('Test accuracy', 'fraction', 'Accuracy', 'test', 'higher', { result: 'testAccuracy', ...accuracyOf('test') }),
  'test/images': metric('Test images evaluated', 'images', 'Accuracy', 'test', undefined, companion),
  'validation/loss': metric('Validation loss', 'nats', 'Loss', 'validation', 'lower'),
  'validation/accuracy': metric('Validation accuracy', 'fraction', 'Accuracy', 'validation', 'higher', accuracyOf('validation')),
  'validation/images': metric('Validation images evaluated', 'images', 'Accuracy', 'validation', undefined, companion),
  'train/learningRate': metric('Learning rate', '', 'Training', 'none'),
  'train/imagesPerSecond': metric('Speed', 'images/s', 'System', 'none', 'higher'),
  'system/residentMiB': metric(`${MEMORY.process.label} (resident set of the trainer)`, 'MiB', 'System', 'none', 'lower', {
    short: MEMORY.process.label,
  }),
  'system/cores': metric('CPU usage of the trainer', 'cores', 'System', 'none', undefined, { short: 'CPU usage' }),
  'system/gpuMemoryMiB': metric('GPU memory in use (of all programs on this GPU)', 'MiB', 'System', 'none', 'lower', {
    short: 'GPU memory',
  }),
  'system/gpuUtilization': metric('GPU utilization (of the last second)', '%', 'System', 'none', undefined, { short: 'GPU utilization' }),
  'system/diskFreeGiB': metric('Free disk space (home folder)', 'GiB', 'System', 'none', undefined, { short: 'Free disk space' }),
  'reversibility/reconstructionError': metric(
    'Reconstruction error (largest of all stages)',
    'relative',
    'Reversibility',
    'train',
    'lower',
    { short: 'Reconstruction error', logarithmic: true },
  ),
  'reversibility/gradientError': metric(
    'Gradient error, reversed vs. stored (largest of all parameters)',
    'relative',
    'Reversibility',
    'train',
    'lower',
    { short: 'Gradient error' },
  ),
  'reversibility/gradientCosine': metric(
    'Gradient cosine, reversed vs. stored (smallest of all parameters)',
    '',
    'Reversibility',
    'train',
    'higher',
    { short: 'Gradient cosine' },
  ),
  'stability/sharpness': metric('Sharpness (largest eigenvalue of the Hessian)', '', 'Stability', 'train', undefined, {
    short: 'Sharpness',
  }),
  'stability/rateTimesSharpness': metric('Learning rate times sharpness', '', 'Stability', 'train'),
  'stability/limit': metric('Limit of stability (of the learning rate times the sharpness)', '', 'Stability', 'none', undefined, {
    short: 'Limit of stability',
  }),
  [ACTIVE_SECONDS]: metric('Active time', 's', 'System', 'none', undefined, companion),
  [ELAPSED_SECONDS]: metric('Time since the start', 's', 'System', 'none', undefined, companion),
}

/** Metrics that a trainer reports, by section. Other keys are allowed and shown under their own name (see `metricInfo`). */
export const METRICS: Readonly<Record<string, MetricInfo>> = Object.fromEntries(
  SECTIONS.flatMap((section) =>
    [...STEP_METRICS.map((step) => [step.key, step] as const), ...Object.entries(OTHERS)].filter(([, info]) => info.section === section),
  ),
)

const PARTS: readonly Part[] = ['train', 'validation', 'test']

/** Metrics of a stage, whose number ends their key. */
const OF_STAGE: Readonly<Record<string, (stage: string) => MetricInfo>> = {
  volume: (stage) =>
    metric(`Volume of stage ${stage} (log |det J|)`, 'nats', 'Stability', 'train', undefined, { short: `Volume, stage ${stage}` }),
  drift: (stage) =>
    metric(`Drift of stage ${stage} (sum of mean changes)`, '', 'Stability', 'train', undefined, { short: `Drift, stage ${stage}` }),
}

function stageMetric(key: string): MetricInfo | undefined {
  const [, name = '', stage = ''] = /^(volume|drift)\/stage(\d+)$/.exec(key) ?? []
  return OF_STAGE[name]?.(stage)
}

/** What is known about a metric. For one outside the table, that is its name and the part that the name begins with. */
export function metricInfo(key: string): MetricInfo {
  return (
    (Object.hasOwn(METRICS, key) ? METRICS[key] : undefined) ??
    stageMetric(key) ??
    metric(key, '', 'Training', PARTS.find((part) => key.startsWith(`${part}/`)) ?? 'none')
  )
}

export const READINGS = ['reported', 'best', 'last'] as const
/** Which value of a metric represents the run. */
export type Reading = (typeof READINGS)[number]

/** Explanation of each reading for the user. */
export const READING_HELP: Record<Reading, string> = {
  reported:
    'Measured on all test images after the last step, with the weights of the checkpoint selected on the validation split or, without a validation split, with the final weights. Available once the run has finished.',
  best: 'Best value of all evaluations so far. Only validation metrics have one: the best value of a test metric would be selected on the test set, and the best training loss is that of a lucky batch.',
  last: 'Most recently recorded value. Evaluations during the run may use fewer images than the final one (see evaluateImages).',
}

/** The readings of a metric; the first is the one to quote. */
export function readingsOf(key: string): readonly Reading[] {
  const { part, better, result } = metricInfo(key)
  if (result) return ['reported', 'last']
  return part === 'validation' && better ? ['best', 'last'] : ['last']
}

/** Label of a reading; it names the reading when the metric has several. */
export function readingLabel(key: string, reading: Reading): string {
  const { label } = metricInfo(key)
  return readingsOf(key).length > 1 ? `${label}, ${reading}` : label
}

type Read = Pick<RunSummary, 'latest' | 'best' | 'reported'>

/** The same for a column header, which omits the reading to quote. */
export function readingHeading(key: string, reading: Reading): string {
  const { label, short = label } = metricInfo(key)
  return reading === 'reported' || readingsOf(key).length === 1 ? short : `${short}, ${reading}`
}

/** Value of a reading in the metric's unit; undefined when the run has none. */
export function readValue(run: Read, key: string, reading: Reading): number | undefined {
  if (!readingsOf(key).includes(reading)) return undefined
  return { reported: run.reported?.values, best: run.best, last: run.latest }[reading]?.[key]
}

/** Number of images that an accuracy is a fraction of; undefined when unknown or when it is not an accuracy. */
export function imagesOf(run: Read, key: string, reading: Reading): number | undefined {
  const { images } = metricInfo(key)
  if (!images || reading === 'best') return undefined
  return (reading === 'reported' ? run.reported?.images : run.latest[images]) ?? undefined
}

/** 95% interval of an accuracy; null when the number of images is unknown or when it is not an accuracy. */
export const intervalOf = (run: Read, key: string, reading: Reading): [number, number] | null =>
  wilsonInterval(readValue(run, key, reading), imagesOf(run, key, reading))

/** The final results in a run's row; null when no test image was evaluated. */
export function reportedOf(result: RunResult | null): Reported | null {
  if (!result) return null
  const values = Object.entries(METRICS).flatMap(([key, { result: field }]) => {
    const value = field && result[field]
    return typeof value === 'number' && Number.isFinite(value) ? [[key, value] as const] : []
  })
  return values.length > 0 ? { step: result.step, images: result.images, values: Object.fromEntries(values) } : null
}

/** The best of the previous best and the new finite values; undefined when there is none or the metric has no best. */
export function bestOf(key: string, before: number | undefined, values: Iterable<number>): number | undefined {
  if (!readingsOf(key).includes('best')) return undefined
  const { better } = metricInfo(key)
  let best = before
  for (const value of values)
    if (Number.isFinite(value) && (best === undefined || (better === 'higher' ? value > best : value < best))) best = value
  return best
}

/** Steps, values and wall-clock times of consecutive points of a series; the arrays are sent as base64. */
export interface Points {
  /** Training step of each point, ascending. */
  steps: Float64Array
  /** NaN and infinities are data. */
  values: Float64Array
  /** Milliseconds since 1970 according to the system clock, which may go backwards. */
  times: Float64Array
}

export const PackedPointsSchema = z.strictObject({ count: z.int().min(0), steps: Base64Schema, values: Base64Schema, times: Base64Schema })
export type PackedPoints = z.infer<typeof PackedPointsSchema>

export const SeriesKeySchema = z
  .string()
  .min(1)
  .max(200)
  .refine((key) => !isReservedKey(key), 'is a reserved name: rename the series')

export const SeriesPointsSchema = z.strictObject({ key: SeriesKeySchema, points: PackedPointsSchema })
export type SeriesPoints = z.infer<typeof SeriesPointsSchema>

/** Maximum number of points per request for a range of a series, so that neither side is busy for long. */
export const MAX_STRETCH = 65_536

/** A series for an overview chart: all points while they are few, otherwise a reduction that draws the same line. */
export const SeriesOverviewSchema = z.strictObject({
  key: SeriesKeySchema,
  /** Number of stored points. */
  count: z.int().min(0),
  /** Whether `points` are complete. Otherwise their times are NaN and their steps lie within their group. */
  whole: z.boolean(),
  points: PackedPointsSchema,
})
export type SeriesOverview = z.infer<typeof SeriesOverviewSchema>

const doubles = (text: string): Float64Array => {
  const { buffer, byteLength } = fromBase64(text)
  return new Float64Array(buffer, 0, byteLength / 8)
}

/** Packs points as little-endian float64 in base64: exact, including NaN, and identical on all platforms of Electron. */
export function packPoints(points: Points): PackedPoints {
  return { count: points.steps.length, steps: toBase64(points.steps), values: toBase64(points.values), times: toBase64(points.times) }
}

/** @throws RangeError when the arrays do not have the stated length */
export function unpackPoints(packed: PackedPoints): Points {
  const [steps, values, times] = [packed.steps, packed.values, packed.times].map(doubles) as [Float64Array, Float64Array, Float64Array]
  const points = { steps, values, times }
  if (Object.values(points).some((array) => array.length !== packed.count))
    throw new RangeError(`points: ${packed.count} announced, other lengths found`)
  return points
}
