import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { basename } from 'node:path'
import protobuf from 'protobufjs'
import { UserError } from '../contract/errors.js'
import type { Points } from '../contract/metrics.js'
import { encodeRecord, readRecords } from './records.js'

/** What is used of TensorFlow's event.proto, summary.proto and tensor.proto (field numbers are theirs). */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Shape {}
  message Tensor {
    int32 dtype = 1; Shape tensor_shape = 2; bytes tensor_content = 4;
    repeated float float_val = 5 [packed = true]; repeated double double_val = 6 [packed = true];
  }
  message PluginData { string plugin_name = 1; }
  message Metadata { PluginData plugin_data = 1; string display_name = 2; }
  message Value { string tag = 1; oneof kind { float simple_value = 2; Tensor tensor = 8; } Metadata metadata = 9; }
  message Summary { repeated Value value = 1; }
  message Event { double wall_time = 1; int64 step = 2; oneof what { string file_version = 3; Summary summary = 5; } }
`)
const Event = root.lookupType('Event')

const FLOAT = 1
const DOUBLE = 2

interface Tensor {
  dtype?: number
  tensorContent?: Uint8Array
  floatVal?: number[]
  doubleVal?: number[]
}
interface EventShape {
  wallTime?: number
  step?: number
  summary?: { value?: { tag?: string; simpleValue?: number; tensor?: Tensor }[] }
}

export interface EventLimits {
  tags: number
  points: number
}
const LIMITS: EventLimits = { tags: 2000, points: 50_000_000 }

/**
 * Writes series as a TensorBoard event file, in the order of their times. Scalars are tensors of doubles, which TensorBoard reads
 * as it does floats, so that nothing is rounded. Steps must be whole.
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
        // Only the first of a tag tells which plug-in shows it.
        const metadata = i === 0 ? { metadata: { pluginData: { pluginName: 'scalars' }, displayName: key } } : {}
        yield record({ wallTime: (times[i] as number) / 1000, step: steps[i], summary: { value: [{ tag: key, tensor, ...metadata }] } })
        first = false
      }
    }
    if (first) yield record({ wallTime: 0, fileVersion: 'brain.Event:2' })
  }
  await pipeline(Readable.from(chunked(records())), createWriteStream(path, { flags: 'wx' }))
}

/** Records together in pieces that are worth a write. */
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
  const { dtype, floatVal = [], doubleVal = [], tensorContent } = tensor
  if (dtype === DOUBLE && doubleVal.length === 1) return doubleVal[0]
  if (dtype === FLOAT && floatVal.length === 1) return floatVal[0]
  if (!tensorContent) return undefined
  const view = new DataView(tensorContent.buffer, tensorContent.byteOffset, tensorContent.byteLength)
  if (dtype === DOUBLE && view.byteLength === 8) return view.getFloat64(0, true)
  if (dtype === FLOAT && view.byteLength === 4) return view.getFloat32(0, true)
  return undefined
}

/**
 * The scalars of a TensorBoard event file, by tag; everything else in it is passed over. Of points with the same step the last
 * counts, as in TensorBoard after a restart.
 * @throws UserError BAD_INPUT for what is no event file, is damaged, holds no scalars or too many
 */
export async function readEventFile(path: string, limits: Partial<EventLimits> = {}): Promise<{ key: string; points: Points }[]> {
  const { tags: mostTags, points: mostPoints } = { ...LIMITS, ...limits }
  const name = basename(path)
  const byTag = new Map<string, { steps: number[]; values: number[]; times: number[] }>()
  let total = 0
  for await (const content of readRecords(path)) {
    let event: EventShape
    try {
      event = Event.toObject(Event.decode(content), { longs: Number }) as EventShape
    } catch (error) {
      throw new UserError('BAD_INPUT', `${name} holds a record that is no TensorBoard event: choose another file.`, { cause: error })
    }
    for (const value of event.summary?.value ?? []) {
      const scalar = scalarOf(value)
      const tag = value.tag
      if (scalar === undefined || tag === undefined || tag === '' || tag.length > 200) continue
      let series = byTag.get(tag)
      if (!series) {
        if (byTag.size >= mostTags) throw new UserError('BAD_INPUT', `${name} has more than ${mostTags} tags: refused.`)
        byTag.set(tag, (series = { steps: [], values: [], times: [] }))
      }
      if (++total > mostPoints) throw new UserError('BAD_INPUT', `${name} has more than ${mostPoints} scalars: refused.`)
      series.steps.push(event.step ?? 0)
      series.values.push(scalar)
      series.times.push(Math.round((event.wallTime ?? 0) * 1e6) / 1e3)
    }
  }
  if (total === 0) throw new UserError('BAD_INPUT', `${name} holds no scalars: there is nothing to import.`)
  return [...byTag].map(([key, series]) => ({ key, points: ascending(series) }))
}

function ascending({ steps, values, times }: { steps: number[]; values: number[]; times: number[] }): Points {
  const last = new Map(steps.map((step, i) => [step, i]))
  const order = [...last].sort(([a], [b]) => a - b).map(([, i]) => i)
  const pick = (numbers: number[]): Float64Array => Float64Array.from(order, (i) => numbers[i] as number)
  return { steps: pick(steps), values: pick(values), times: pick(times) }
}
