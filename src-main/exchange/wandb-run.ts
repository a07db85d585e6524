import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import protobuf from 'protobufjs'
import { parseBounded } from '../contract/bounded-json.js'
import { UserError } from '../contract/errors.js'
import type { IncomingRun } from '../features/runs/run-exchange.js'
import { CollectedSeries, type SeriesLimits } from './collected-series.js'
import { foreignRun } from './foreign-run.js'
import { listed } from './series-key.js'
import { readWandbLog } from './wandb-log.js'

/** The parts of wandb_internal.proto that are used, with their field numbers (wandb 0.12 to 0.31). */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Item {
    string key = 1; repeated string nested_key = 2;
    oneof value { bool boolean = 4; sint64 integer = 5; double number = 6; string text = 7; string json = 8; string value_json = 16; }
  }
  message Step { int64 num = 1; }
  message History { repeated Item item = 1; Step step = 2; }
  message Items { repeated Item update = 1; repeated Item remove = 2; }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message Run {
    string run_id = 1; string project = 3; Items config = 4; Items summary = 5; string display_name = 8; string notes = 9;
    repeated string tags = 10; Timestamp start_time = 17;
  }
  message Exit { int32 exit_code = 1; }
  message Record { oneof record_type { History history = 2; Items summary = 3; Items config = 6; Run run = 17; Exit exit = 18; } }
`)
const Record = root.lookupType('Record')

interface Item {
  key?: string
  nestedKey?: string[]
  boolean?: boolean
  integer?: number
  number?: number
  text?: string
  json?: string
  valueJson?: string
}
interface Items {
  update?: Item[]
  remove?: Item[]
}
interface RecordShape {
  history?: { item?: Item[]; step?: { num?: number } }
  summary?: Items
  config?: Items
  run?: {
    runId?: string
    project?: string
    config?: Items
    displayName?: string
    notes?: string
    tags?: string[]
    startTime?: { seconds?: number; nanos?: number }
  }
  exit?: { exitCode?: number }
}

const BOUNDS = { depth: 16, containers: 10_000 }
/** Milliseconds of reading after which control is returned to the event loop. */
const BREATH_MS = 10

/** A value; NaN and infinities, which JSON lacks, are written as in Python. undefined if it cannot be parsed. */
function valueOf({ boolean, integer, number, text, json, valueJson }: Item): unknown {
  const written = valueJson ?? json
  if (written === undefined) return boolean ?? integer ?? number ?? text
  if (/^-?(NaN|Infinity)$/.test(written)) return Number(written)
  try {
    return parseBounded(written, BOUNDS)
  } catch {
    // Reported together with everything that is left out.
    return undefined
  }
}

const pathOf = ({ key, nestedKey }: Item): string => key || (nestedKey ?? []).join('.')
/** Internal keys of W&B. */
const isInternal = (path: string): boolean => path.startsWith('_')

/** Numbers with their paths: a logged object has one for each of its leaves. Other values are passed to `leave`. */
function* scalars(path: string, value: unknown, leave: (path: string) => void): Generator<[string, number]> {
  if (typeof value === 'number') yield [path, value]
  else if (typeof value === 'boolean') yield [path, Number(value)]
  else if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') yield [path, Number(value)]
  else if (typeof value === 'object' && value !== null && !Array.isArray(value) && !('_type' in value))
    for (const [key, inner] of Object.entries(value)) yield* scalars(`${path}.${key}`, inner, leave)
  else if (value !== null) leave(path)
}

/** The file of a W&B run: the path itself, or the file in its folder; null for anything else. */
export async function wandbFile(path: string, isFolder: boolean): Promise<string | null> {
  if (!isFolder) return path.endsWith('.wandb') ? path : null
  const names = (await readdir(path, { withFileTypes: true })).flatMap((entry) =>
    entry.isFile() && entry.name.endsWith('.wandb') ? [entry.name] : [],
  )
  return names.length === 1 ? join(path, names[0]!) : null
}

/**
 * A run written by W&B on this machine, as in its offline mode (`wandb/offline-run-…/run-….wandb`): scalars of its history, summary values
 * that are not in the history, configuration, name, tags, notes and times. Media, system metrics and files are left out.
 * @throws UserError BAD_INPUT for any other kind of file, or one that is damaged or contains no scalars or too many
 */
export async function readWandbRun(path: string, limits?: SeriesLimits): Promise<IncomingRun> {
  const file = basename(path)
  const collected = new CollectedSeries(file, limits)
  const config = new Map<string, unknown>()
  const summary = new Map<string, unknown>()
  const left = new Map<string, number>()
  const leave = (key: string): void => void left.set(key, (left.get(key) ?? 0) + 1)
  const known: { run: RecordShape['run']; exit: RecordShape['exit'] | null } = { run: undefined, exit: null }
  let [lastStep, lastTime, cut, resumed] = [0, null as number | null, false, performance.now()]

  const take = (into: Map<string, unknown>, { update = [], remove = [] }: Items): void => {
    for (const item of update) if (!isInternal(pathOf(item))) into.set(pathOf(item), valueOf(item))
    for (const item of remove) into.delete(pathOf(item))
  }
  for await (const content of readWandbLog(path, () => (cut = true))) {
    if (performance.now() - resumed > BREATH_MS) {
      await nextTurn()
      resumed = performance.now()
    }
    let record: RecordShape
    try {
      record = Record.toObject(Record.decode(content), { longs: Number }) as RecordShape
    } catch (error) {
      throw new UserError('BAD_INPUT', `${file} contains a record that is not one of W&B. Copy it again from where it was written.`, {
        cause: error,
      })
    }
    if (record.config) take(config, record.config)
    if (record.summary) take(summary, record.summary)
    if (record.run) {
      known.run = { ...known.run, ...record.run }
      take(config, record.run.config ?? {})
    }
    if (record.exit) known.exit = record.exit
    if (!record.history) continue
    const items = (record.history.item ?? []).map((item): [string, unknown] => [pathOf(item), valueOf(item)])
    const internal = new Map(items)
    const [step, seconds] = [internal.get('_step') ?? record.history.step?.num ?? 0, internal.get('_timestamp')]
    lastTime = typeof seconds === 'number' ? seconds * 1000 : lastTime
    lastStep = Number(step)
    for (const [key, value] of items)
      if (!isInternal(key)) for (const [name, number] of scalars(key, value, leave)) collected.add(name, lastStep, number, lastTime)
  }
  // A value that is only in the summary becomes a single point at the end.
  for (const [key, value] of summary)
    if (!collected.has(key) && !left.has(key))
      for (const [name, number] of scalars(key, value, leave)) collected.add(name, lastStep, number, lastTime)

  const { series, assumptions } = collected.finish()
  const { run, exit } = known
  const code = exit?.exitCode ?? 0
  const start = run?.startTime
  return foreignRun({
    tracker: 'W&B',
    tag: 'wandb',
    name: run?.displayName || run?.runId || file,
    status: exit === null ? 'interrupted' : code === 0 ? 'finished' : 'failed',
    reason: exit === null ? 'Its file of W&B has no end.' : code === 0 ? null : `The program ended with code ${code}.`,
    startedAt: start?.seconds === undefined ? null : start.seconds * 1000 + (start.nanos ?? 0) / 1e6,
    endedAt: lastTime,
    config: Object.fromEntries(config),
    project: run?.project ?? null,
    tags: run?.tags ?? [],
    notes: run?.notes ?? '',
    series,
    assumptions: [
      ...assumptions,
      ...(cut ? ['The end of the file was skipped because it is truncated, as after a kill.'] : []),
      ...(left.size > 0 ? [`Values that are no scalars (media, tables, texts) were skipped: ${listed([...left.keys()])}.`] : []),
    ],
  })
}
