import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { basename } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import protobuf from 'protobufjs'
import { UserError } from '../contract/errors.js'
import type { Points } from '../contract/metrics.js'
import { isReservedKey } from '../contract/reserved-key.js'
import { readHparams } from './hparams.js'
import { encodeRecord, readRecords } from './records.js'
import { LONGEST_NAME, listed, seriesKey } from './series-key.js'

/** The parts of TensorFlow's event.proto, summary.proto and tensor.proto that are used, with their field numbers. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Dim { int64 size = 1; }
  message Shape { repeated Dim dim = 2; }
  message Tensor {
    int32 dtype = 1; Shape tensor_shape = 2; bytes tensor_content = 4;
    repeated float float_val = 5 [packed = true]; repeated double double_val = 6 [packed = true];
  }
  message PluginData { string plugin_name = 1; bytes content = 2; }
  message Metadata { PluginData plugin_data = 1; string display_name = 2; }
  message Value { string tag = 1; oneof kind { float simple_value = 2; Tensor tensor = 8; } Metadata metadata = 9; }
  message Summary { repeated Value value = 1; }
  message Event { double wall_time = 1; int64 step = 2; oneof what {
    string file_version = 3; bytes graph_def = 4; Summary summary = 5; bytes log_message = 6; bytes session_log = 7;
    bytes tagged_run_metadata = 8; bytes meta_graph_def = 9;
  } }
`)
const Event = root.lookupType('Event')

const FLOAT = 1
const DOUBLE = 2

/** Events without values, and their content. Marks of a session's start and end are ignored. */
const OTHER_EVENTS = {
  graphDef: 'graphs',
  metaGraphDef: 'graphs with their variables',
  logMessage: 'messages',
  taggedRunMetadata: 'measurements of a step',
} as const

interface Tensor {
  dtype?: number
  tensorShape?: { dim?: { size?: number }[] }
  tensorContent?: Uint8Array
  floatVal?: number[]
  doubleVal?: number[]
}
interface Metadata {
  pluginData?: { pluginName?: string; content?: Uint8Array }
}
interface EventShape extends Partial<Record<keyof typeof OTHER_EVENTS, unknown>> {
  wallTime?: number
  step?: number
  summary?: { value?: { tag?: string; simpleValue?: number; tensor?: Tensor; metadata?: Metadata }[] }
}

export interface EventLimits {
  tags: number
  points: number
}
const LIMITS: EventLimits = { tags: 2000, points: 50_000_000 }

/**
 * Writes series as a TensorBoard event file, in the order of their times. Scalars are tensors of doubles, which TensorBoard reads like
 * floats, so that nothing is rounded. Steps must be integers.
 */
export async function writeEventFile(path: string, series: Iterable<{ key: string; points: Points }>): Promise<void> {
  const record = (event: object): Buffer => encodeRecord(Event.encode(Event.fromObject(event)).finish())
  function* records(): Generator<Buffer> {
    let first = true
    for (const { key, points } of series) {
      const { steps, values, times } = points
      for (let i = 0; i < steps.length; i++) {
        if (first) yield record({ wallTime: (times[i] as number) / 1000, fileVersion: 'brain.Event:2' })
        const tensor = { dtype: DOUBLE, tensorShape: {}, doubleVal: [values[i]] }
        // Only the first summary of a tag states which plugin displays it.
        const metadata = i === 0 ? { metadata: { pluginData: { pluginName: 'scalars' }, displayName: key } } : {}
        yield record({ wallTime: (times[i] as number) / 1000, step: steps[i], summary: { value: [{ tag: key, tensor, ...metadata }] } })
        first = false
      }
    }
    if (first) yield record({ wallTime: 0, fileVersion: 'brain.Event:2' })
  }
  await pipeline(Readable.from(chunked(records())), createWriteStream(path, { flags: 'wx' }))
}

/** Batches records into chunks large enough for a write. */
function* chunked(records: Iterable<Buffer>): Generator<Buffer> {
  let waiting: Buffer[] = []
  let size = 0
  for (const record of records) {
    waiting.push(record)
    size += record.length
    if (size < 2 ** 18) continue
    yield Buffer.concat(waiting)
    waiting = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(waiting)
}

function scalarOf({ simpleValue, tensor }: { simpleValue?: number; tensor?: Tensor }): number | undefined {
  if (simpleValue !== undefined) return simpleValue
  if (!tensor) return undefined
  const { dtype, tensorShape, floatVal = [], doubleVal = [], tensorContent } = tensor
  // A tensor of equal values may be stored as a single one.
  if (tensorShape?.dim?.some(({ size = 0 }) => size !== 1)) return undefined
  if (dtype === DOUBLE && doubleVal.length === 1) return doubleVal[0]
  if (dtype === FLOAT && floatVal.length === 1) return floatVal[0]
  if (!tensorContent) return undefined
  const view = new DataView(tensorContent.buffer, tensorContent.byteOffset, tensorContent.byteLength)
  if (dtype === DOUBLE && view.byteLength === 8) return view.getFloat64(0, true)
  if (dtype === FLOAT && view.byteLength === 4) return view.getFloat32(0, true)
  return undefined
}

/** Milliseconds of reading after which control is returned to the event loop. */
const BREATH_MS = 10

interface Growing {
  steps: number[]
  values: number[]
  times: number[]
}

/** The content of event files, and sentences on how anything other than plain scalars was handled. */
export interface EventSeries {
  series: { key: string; points: Points }[]
  /** Hyperparameters for TensorBoard's table of hyperparameters. */
  config: Record<string, string | number | boolean>
  assumptions: string[]
}

/**
 * The scalars in the TensorBoard event files of one run, by tag, as TensorBoard shows them: the files are read in the order of their names,
 * and a point replaces all earlier ones of its tag with the same or a later step, as after a restart. What cannot be kept unchanged is
 * reported.
 * @throws UserError BAD_INPUT for a file that is not an event file, is damaged, contains no scalars or too many, or steps beyond the range
 *   of numbers
 */
export async function readEventFiles(paths: readonly string[], limits: Partial<EventLimits> = {}): Promise<EventSeries> {
  const { tags: mostTags, points: mostPoints } = { ...LIMITS, ...limits }
  const byTag = new Map<string, Growing>()
  const keys = new Map<string, string>()
  const withStep = new Set<string>()
  const others = new Map<string, number>()
  const untimed = new Map<string, number>()
  const otherEvents = new Map<string, number>()
  const cut: string[] = []
  const hparams: Record<string, string | number | boolean> = {}
  let [total, replaced, lastTime] = [0, 0, 0]
  let resumed = performance.now()
  for (const path of paths) {
    const name = basename(path)
    for await (const content of readRecords(path, (bytes) => cut.push(`${bytes} bytes of ${name}`))) {
      if (performance.now() - resumed > BREATH_MS) {
        // A file of several GB in the page cache is read without a pause, in which no other request would be served.
        await nextTurn()
        resumed = performance.now()
      }
      let event: EventShape
      try {
        event = Event.toObject(Event.decode(content), { longs: Number }) as EventShape
      } catch (error) {
        throw new UserError('BAD_INPUT', `${name} contains a record that is not a TensorBoard event. Choose another file.`, {
          cause: error,
        })
      }
      for (const [kind, what] of Object.entries(OTHER_EVENTS) as [keyof typeof OTHER_EVENTS, string][])
        if (event[kind] !== undefined) otherEvents.set(what, (otherEvents.get(what) ?? 0) + 1)
      const step = event.step ?? 0
      for (const value of event.summary?.value ?? []) {
        const scalar = scalarOf(value)
        const tag = value.tag ?? ''
        if (value.metadata?.pluginData?.pluginName === 'hparams') {
          Object.assign(hparams, readHparams(value.metadata.pluginData.content))
          continue
        }
        if (scalar === undefined || tag === '') {
          others.set(tag, (others.get(tag) ?? 0) + 1)
          continue
        }
        if (!Number.isSafeInteger(step) || step < 0)
          throw new UserError(
            'BAD_INPUT',
            `${name} has ${tag} at step ${step}, but steps must be from 0 to 2^53. Write the file with such steps.`,
          )
        const key = keys.get(tag) ?? seriesKey(tag)
        let series = byTag.get(key)
        if (!series) {
          if (byTag.size >= mostTags)
            throw new UserError('BAD_INPUT', `${name} has more than ${mostTags} tags, the maximum. Import a file with fewer.`)
          keys.set(tag, key)
          byTag.set(key, (series = { steps: [], values: [], times: [] }))
        }
        if (++total > mostPoints)
          throw new UserError('BAD_INPUT', `${name} has more than ${mostPoints} scalars, the maximum. Import a file with fewer.`)
        if (step > 0 && !withStep.has(key)) {
          withStep.add(key)
          replaced += keepLast(series)
        }
        // A tag whose points are all at step 0 has no steps, which is only known at its end.
        if (withStep.has(key)) replaced += dropFrom(series, step)
        series.steps.push(step)
        series.values.push(scalar)
        const time = millisecondsOf(event.wallTime ?? 0)
        if (time === null) untimed.set(key, (untimed.get(key) ?? 0) + 1)
        series.times.push(time ?? series.times.at(-1) ?? lastTime)
        lastTime = series.times.at(-1) as number
      }
    }
  }
  const names = paths.map((path) => basename(path)).join(', ')
  if (total === 0) throw new UserError('BAD_INPUT', `${names} contains no scalars to import. Choose another file.`)
  const numbered: string[] = []
  for (const [key, series] of byTag) {
    if (series.steps.length < 2 || withStep.has(key)) continue
    numbered.push(key)
    series.steps = series.steps.map((_, at) => at)
  }
  const long = [...keys].filter(([tag, key]) => tag !== key && !isReservedKey(tag)).map(([, key]) => key)
  const renamed = [...keys].filter(([tag]) => isReservedKey(tag))
  const left = [...others.values()].reduce((sum, count) => sum + count, 0)
  const assumptions = [
    ...(paths.length > 1
      ? [`${paths.length} files were read as one run, in the order of their names: ${listed(paths.map((path) => basename(path)))}.`]
      : []),
    ...(cut.length ? [`The last record was skipped because it is truncated, as after a kill: ${cut.join(', ')}.`] : []),
    ...(numbered.length ? [`Values without steps were numbered from 0 in file order: ${listed(numbered)}.`] : []),
    ...(replaced ? [`${replaced} scalars were replaced by later ones with the same or an earlier step, as after a restart.`] : []),
    ...(long.length ? [`Tags of more than ${LONGEST_NAME} characters were shortened: ${listed(long)}.`] : []),
    ...(renamed.length
      ? [`Tags with another meaning in Retrace were renamed: ${listed(renamed.map(([tag, key]) => `${tag} is ${key}`))}.`]
      : []),
    ...(untimed.size
      ? [
          `${[...untimed.values()].reduce((sum, count) => sum + count, 0)} scalars of ${listed([...untimed.keys()])} have an invalid time (not a number, or not from 1970 to 9999) and were given that of the previous scalar.`,
        ]
      : []),
    ...(otherEvents.size
      ? [`Events without values were skipped: ${[...otherEvents].map(([what, count]) => `${count} of ${what}`).join(', ')}.`]
      : []),
    ...(left
      ? [
          `${left} values were skipped because they are not scalars (images, histograms, texts) or have no tag: ${listed([...others.keys()].map((tag) => tag || '(no tag)'))}.`,
        ]
      : []),
  ]
  return { series: [...byTag].map(([key, series]) => ({ key, points: typed(series) })), config: hparams, assumptions }
}

/** Removes points with that step or a later one; returns their number. */
function dropFrom({ steps, values, times }: Growing, step: number): number {
  let length = steps.length
  while (length > 0 && (steps[length - 1] as number) >= step) length--
  const dropped = steps.length - length
  for (const numbers of [steps, values, times]) numbers.length = length
  return dropped
}

/** Of several points with one step only the last is kept; returns the number of others. */
function keepLast({ steps, values, times }: Growing): number {
  const others = Math.max(0, steps.length - 1)
  for (const numbers of [steps, values, times]) numbers.splice(0, others)
  return others
}

/** The last second of the year 9999, the limit of date formats. */
const LAST_SECOND = 253_402_300_799

/** The time of an event, given in seconds, to the microsecond; null if it is invalid. */
const millisecondsOf = (seconds: number): number | null => (seconds >= 0 && seconds <= LAST_SECOND ? Math.round(seconds * 1e6) / 1e3 : null)

function typed({ steps, values, times }: Growing): Points {
  return { steps: Float64Array.from(steps), values: Float64Array.from(values), times: Float64Array.from(times) }
}
