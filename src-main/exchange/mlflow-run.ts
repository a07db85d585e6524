import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { createInterface } from 'node:readline'
import { UserError } from '../contract/errors.js'
import type { IncomingRun } from '../features/runs/run-exchange.js'
import { CollectedSeries, type SeriesLimits } from './collected-series.js'
import { foreignRun } from './foreign-run.js'
import { listed } from './series-key.js'

/** Maximum size in bytes of small files: the description of a run, a parameter or a tag. */
const MOST_SMALL = 64 * 2 ** 10
/** Maximum size in bytes of the file of a metric: about five million values. */
const MOST_METRIC = 256 * 2 ** 20
/** Maximum number of files of one kind. */
const MOST_FILES = 10_000
const LONGEST_LINE = 1000

const META = 'meta.yaml'

/** The states of an MLflow run, by number or name. */
const STATES: Readonly<Record<string, 'finished' | 'failed' | 'stopped'>> = {
  3: 'finished', FINISHED: 'finished', 4: 'failed', FAILED: 'failed', 5: 'stopped', KILLED: 'stopped',
} // prettier-ignore

async function small(path: string): Promise<string> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    if (size > MOST_SMALL)
      throw new UserError('BAD_INPUT', `${path} has ${size} bytes, too many for a file of MLflow that describes a run.`)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/** The top-level plain values of an MLflow file; it uses no other part of YAML. Names come from tags, which contain them unfolded. */
function topLevel(yaml: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of yaml.split(/\r?\n/)) {
    const match = /^([a-z_]+): (.*)$/.exec(line)
    if (match) found.set(match[1]!, match[2]!.trim().replace(/^(['"])(.*)\1$/, '$2'))
  }
  return found
}

/** Every file in a folder and its subfolders by relative path, which is the key; empty if there is no such folder. */
async function filesOf(folder: string): Promise<Map<string, string>> {
  if (!(await stat(folder).catch(() => null))?.isDirectory()) return new Map()
  const files = new Map<string, string>()
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    if (files.size >= MOST_FILES) throw new UserError('BAD_INPUT', `${folder} has more than ${MOST_FILES} files, the maximum.`)
    files.set(relative(folder, path).split(sep).join('/'), path)
  }
  return files
}

/** Whether a folder is a run of MLflow's file store: experiments have the same file, but no metrics. */
export async function isMlflowRun(path: string): Promise<boolean> {
  const names = new Set(await readdir(path).catch(() => []))
  return names.has(META) && (names.has('metrics') || names.has('params')) && /^run_(id|uuid):/m.test(await small(join(path, META)))
}

/** Whether it was deleted in MLflow, which keeps its files. */
export const isDeletedMlflowRun = async (path: string): Promise<boolean> =>
  topLevel(await small(join(path, META))).get('lifecycle_stage') === 'deleted'

/** A number in Python's notation; undefined if it is not one. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const special = { nan: NaN, inf: Infinity, '-inf': -Infinity, infinity: Infinity, '-infinity': -Infinity }[text.toLowerCase()]
  const value = special ?? Number(text)
  return special === undefined && Number.isNaN(value) ? undefined : value
}

/** A parameter, which MLflow stores as text. */
function parameterOf(text: string): string | number | boolean {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  const number = numberOf(text)
  return number !== undefined && Number.isFinite(number) ? number : text
}

/**
 * A run of MLflow's file store (`mlruns/EXPERIMENT/RUN`): its metrics, parameters, tags, notes, name, state and times. Artifacts are left
 * out.
 * @throws UserError BAD_INPUT if it is damaged, or contains no scalars or too many
 */
export async function readMlflowRun(path: string, limits?: SeriesLimits): Promise<IncomingRun> {
  const meta = topLevel(await small(join(path, META)))
  const collected = new CollectedSeries(basename(path), limits)
  const wrong: string[] = []
  for (const [key, file] of await filesOf(join(path, 'metrics'))) {
    if ((await stat(file)).size > MOST_METRIC) throw new UserError('BAD_INPUT', `${file} has more than ${MOST_METRIC} bytes, the maximum.`)
    let bad = false
    for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
      if (line === '') continue
      // Time in milliseconds, value, step; versions since 2025 add a data set. The first versions had no step.
      const [time, value, step = '0'] = line.slice(0, LONGEST_LINE).split(' ')
      const number = numberOf(value)
      if (number === undefined || line.length > LONGEST_LINE) bad = true
      else collected.add(key, Number(step), number, numberOf(time) ?? null)
    }
    if (bad) wrong.push(key)
  }
  const config: Record<string, unknown> = {}
  for (const [key, file] of await filesOf(join(path, 'params'))) config[key] = parameterOf(await small(file))
  const tags = new Map<string, string>()
  for (const [key, file] of await filesOf(join(path, 'tags'))) tags.set(key, await small(file))
  const experiment = await small(join(path, '..', META)).then(
    (text) => topLevel(text).get('name'),
    () => undefined,
  )
  const status = STATES[meta.get('status') ?? ''] ?? 'interrupted'
  const { series, assumptions } = collected.finish()
  return foreignRun({
    tracker: 'MLflow',
    tag: 'mlflow',
    name: tags.get('mlflow.runName') || meta.get('run_name') || basename(path),
    status,
    reason: status === 'interrupted' ? 'It had not ended when it was imported.' : null,
    startedAt: numberOf(meta.get('start_time')) ?? null,
    endedAt: numberOf(meta.get('end_time')) ?? null,
    config,
    project: experiment ?? null,
    tags: [...tags].filter(([key]) => !key.startsWith('mlflow.')).map(([key, value]) => (value === '' ? key : `${key}=${value}`)),
    notes: tags.get('mlflow.note.content') ?? '',
    series,
    assumptions: [...assumptions, ...(wrong.length > 0 ? [`Lines that hold no number were skipped in ${listed(wrong)}.`] : [])],
  })
}
