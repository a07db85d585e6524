import { writeConfigFile } from '../../../contract/config-file.js'
import { writeFile } from 'node:fs/promises'
import { unpackPoints } from '../../../contract/metrics.js'
import type { RunDetail, RunSummary } from '../../../contract/runs.js'
import { explainDiskError } from '../../../storage/disk-errors.js'
import { userPath } from '../../home.js'
import type { CommonOptions, Context } from '../context.js'
import { asJson, bytes, decimal, duration, percent, table } from '../format.js'
import { parseSetting, toOverrides } from '../settings.js'
import { exportRunFile } from './run-files.js'
import { withWorkbench } from '../workbench.js'
import { followAndPrint } from './train.js'

const accuracy = ({ latest }: RunSummary): number | undefined => latest['test/accuracy'] ?? latest['validation/accuracy']

export async function listRuns(context: Context, options: CommonOptions): Promise<void> {
  const { runs } = await withWorkbench(context, options, ({ client }) => client.runs.list.query())
  if (options.json) return context.print(asJson(runs))
  if (runs.length === 0)
    return context.print('There are no runs yet: `retrace train --preset hamiltonian-quick --dataset mnist` starts one.')
  const rows = runs.map((run) => [
    run.id,
    run.status,
    `${run.step}/${run.totalSteps}`,
    percent(accuracy(run)),
    decimal(run.latest['train/loss']),
    duration(run.activeSeconds),
    run.preset,
    run.dataset,
    run.name,
  ])
  table(['ID', 'STATUS', 'STEPS', 'ACCURACY', 'LOSS', 'TIME', 'PRESET', 'DATA SET', 'NAME'], rows).forEach(context.print)
}

function describeRun(run: RunDetail): string[] {
  const facts: [string, string][] = [
    ['Run', `${run.id}  ${run.name}`],
    ['Status', run.reason === null ? run.status : `${run.status}: ${run.reason}`],
    ['Preset', `${run.preset} on ${run.dataset}, seed ${run.seed}, ${run.parameters} parameters`],
    ['Steps', `${run.step} of ${run.totalSteps}, ${duration(run.activeSeconds)}`],
    ['Accuracy', percent(run.result?.testAccuracy ?? accuracy(run))],
    ['Created', new Date(run.createdAt).toISOString()],
    [
      'Made by',
      `Retrace ${run.environment.retrace} (${run.environment.commit ?? 'no commit'}${run.environment.diff ? ', changed' : ''}) on ${run.environment.platform}`,
    ],
    ...(run.environment.hardware
      ? [
          [
            'Machine',
            `${run.environment.hardware.processor}, ${[...run.environment.hardware.gpus, bytes(run.environment.hardware.memoryBytes)].join(', ')}`,
          ] satisfies [string, string],
        ]
      : []),
    ...(run.parentId === null ? [] : [['Fork of', run.parentId] satisfies [string, string]]),
    ...(run.result === null ? [] : [['Weights', run.result.weightsHash] satisfies [string, string]]),
  ]
  return [
    ...facts.map(([label, value]) => `${`${label}:`.padEnd(12)}${value}`),
    ...Object.entries(run.latest).map(([key, value]) => `  ${key.padEnd(40)}${decimal(value)}`),
    ...run.checkpoints.map(
      ({ step, kind, pinned, file, bytes: size }) =>
        `  checkpoint at step ${step} (${kind}${pinned ? ', pinned' : ''}): ${file}, ${bytes(size)}`,
    ),
    'Configuration:',
    ...Object.entries(run.config).map(([key, value]) => `  ${key.padEnd(26)}${JSON.stringify(value)}`),
  ]
}

export async function showRun(context: Context, id: string, options: CommonOptions & { config?: boolean }): Promise<void> {
  const run = await withWorkbench(context, options, ({ client }) => client.runs.get.query({ id }))
  if (options.config) context.print(writeConfigFile(run.config).trimEnd())
  else if (options.json) context.print(asJson(run))
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

/** Goes on from the last checkpoint; where no other process would do the work, this one stays until it is done. */
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
  step?: number
  set?: string[]
  name?: string
}

export async function forkRun(context: Context, id: string, { step, set, name, ...options }: ForkOptions): Promise<void> {
  await withWorkbench(
    context,
    options,
    async (workbench) => {
      const { client } = workbench
      const overrides = await toOverrides((set ?? []).map(parseSetting), async () => (await client.runs.get.query({ id })).config)
      const run = await client.runs.fork.mutate({ id, overrides, ...(step === undefined ? {} : { step }), ...(name ? { name } : {}) })
      if (!workbench.own) return printState(context, run, options)
      context.note(`Run ${run.id}: fork of ${id}`)
      await followAndPrint(workbench, context, run)
    },
    { lasting: true, handlesEnd: true },
  )
}

export async function removeRun(context: Context, id: string, options: CommonOptions): Promise<void> {
  await withWorkbench(context, options, ({ client }) => client.runs.remove.mutate({ id }))
  context.print(options.json ? asJson({ removed: id }) : `Run ${id} was removed; \`retrace runs restore ${id}\` brings it back for a while`)
}

export interface ExportOptions extends CommonOptions {
  out?: string
  csv?: boolean
  format?: 'json' | 'csv' | 'archive' | 'tensorboard'
  weights?: string
  step?: number
}

/** The run with its configuration and every point of every series: as JSON, or the points alone as CSV. */
export async function exportRun(
  context: Context,
  id: string,
  { out, csv: asCsv, format, weights, step, ...options }: ExportOptions,
): Promise<void> {
  if (weights !== undefined) {
    const request = { id, path: userPath(weights), ...(step === undefined ? {} : { step }) }
    const written = await withWorkbench(context, options, ({ client }) => client.runs.exportWeights.mutate(request))
    const text = `The weights of run ${id} at step ${written.step} were written to ${written.path} (${bytes(written.bytes)})`
    return context.print(options.json ? asJson({ runId: id, ...written }) : text)
  }
  if (format === 'archive' || format === 'tensorboard') return exportRunFile(context, id, { out, format, ...options })
  const csv = asCsv || format === 'csv'
  const { run, series } = await withWorkbench(context, options, async ({ client }) => ({
    run: await client.runs.get.query({ id }),
    series: (await client.runs.series.query({ id })).series,
  }))
  const points = series.map(({ key, points: packed }) => {
    const { steps, values, times } = unpackPoints(packed)
    return { key, steps: [...steps], values: [...values], times: [...times] }
  })
  const text = csv
    ? [
        'key,step,value,time',
        ...points.flatMap(({ key, steps, values, times }) => steps.map((step, at) => `${key},${step},${values[at]},${times[at]}`)),
      ].join('\n')
    : // JSON has no NaN and infinities; as text they are kept.
      JSON.stringify(
        { run, series: points },
        (_key, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value),
        2,
      )
  if (out === undefined) return context.print(text)
  const file = userPath(out)
  try {
    await writeFile(file, `${text}\n`)
  } catch (error) {
    throw explainDiskError(error, file)
  }
  context.print(options.json ? asJson({ runId: id, file }) : `Run ${id} was written to ${file}`)
}
