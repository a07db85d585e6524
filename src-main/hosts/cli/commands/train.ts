import { readFile } from 'node:fs/promises'
import { wilsonInterval } from '../../../contract/binomial.js'
import { readConfigFile } from '../../../contract/config-file.js'
import { describeIssues } from '../../../contract/config-issues.js'
import type { Architecture, ConfigIssue } from '../../../contract/catalogue.js'
import type { RunOverrides } from '../../../contract/config.js'
import { doubtsOf } from '../../../contract/datasets.js'
import type { CreateRun, RunSummary } from '../../../contract/runs.js'
import { UserError } from '../../../contract/errors.js'
import { recipeWarnings } from '../../../contract/recipe-warnings.js'
import { explainFileError } from '../../../data/disk.js'
import { userPath } from '../../home.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { followRun } from '../follow.js'
import { asJson } from '../format.js'
import { parseSetting, toOverrides } from '../settings.js'
import { projectNamed } from './projects.js'
import { placeOf, type OnOptions } from './cluster.js'
import { withWorkbench, type Workbench } from '../workbench.js'

export interface TrainOptions extends CommonOptions, OnOptions {
  preset?: string
  dataset?: string
  /** Path of a JSON configuration. */
  config?: string
  set?: string[]
  steps?: number
  epochs?: number
  seed?: number
  seeds?: number[]
  name?: string
  project?: string
  weights?: string
  device?: string
  resume?: string
  /** Step of the checkpoint to resume from. */
  step?: number
}

async function toRequest(workbench: Workbench, options: TrainOptions): Promise<CreateRun> {
  const { client } = workbench
  const place = await placeOf(workbench, options)
  const { steps, epochs, seed, name } = options
  const {
    preset: itsPreset,
    dataset: itsDataset,
    ...written
  } = options.config === undefined ? {} : await readConfig(options.config, await client.catalogue.architectures.query())
  const [preset, dataset] = [options.preset ?? itsPreset, options.dataset ?? itsDataset]
  if (!preset || !dataset)
    throw new UserError(
      'BAD_INPUT',
      'A run needs --preset and --dataset, or a --config that contains them. `retrace presets` and `retrace datasets list` show the choices.',
    )
  if (steps !== undefined && epochs !== undefined)
    throw new UserError('BAD_INPUT', '--steps and --epochs exclude each other. Remove one of them.')
  if (seed !== undefined && options.seeds) throw new UserError('BAD_INPUT', '--seed and --seeds exclude each other. Remove one of them.')
  const settings = (options.set ?? []).map(parseSetting)
  // A length on the command line replaces the one in the file.
  if (epochs !== undefined) delete written.steps
  const given: CreateRun['overrides'] = { ...written, ...(steps === undefined ? {} : { steps }), ...(seed === undefined ? {} : { seed }) }
  const overrides = await toOverrides(settings, async (whole) => {
    // A schedule in fractions of the run is converted to steps here, which needs the length of the run.
    const length = epochs === undefined ? {} : { epochs }
    const { config, issues } = await client.catalogue.preview.query({ preset, dataset, overrides: { ...given, ...whole }, ...length })
    if (!config) throw new UserError('BAD_INPUT', issues.map(({ path, message }) => `${path}: ${message}`).join('; '))
    return config
  })
  return {
    preset,
    dataset,
    overrides: { ...given, ...overrides },
    ...(epochs === undefined ? {} : { epochs }),
    ...(name ? { name } : {}),
    ...(options.project ? { projectId: await projectNamed(client, options.project) } : {}),
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(options.weights ? { weights: userPath(options.weights) } : {}),
    ...(place ? { place } : {}),
  }
}

/** @throws UserError NOT_FOUND, or BAD_INPUT that names every wrong field */
async function readConfig(path: string, architectures: readonly Architecture[]): Promise<RunOverrides> {
  const file = userPath(path)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw explainFileError(error, file)
  }
  const { config, issues } = readConfigFile(text, architectures)
  if (config) return config
  throw new UserError('BAD_INPUT', `${file} is not a valid configuration. ${describeIssues(issues)}`)
}

/** The settings of a run that have no effect or do harm. */
async function warningsOf({ client }: Workbench, { id, dataset: name }: RunSummary): Promise<ConfigIssue[]> {
  const [{ config }, datasets] = await Promise.all([client.runs.get.query({ id }), client.datasets.list.query()])
  return recipeWarnings(
    config,
    datasets.find((dataset) => dataset.name === name),
  )
}

/** Prints these warnings before the run has cost any time. */
async function warn(workbench: Workbench, context: Context, run: RunSummary): Promise<void> {
  for (const { path, message } of await warningsOf(workbench, run)) context.note(`Warning: ${path}: ${message}`)
  const dataset = (await workbench.client.datasets.list.query()).find(({ name }) => name === run.dataset)
  for (const { text, missing } of dataset ? doubtsOf(dataset) : []) context.note(missing ? `Warning: ${text}` : `Data set ${text}`)
}

/** The summary of an ended run that scripts rely on. */
async function summarise(workbench: Workbench, ended: RunSummary) {
  const { result } = await workbench.client.runs.get.query({ id: ended.id })
  return {
    runId: ended.id,
    status: ended.status,
    testAccuracy: result?.testAccuracy ?? null,
    testLoss: result?.testLoss ?? null,
    testAccuracyInterval: wilsonInterval(result?.testAccuracy, result?.images),
    step: result?.step ?? null,
    testImages: result?.images ?? null,
    weightsHash: result?.weightsHash ?? null,
    seconds: result?.seconds ?? ended.activeSeconds,
    warnings: await warningsOf(workbench, ended),
  }
}

/** Follows a run until it ends and prints its summary for scripts as the last output. */
export async function followAndPrint(workbench: Workbench, context: Context, run: RunSummary): Promise<void> {
  await warn(workbench, context, run)
  const { run: ended, status } = await followRun(workbench, context, run.id)
  context.print(asJson(await summarise(workbench, ended)))
  if (status !== 0) throw new ExitStatus(status)
}

/** Queues one run per seed, follows them until they end, and prints an array of summaries. */
async function trainSeveral(workbench: Workbench, context: Context, options: TrainOptions, seeds: number[]): Promise<void> {
  const runs = await workbench.client.runs.createSeveral.mutate({ request: await toRequest(workbench, options), seeds })
  context.note(`Queued ${runs.length} runs: ${runs.map(({ id, seed }) => `${id} (seed ${seed})`).join(', ')}`)
  // The warnings do not depend on the seed.
  if (runs[0]) await warn(workbench, context, runs[0])
  const ends = await Promise.all(runs.map(({ id }) => followRun(workbench, { ...context, progress: null }, id)))
  const results = []
  for (const { run } of ends) results.push(await summarise(workbench, run))
  context.print(asJson(results))
  const bad = ends.find(({ status }) => status !== 0)
  if (bad) throw new ExitStatus(bad.status)
}

export async function train(context: Context, options: TrainOptions): Promise<void> {
  const work = async (workbench: Workbench): Promise<void> => {
    const { client } = workbench
    if (options.seeds) return trainSeveral(workbench, context, options, options.seeds)
    if (options.resume && options.on) {
      const resources = (await placeOf(workbench, options)) ?? null
      await client.cluster.place.mutate({ id: options.resume, resources })
    }
    const run = options.resume
      ? await client.runs.resume.mutate({ id: options.resume, step: options.step })
      : await client.runs.create.mutate(await toRequest(workbench, options))
    context.note(`Run ${run.id}: ${run.preset} on ${run.dataset}, ${run.totalSteps} steps, seed ${run.seed}`)
    await followAndPrint(workbench, context, run)
  }
  const { resume, preset, dataset, config, set, steps, epochs, seed, seeds, weights } = options
  if (resume && (preset || dataset || config || set?.length || steps || epochs || seed !== undefined || seeds || weights))
    throw new UserError(
      'BAD_INPUT',
      '--resume continues a run unchanged and excludes these options. Remove them, or use `retrace runs fork`.',
    )
  if (options.step !== undefined && !resume)
    throw new UserError('BAD_INPUT', '--step selects the checkpoint for --resume. Add --resume, or use --steps for the length of the run.')
  await withWorkbench(context, options, work, { lasting: true, handlesEnd: true })
}
