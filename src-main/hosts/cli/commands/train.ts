import { readFile } from 'node:fs/promises'
import { readConfigFile } from '../../../contract/config-file.js'
import { describeIssues } from '../../../contract/config-issues.js'
import type { RunOverrides } from '../../../contract/config.js'
import type { CreateRun, RunSummary } from '../../../contract/runs.js'
import { UserError } from '../../../contract/errors.js'
import { explainFileError } from '../../../data/disk.js'
import { userPath } from '../../home.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { followRun } from '../follow.js'
import { asJson } from '../format.js'
import { parseSetting, toOverrides } from '../settings.js'
import { withWorkbench, type Workbench } from '../workbench.js'

export interface TrainOptions extends CommonOptions {
  preset?: string
  dataset?: string
  /** Path of a configuration in JSON. */
  config?: string
  set?: string[]
  steps?: number
  epochs?: number
  seed?: number
  seeds?: number[]
  name?: string
  weights?: string
  resume?: string
}

async function toRequest({ client }: Workbench, options: TrainOptions): Promise<CreateRun> {
  const { steps, epochs, seed, name } = options
  const { preset: itsPreset, dataset: itsDataset, ...written } = options.config === undefined ? {} : await readConfig(options.config)
  const [preset, dataset] = [options.preset ?? itsPreset, options.dataset ?? itsDataset]
  if (!preset || !dataset)
    throw new UserError(
      'BAD_INPUT',
      'A run needs --preset and --dataset, or a --config that names them: `retrace presets` and `retrace datasets list` show what there is.',
    )
  if (steps !== undefined && epochs !== undefined) throw new UserError('BAD_INPUT', 'A run has either --steps or --epochs: leave one out.')
  if (seed !== undefined && options.seeds) throw new UserError('BAD_INPUT', 'A run has either --seed or --seeds: leave one out.')
  const settings = (options.set ?? []).map(parseSetting)
  // A length on the command line is in place of the one in the file.
  if (epochs !== undefined) delete written.steps
  const given: CreateRun['overrides'] = { ...written, ...(steps === undefined ? {} : { steps }), ...(seed === undefined ? {} : { seed }) }
  const overrides = await toOverrides(settings, async () => {
    const { config, issues } = await client.catalogue.preview.query({ preset, dataset, overrides: given })
    if (!config) throw new UserError('BAD_INPUT', issues.map(({ path, message }) => `${path}: ${message}`).join('; '))
    return config
  })
  return {
    preset,
    dataset,
    overrides: { ...given, ...overrides },
    ...(epochs === undefined ? {} : { epochs }),
    ...(name ? { name } : {}),
    ...(options.weights ? { weights: userPath(options.weights) } : {}),
  }
}

/** @throws UserError NOT_FOUND, or BAD_INPUT that names every field that is wrong */
async function readConfig(path: string): Promise<RunOverrides> {
  const file = userPath(path)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw explainFileError(error, file)
  }
  const { config, issues } = readConfigFile(text)
  if (config) return config
  throw new UserError('BAD_INPUT', `${file} is no configuration that can run. ${describeIssues(issues)}`)
}

/** What scripts rely on of a run that has ended. */
async function summarise({ client }: Workbench, ended: RunSummary) {
  const { result } = await client.runs.get.query({ id: ended.id })
  return {
    runId: ended.id,
    status: ended.status,
    testAccuracy: result?.testAccuracy ?? null,
    testLoss: result?.testLoss ?? null,
    weightsHash: result?.weightsHash ?? null,
    seconds: result?.seconds ?? ended.activeSeconds,
  }
}

/** Follows a run to its end and prints the object that scripts rely on as the last of standard output. */
export async function followAndPrint(workbench: Workbench, context: Context, run: RunSummary): Promise<void> {
  const { run: ended, status } = await followRun(workbench, context, run.id)
  context.print(asJson(await summarise(workbench, ended)))
  if (status !== 0) throw new ExitStatus(status)
}

/** Queues a run a seed and follows each to its end; prints an array of what `train` prints of one. */
async function trainSeveral(workbench: Workbench, context: Context, options: TrainOptions, seeds: number[]): Promise<void> {
  const runs = await workbench.client.runs.createSeveral.mutate({ request: await toRequest(workbench, options), seeds })
  context.note(`${runs.length} runs are queued: ${runs.map(({ id, seed }) => `${id} (seed ${seed})`).join(', ')}`)
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
    const run = options.resume
      ? await client.runs.resume.mutate({ id: options.resume })
      : await client.runs.create.mutate(await toRequest(workbench, options))
    context.note(`Run ${run.id}: ${run.preset} on ${run.dataset}, ${run.totalSteps} steps, seed ${run.seed}`)
    await followAndPrint(workbench, context, run)
  }
  const { resume, preset, dataset, config, set, steps, epochs, seed, seeds, weights } = options
  if (resume && (preset || dataset || config || set?.length || steps || epochs || seed !== undefined || seeds || weights))
    throw new UserError('BAD_INPUT', '--resume goes on with a run as it is: leave the other options out, or use `retrace runs fork`.')
  await withWorkbench(context, options, work, { lasting: true, handlesEnd: true })
}
