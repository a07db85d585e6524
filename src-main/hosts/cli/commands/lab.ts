import { randomUUID } from 'node:crypto'
import type { RunOverrides } from '../../../contract/config.js'
import { UserError } from '../../../contract/errors.js'
import { flowTable } from '../../../contract/flow-table.js'
import { INSTRUMENTS, InstrumentSettingSchema } from '../../../contract/instruments.js'
import { bySection, type DiagnosticInfo, type LabResult, type LabTargetInput } from '../../../contract/lab.js'
import { describeDiagnostic, allDiagnostics, findDiagnostic } from '../../../lab/registry.js'
import { userPath } from '../../home.js'
import type { CommonOptions, Context } from '../context.js'
import { describeInfo, readOptions, tellFindings, writeTables } from '../findings.js'
import { followTask } from '../follow-task.js'
import { asJson, table } from '../format.js'
import { parseSetting, toOverrides } from '../settings.js'
import { withWorkbench, type Workbench } from '../workbench.js'

export interface LabCommandOptions extends CommonOptions {
  run?: string
  step?: number
  preset?: string
  dataset?: string
  set?: string[]
  seed?: number
  option?: string[]
  csv?: string
}

/** Lists the diagnostics, or runs one of them. */
export async function lab(context: Context, name: string | undefined, options: LabCommandOptions): Promise<void> {
  if (name === undefined) return listDiagnostics(context, options)
  if (INSTRUMENTS.some(({ id }) => id === name)) return look(context, name, options)
  const diagnostic = describeDiagnostic(findDiagnostic(name))
  if (!options.run && !options.preset) return describe(context, diagnostic, options)
  const asked = readOptions(options.option ?? [])
  const taskId = `lab/${randomUUID()}`
  const found = await withWorkbench(
    context,
    options,
    async (workbench) => {
      const { client } = workbench
      const target = await findTarget(workbench, options)
      // The diagnostic may have just ended.
      const cancel = () => client.lab.cancel.mutate({ taskId }).catch(() => undefined)
      const { result } = await followTask(context, workbench, { id: taskId, tellsSteps: true, cancel }, (begin) =>
        begin(() => client.lab.run.mutate({ target, diagnostic: name, options: asked, taskId })),
      )
      return result
    },
    { lasting: true, handlesEnd: true },
  )
  if (options.csv !== undefined) await writeTables(context, userPath(options.csv), found.tables)
  if (options.json) context.print(asJson(found))
  else if (options.csv === undefined) tell(found).forEach(context.print)
}

/** Prints what an instrument shows at a setting: its table and summary, or with `--json` everything. */
async function look(context: Context, name: string, options: LabCommandOptions): Promise<void> {
  const asked = { instrument: name, ...readOptions(options.option ?? []) }
  const setting = InstrumentSettingSchema.safeParse(asked)
  if (!setting.success) {
    const { path, message } = setting.error.issues[0]!
    throw new UserError('BAD_INPUT', `--option ${path.join('.') || Object.keys(asked).at(-1)}: ${message}.`)
  }
  const view = await withWorkbench(context, options, async (workbench) =>
    workbench.client.lab.look.query({ target: await findTarget(workbench, options), setting: setting.data }),
  )
  const tables = view.instrument === 'flow' ? [flowTable(view, String)] : [view.table]
  if (options.csv !== undefined) await writeTables(context, userPath(options.csv), tables)
  if (options.json) context.print(asJson(view))
  else if (options.csv === undefined)
    [...tellFindings({ summary: view.instrument === 'flow' ? [] : view.summary, tables }), '', ...view.notes].forEach(context.print)
}

function listDiagnostics(context: Context, { json }: LabCommandOptions): void {
  const all = allDiagnostics().map(describeDiagnostic)
  if (json) return context.print(asJson(all))
  const [head, ...rows] = table(
    ['NAME', 'QUESTION'],
    [...all, ...INSTRUMENTS].map(({ id, question }) => [id, question]),
  )
  context.print(head!)
  context.print('Live in the window:')
  rows.slice(all.length).forEach(context.print)
  for (const { title, diagnostics } of bySection(all)) {
    context.print(`${title}:`)
    for (const each of diagnostics) context.print(rows[all.indexOf(each)]!)
  }
  context.print('`retrace lab NAME` describes a diagnostic; add --run, or --preset and --dataset, to run it.')
}

function describe(context: Context, info: DiagnosticInfo, { json }: LabCommandOptions): void {
  if (json) return context.print(asJson(info))
  describeInfo(info).forEach(context.print)
}

/** The network selected by the options: weights of a run, or the initial ones of a new network. @throws UserError BAD_INPUT */
async function findTarget(workbench: Workbench, options: LabCommandOptions): Promise<LabTargetInput> {
  const { run, preset, dataset, step } = options
  if (run !== undefined && (preset ?? dataset ?? options.seed) !== undefined)
    throw new UserError('BAD_INPUT', '--run uses the weights of a run. Remove --preset, --dataset and --seed.')
  if (run !== undefined && options.set?.length) throw new UserError('BAD_INPUT', '--run uses the configuration of the run. Remove --set.')
  if (step !== undefined && run === undefined) throw new UserError('BAD_INPUT', '--step selects a checkpoint of a run. Add --run.')
  if (run !== undefined) return { kind: 'run', id: run, ...(step === undefined ? {} : { step }) }
  if (!preset || !dataset)
    throw new UserError(
      'BAD_INPUT',
      'An untrained network needs --preset and --dataset: `retrace presets` and `retrace datasets list` list the available ones.',
    )
  const given: RunOverrides = options.seed === undefined ? {} : { seed: options.seed }
  const overrides: RunOverrides = await toOverrides((options.set ?? []).map(parseSetting), async (whole) => {
    const { config } = await workbench.client.catalogue.preview.query({ preset, dataset, overrides: { ...given, ...whole } })
    if (!config) throw new UserError('BAD_INPUT', `There is no network of preset ${preset} on data set ${dataset}.`)
    return config
  })
  return { kind: 'fresh', network: { preset, dataset, overrides: { ...given, ...overrides } } }
}

function tell({ title, subject, summary, tables, notes, suggestion, seconds }: LabResult): string[] {
  return [
    `${title}: ${subject.preset} (${subject.arch}) on ${subject.dataset}, ${subject.step === 0 ? 'at its start' : `step ${subject.step}`}, seed ${subject.seed}`,
    ...tellFindings({ summary, tables }),
    '',
    ...(suggestion ? [`For a new run: --set ${suggestion.key}=${suggestion.value}`] : []),
    ...notes.map(({ level, text }) => (level === 'warning' ? `Warning: ${text}` : text)),
    `Took ${seconds.toFixed(1)} s.`,
  ]
}
