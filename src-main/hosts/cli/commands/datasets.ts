import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Dataset, ImageOptions, ImportEstimate, Readings } from '../../../contract/datasets.js'
import { incompleteDownload } from '../../../contract/datasets.js'
import { UserError } from '../../../contract/errors.js'
import { userPath } from '../../home.js'
import type { CommonOptions, Context } from '../context.js'
import { followTask } from '../follow-task.js'
import { asJson, bytes, table } from '../format.js'
import { withWorkbench, type Workbench } from '../workbench.js'

const shape = ({ image: { height, width, channels }, kind }: Dataset): string =>
  kind === 'points' ? `${channels} coordinates` : `${height}x${width}x${channels}`

function reportLines({ report, kind }: Dataset): string[] {
  if (!report) return []
  const { stored, resized, recoloured, skipped, seconds } = report
  const changed = [...(resized ? [`${resized} resized`] : []), ...(recoloured ? [`${recoloured} converted in colour`] : [])]
  const count = `  ${stored} ${kind === 'images' ? 'images' : 'points'} read in ${seconds.toFixed(1)} s`
  return [
    [count, ...changed].join(', '),
    ...skipped.map(
      ({ why, count, examples }) => `  ${count} skipped, ${why}: ${examples.slice(0, 5).join(', ')}${count > 5 ? ', ...' : ''}`,
    ),
  ]
}

function describe(set: Dataset): string[] {
  const { train, test, unlabelled } = set.counts
  const counts = [`${train} training`, `${test} test`, ...(unlabelled > 0 ? [`${unlabelled} unlabelled`] : [])].join(', ')
  return [
    `${set.name}: ${shape(set)}, ${set.classNames.length} classes, ${counts}, ${bytes(set.bytes)}`,
    ...set.notes.map((note) => `  ${note}`),
    ...(set.assumptions ?? []).map((assumption) => `  assumed: ${assumption}`),
    ...reportLines(set),
  ]
}

/** The caveats after a name in the list: missing files and the number of assumptions. */
function doubts(set: Dataset): string {
  const assumed = set.assumptions?.length ?? 0
  const said = [
    ...(incompleteDownload(set) === undefined ? [] : ['incomplete']),
    ...(assumed ? [assumed === 1 ? '1 assumption' : `${assumed} assumptions`] : []),
  ]
  return said.length ? ` (${said.join(', ')})` : ''
}

export async function listDatasets(context: Context, options: CommonOptions): Promise<void> {
  const sets = await withWorkbench(context, options, ({ client }) => client.datasets.list.query())
  if (options.json) return context.print(asJson(sets))
  const rows = sets.map((set) => [
    set.name + doubts(set),
    shape(set),
    String(set.classNames.length),
    String(set.counts.train),
    String(set.counts.test),
    bytes(set.bytes),
    set.format,
  ])
  table(['NAME', 'SHAPE', 'CLASSES', 'TRAIN', 'TEST', 'SIZE', 'FORMAT'], rows).forEach(context.print)
}

/**
 * Runs long work on a data set and shows its progress on the terminal; Ctrl+C cancels it.
 * @param work calls `begin` with the work of the task
 */
async function withTask<T>(
  context: Context,
  options: CommonOptions,
  work: (workbench: Workbench, taskId: string, begin: <R>(task: () => Promise<R>) => Promise<R>) => Promise<T>,
): Promise<T> {
  const id = randomUUID()
  return withWorkbench(
    context,
    options,
    (workbench) => {
      const cancel = () => workbench.client.datasets.cancelTask.mutate({ taskId: id })
      return followTask(context, workbench, { id, tellsSteps: true, cancel }, (begin) => work(workbench, id, begin))
    },
    { lasting: true, handlesEnd: true },
  )
}

export interface ImportOptions extends CommonOptions, Readings {
  format?: string
  name?: string
  size?: { width: number; height: number }
  fit?: ImageOptions['fit']
  colour?: ImageOptions['colour']
  color?: ImageOptions['colour']
  testFraction?: number
}

export async function importDataset(context: Context, path: string, options: ImportOptions): Promise<void> {
  const { format, name, size, fit, colour = options.color, testFraction } = options
  const images = { size, fit, colour, testFraction }
  const readings: Readings = { values: options.values, channels: options.channels, folders: options.folders, only: options.only }
  const from = userPath(path)
  if (!existsSync(from)) throw new UserError('NOT_FOUND', `${from} does not exist. Give the path of the data set's files.`)
  const set = await withTask(context, options, async ({ client }, taskId, begin) => {
    context.note(estimateLine(await client.datasets.estimate.query({ path: from, format, name, images, readings })))
    return begin(() => client.datasets.import.mutate({ path: from, taskId, format, name, images, readings }))
  })
  if (options.json) context.print(asJson(set))
  else describe(set).forEach(context.print)
}

export interface MakeOptions extends CommonOptions {
  kind: string
  seed?: number
  points?: number
  noise?: number
}

export async function makeDataset(context: Context, name: string, { kind, seed, points, noise, ...options }: MakeOptions): Promise<void> {
  const set = await withWorkbench(context, options, ({ client }) => client.datasets.make.mutate({ name, kind, seed, points, noise }))
  if (options.json) context.print(asJson(set))
  else describe(set).forEach(context.print)
}

export async function renameDataset(context: Context, name: string, to: string, options: CommonOptions): Promise<void> {
  const set = await withWorkbench(context, options, ({ client }) => client.datasets.rename.mutate({ name, to }))
  context.print(options.json ? asJson(set) : `${name} was renamed to ${to}`)
}

/** The disk space that an import needs, in one line. */
function estimateLine({ format, name, storedBytes, temporaryBytes, freeBytes }: ImportEstimate): string {
  const what = format === null ? 'an archive' : `${name} (${format})`
  const takes = [
    ...(temporaryBytes ? [`${bytes(temporaryBytes)} during unpacking`] : []),
    ...(storedBytes === null ? [] : [`about ${bytes(storedBytes)} of disk space`]),
  ]
  return `${what}: needs ${takes.join(', ')}; ${bytes(freeBytes)} free`
}

export async function verifyDataset(context: Context, name: string, options: CommonOptions): Promise<void> {
  const verdict = await withTask(context, options, ({ client }, taskId, begin) =>
    begin(() => client.datasets.verify.mutate({ name, taskId })),
  )
  if (options.json) context.print(asJson({ name, ...verdict }))
  else if (verdict.ok) context.print(`${name}: complete and unchanged`)
  else verdict.problems.forEach((problem) => context.print(`${name}: ${problem}`))
  if (!verdict.ok) throw new UserError('BAD_INPUT', `The data set ${name} is damaged. Remove it and import it again.`)
}

export async function removeDataset(context: Context, name: string, options: CommonOptions): Promise<void> {
  await withWorkbench(context, options, ({ client }) => client.datasets.remove.mutate({ name }))
  context.print(options.json ? asJson({ removed: name }) : `${name} was removed`)
}
