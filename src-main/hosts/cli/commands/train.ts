import type { CreateRun, RunSummary } from '../../../contract/runs.js'
import { UserError } from '../../../contract/errors.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { followRun } from '../follow.js'
import { asJson } from '../format.js'
import { parseSetting, toOverrides } from '../settings.js'
import { withWorkbench, type Workbench } from '../workbench.js'

export interface TrainOptions extends CommonOptions {
  preset?: string
  dataset?: string
  set?: string[]
  steps?: number
  epochs?: number
  seed?: number
  name?: string
  resume?: string
}

async function toRequest({ client }: Workbench, options: TrainOptions): Promise<CreateRun> {
  const { preset, dataset, steps, epochs, seed, name } = options
  if (!preset || !dataset)
    throw new UserError(
      'BAD_INPUT',
      'A run needs --preset and --dataset: `retrace presets` and `retrace datasets list` show what there is.',
    )
  if (steps !== undefined && epochs !== undefined) throw new UserError('BAD_INPUT', 'A run has either --steps or --epochs: leave one out.')
  const settings = (options.set ?? []).map(parseSetting)
  const given: CreateRun['overrides'] = { ...(steps === undefined ? {} : { steps }), ...(seed === undefined ? {} : { seed }) }
  const overrides = await toOverrides(settings, async () => {
    const { config, issues } = await client.catalogue.preview.query({ preset, dataset, overrides: given })
    if (!config) throw new UserError('BAD_INPUT', issues.map(({ path, message }) => `${path}: ${message}`).join('; '))
    return config
  })
  return { preset, dataset, overrides: { ...given, ...overrides }, ...(epochs === undefined ? {} : { epochs }), ...(name ? { name } : {}) }
}

/** Follows a run to its end and prints the object that scripts rely on as the last of standard output. */
export async function followAndPrint(workbench: Workbench, context: Context, run: RunSummary): Promise<void> {
  const { run: ended, status } = await followRun(workbench, context, run.id)
  const { result } = await workbench.client.runs.get.query({ id: run.id })
  context.print(
    asJson({
      runId: run.id,
      status: ended.status,
      testAccuracy: result?.testAccuracy ?? null,
      testLoss: result?.testLoss ?? null,
      weightsHash: result?.weightsHash ?? null,
      seconds: result?.seconds ?? ended.activeSeconds,
    }),
  )
  if (status !== 0) throw new ExitStatus(status)
}

export async function train(context: Context, options: TrainOptions): Promise<void> {
  const work = async (workbench: Workbench): Promise<void> => {
    const { client } = workbench
    const run = options.resume
      ? await client.runs.resume.mutate({ id: options.resume })
      : await client.runs.create.mutate(await toRequest(workbench, options))
    context.note(`Run ${run.id}: ${run.preset} on ${run.dataset}, ${run.totalSteps} steps, seed ${run.seed}`)
    await followAndPrint(workbench, context, run)
  }
  if (options.resume && (options.preset || options.dataset || options.set?.length || options.steps || options.epochs || options.seed))
    throw new UserError('BAD_INPUT', '--resume goes on with a run as it is: leave the other options out, or use `retrace runs fork`.')
  await withWorkbench(context, options, work, { lasting: true, handlesEnd: true })
}
