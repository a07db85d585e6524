import { writeConfigFile } from '../../../contract/config-file.js'
import { writeFile } from 'node:fs/promises'
import { UserError } from '../../../contract/errors.js'
import { describeCheck, gradientVerdict } from '../../../contract/gradients.js'
import { intervalOf, readValue, unpackPoints, type Points } from '../../../contract/metrics.js'
import { NO_PROJECT } from '../../../contract/projects.js'
import { pointsCsv } from '../../../contract/points-csv.js'
import { printableLine } from '../../../contract/printable.js'
import {
  CHECKPOINT_KINDS,
  hasConfiguration,
  knownConfiguration,
  originOf,
  type RunDetail,
  type RunSummary,
} from '../../../contract/runs.js'
import { replaceFile } from '../../../durable/replace-file.js'
import { explainDiskError } from '../../../storage/disk-errors.js'
import { userPath } from '../../home.js'
import type { CommonOptions, Context } from '../context.js'
import { asJson, bytes, decimal, duration, percent, table } from '../format.js'
import { describeReported } from '../reported.js'
import { parseSetting, toOverrides } from '../settings.js'
import { findProject } from './projects.js'
import { exportRunFile } from './run-files.js'
import { withWorkbench } from '../workbench.js'
import { followAndPrint } from './train.js'

const ACCURACY = 'test/accuracy'

/** Adds the 95% interval of the final test accuracy. */
const withInterval = <T extends RunSummary>(run: T): T & { testAccuracyInterval: [number, number] | null } => ({
  ...run,
  testAccuracyInterval: intervalOf(run, ACCURACY, 'reported'),
})

/** A run as `--json` prints it: its row with the gradient verdict and the interval of the test accuracy. */
const withFindings = <T extends RunSummary>(run: T) => ({ ...withInterval(run), gradientVerdict: gradientVerdict(run.gradients) })

/** The gradient verdict in words. */
function gradientsInWords({ gradients }: RunSummary): string {
  if (!gradients) return gradientVerdict(gradients)
  const verdict = gradientVerdict(gradients)
  return verdict === 'ok'
    ? `ok: largest relative error ${gradients.error!.toExponential(1)}`
    : `${verdict.toUpperCase()}: ${describeCheck(gradients)}`
}

/** Lists runs, optionally of one project. */
export async function listRuns(context: Context, { project, ...options }: CommonOptions & { project?: string }): Promise<void> {
  const { runs, projects } = await withWorkbench(context, options, async ({ client }) => {
    const [{ runs: all }, { projects: known }] = await Promise.all([client.runs.list.query(), client.projects.list.query()])
    if (project === undefined) return { runs: all, projects: known }
    const ids = new Set(known.map(({ id }) => id))
    if (project.toLowerCase() === NO_PROJECT)
      return { runs: all.filter(({ projectId }) => projectId === null || !ids.has(projectId)), projects: known }
    const { id } = await findProject(client, project)
    return { runs: all.filter(({ projectId }) => projectId === id), projects: known }
  })
  const projectOf = new Map(projects.map(({ id, name }) => [id, name]))
  if (options.json) return context.print(asJson(runs.map(withFindings)))
  if (runs.length === 0 && project !== undefined)
    return context.print(`There are no runs in ${project.toLowerCase() === NO_PROJECT ? 'no project' : `the project ${project}`}.`)
  if (runs.length === 0)
    return context.print('There are no runs yet. `retrace train --preset hamiltonian-quick --dataset mnist` starts one.')
  const rows = runs.map((run) => [
    run.id,
    run.status,
    run.totalSteps > 0 ? `${run.step}/${run.totalSteps}` : String(run.step),
    percent(readValue(run, ACCURACY, 'reported')),
    percent(readValue(run, ACCURACY, 'last')),
    decimal(readValue(run, 'train/loss', 'last')),
    run.gradients ? gradientVerdict(run.gradients) : '-',
    duration(run.activeSeconds),
    run.preset,
    run.dataset,
    ...(projects.length > 0 ? [projectOf.get(run.projectId ?? '') ?? '-'] : []),
    run.name,
  ])
  const head = [
    'ID',
    'STATUS',
    'STEPS',
    'TEST ACCURACY',
    'LAST',
    'TRAIN LOSS',
    'GRADIENTS',
    'TIME',
    'PRESET',
    'DATA SET',
    ...(projects.length > 0 ? ['PROJECT'] : []),
    'NAME',
  ]
  table(head, rows).forEach(context.print)
}

function describeRun(run: RunDetail): string[] {
  const [own, known] = [hasConfiguration(run), knownConfiguration(run)]
  const facts: [string, string][] = [
    ['Run', `${run.id}  ${run.name}`],
    ['Status', run.reason === null ? run.status : `${run.status}: ${run.reason}`],
    own
      ? ['Preset', `${run.preset} on ${run.dataset}, seed ${run.seed}, ${run.parameters} parameters`]
      : ['Origin', `${originOf(run)}, data set ${run.dataset}`],
    ['Steps', `${run.step}${run.totalSteps > 0 ? ` of ${run.totalSteps}` : ''}, ${duration(run.activeSeconds)}`],
    ['Results', `test accuracy ${describeReported(run)}`],
    ...(own ? [['Gradients', gradientsInWords(run)] satisfies [string, string]] : []),
    ['Created', new Date(run.createdAt).toISOString()],
    ...(own
      ? [
          [
            'Created by',
            `Retrace ${run.environment.retrace} (${run.environment.commit ?? 'no commit'}${run.environment.diff ? ', modified' : ''}) on ${run.environment.platform}`,
          ] satisfies [string, string],
        ]
      : []),
    ...(run.environment.hardware
      ? [
          [
            'Machine',
            `${run.environment.hardware.processor}, ${[...run.environment.hardware.gpus, bytes(run.environment.hardware.memoryBytes)].join(', ')}`,
          ] satisfies [string, string],
        ]
      : []),
    ...(run.parentId === null ? [] : [['Fork of', run.parentId] satisfies [string, string]]),
    ...(run.result === null || !own ? [] : [['Weights', run.result.weightsHash] satisfies [string, string]]),
  ]
  return [
    ...facts.map(([label, value]) => `${`${label}:`.padEnd(12)}${value}`),
    'Last values:',
    ...Object.entries(run.latest).map(([key, value]) => `  ${key.padEnd(40)}${decimal(value)}`),
    ...(Object.keys(run.best).length > 0 ? ['Best values:'] : []),
    ...Object.entries(run.best).map(([key, value]) => `  ${key.padEnd(40)}${decimal(value)}`),
    ...run.checkpoints.map(
      ({ step, kind, pinned, file, bytes: size }) =>
        `  checkpoint at step ${step} (${CHECKPOINT_KINDS[kind]}${pinned ? ', pinned' : ''}): ${file}, ${bytes(size)}`,
    ),
    ...(known ? ['Configuration:'] : []),
    ...Object.entries(known ?? {}).map(([key, value]) => `  ${key.padEnd(26)}${JSON.stringify(value)}`),
  ].map(printableLine)
}

export async function showRun(context: Context, id: string, options: CommonOptions & { config?: boolean }): Promise<void> {
  const run = await withWorkbench(context, options, ({ client }) => client.runs.get.query({ id }))
  if (options.config && !hasConfiguration(run))
    throw new UserError(
      'NOT_FOUND',
      `${run.name} was ${originOf(run)}: there is no configuration of Retrace to print. \`runs show ${id}\` prints what is known.`,
    )
  if (options.config) context.print(writeConfigFile(run.config).trimEnd())
  else if (options.json) context.print(asJson(withFindings(run)))
  else describeRun(run).forEach(context.print)
}

const printState = (context: Context, run: RunSummary, { json }: CommonOptions): void =>
  context.print(json ? asJson(run) : `Run ${run.id} is ${run.status}`)

export async function pauseRun(context: Context, id: string, options: CommonOptions): Promise<void> {
  printState(context, await withWorkbench(context, options, ({ client }) => client.runs.pause.mutate({ id })), options)
}

export async function stopRun(context: Context, id: string, options: CommonOptions): Promise<void> {
  printState(context, await withWorkbench(context, options, ({ client }) => client.runs.stop.mutate({ id })), options)
}

/** Resumes from the last checkpoint. If no other process does the work, this one stays until it is done. */
export async function resumeRun(context: Context, id: string, options: CommonOptions): Promise<void> {
  await withWorkbench(
    context,
    options,
    async (workbench) => {
      const run = await workbench.client.runs.resume.mutate({ id })
      if (workbench.own) await followAndPrint(workbench, context, run)
      else printState(context, run, options)
    },
    { lasting: true, handlesEnd: true },
  )
}

export interface ForkOptions extends CommonOptions {
  doubled?: boolean
  step?: number
  set?: string[]
  name?: string
}

export async function forkRun(context: Context, id: string, { step, set, name, doubled, ...options }: ForkOptions): Promise<void> {
  await withWorkbench(
    context,
    options,
    async (workbench) => {
      const { client } = workbench
      const overrides = await toOverrides((set ?? []).map(parseSetting), async () => (await client.runs.get.query({ id })).config)
      const chosen = { ...(step === undefined ? {} : { step }), ...(name ? { name } : {}), ...(doubled ? { doubled } : {}) }
      const run = await client.runs.fork.mutate({ id, overrides, ...chosen })
      if (!workbench.own) return printState(context, run, options)
      context.note(`Run ${run.id}: fork of ${id}`)
      await followAndPrint(workbench, context, run)
    },
    { lasting: true, handlesEnd: true },
  )
}

export async function removeRun(context: Context, id: string, options: CommonOptions): Promise<void> {
  await withWorkbench(context, options, ({ client }) => client.runs.remove.mutate({ id }))
  context.print(
    options.json ? asJson({ removed: id }) : `Run ${id} was removed. \`retrace runs restore ${id}\` restores it for a limited time.`,
  )
}

export interface ExportOptions extends CommonOptions {
  out?: string
  csv?: boolean
  format?: 'json' | 'csv' | 'archive' | 'tensorboard'
  weights?: string
  step?: number
  overwrite?: boolean
}

const plainPoints = ({ steps, values, times }: Points) => ({ steps: [...steps], values: [...values], times: [...times] })

/** Exports a run with its configuration and all points of all series as JSON, or the points alone as CSV. */
export async function exportRun(
  context: Context,
  id: string,
  { out, csv: asCsv, format, weights, step, overwrite = false, ...options }: ExportOptions,
): Promise<void> {
  if (weights !== undefined) {
    const request = { id, path: userPath(weights), overwrite, ...(step === undefined ? {} : { step }) }
    const written = await withWorkbench(context, options, ({ client }) => client.runs.exportWeights.mutate(request))
    const text = `Wrote the weights of run ${id} at step ${written.step} to ${written.path} (${bytes(written.bytes)})`
    return context.print(options.json ? asJson({ runId: id, ...written }) : text)
  }
  if (format === 'archive' || format === 'tensorboard') return exportRunFile(context, id, { out, format, overwrite, ...options })
  const csv = asCsv || format === 'csv'
  const { run, series } = await withWorkbench(context, options, async ({ client }) => ({
    run: await client.runs.get.query({ id }),
    series: (await client.runs.series.query({ id })).series,
  }))
  const text = csv
    ? pointsCsv(series.map(({ key, points }) => ({ runId: run.id, run: run.name, key, points: unpackPoints(points) }))).trimEnd()
    : // JSON lacks NaN and infinities, so they are written as text.
      JSON.stringify(
        { run, series: series.map(({ key, points }) => ({ key, ...plainPoints(unpackPoints(points)) })) },
        (_key, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value),
        2,
      )
  if (out === undefined) return context.print(text)
  const file = userPath(out)
  try {
    await replaceFile(file, (temporary) => writeFile(temporary, `${text}\n`), { overwrite })
  } catch (error) {
    throw explainDiskError(error, file)
  }
  context.print(options.json ? asJson({ runId: id, file }) : `Wrote run ${id} to ${file}`)
}
