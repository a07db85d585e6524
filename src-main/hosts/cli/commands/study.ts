import { writeFile } from 'node:fs/promises'
import type { Change } from '../../../contract/changes.js'
import { UserError } from '../../../contract/errors.js'
import { describeFactors, ENDED, isSettled, type Study, type StudyDetail } from '../../../contract/studies.js'
import { explainFileError } from '../../../data/disk.js'
import { replaceFile } from '../../../durable/replace-file.js'
import { signalStatus } from '../../../processes/end-request.js'
import { userPath } from '../../home.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { describeInfo, readOptions, tellFindings, writeTables } from '../findings.js'
import { asJson, duration, table } from '../format.js'
import { projectNamed } from './projects.js'
import { placeOf, type OnOptions } from './cluster.js'
import { withWorkbench, type Workbench } from '../workbench.js'

/** Lists the templates, and the studies of the home. */
export async function listStudies(context: Context, options: CommonOptions): Promise<void> {
  const { templates, studies } = await withWorkbench(context, options, async ({ client }) => ({
    templates: await client.studies.templates.query(),
    studies: (await client.studies.list.query()).studies,
  }))
  if (options.json) return context.print(asJson({ templates, studies }))
  const lines = [
    ...table(
      ['TEMPLATE', 'QUESTION'],
      templates.map(({ id, question }) => [id, question]),
    ),
    '',
    ...(studies.length === 0
      ? ['No studies yet: `retrace study start TEMPLATE` starts one, `retrace study describe TEMPLATE` shows its options.']
      : table(
          ['ID', 'NAME', 'TEMPLATE', 'CELLS'],
          studies.map((study) => [study.id, study.name, study.template, describeCounts(study)]),
        )),
  ]
  lines.forEach(context.print)
}

export async function describeStudy(context: Context, template: string, options: CommonOptions): Promise<void> {
  const { describeTemplate, findTemplate } = await import('../../../studies/registry.js')
  const info = describeTemplate(findTemplate(template))
  if (options.json) context.print(asJson(info))
  else describeInfo(info).forEach(context.print)
}

export interface StartOptions extends CommonOptions, OnOptions {
  option?: string[]
  name?: string
  project?: string
  dryRun?: boolean
}

/** Starts a study and follows it until every cell has ended. */
export async function startStudy(context: Context, template: string, options: StartOptions): Promise<void> {
  const request = { template, options: readOptions(options.option ?? []), ...(options.name ? { name: options.name } : {}) }
  if (options.dryRun) {
    const preview = await withWorkbench(context, options, ({ client }) => client.studies.preview.query(request))
    if (preview.problems.length > 0)
      throw new UserError(
        'BAD_INPUT',
        preview.problems.map(({ option, message }) => (option ? `${option}: ${message}` : message)).join(' '),
      )
    if (options.json) return context.print(asJson(preview))
    for (const { title, kind } of preview.cells) context.print(`${kind}: ${title}`)
    const time = preview.seconds === null ? '' : `, about ${duration(preview.seconds)}`
    const more = preview.more > 0 ? `, about ${preview.more} more follow from them` : ''
    return context.print(`${preview.cells.length} cells, ${preview.done} done already${more}${time}.`)
  }
  await following(context, options, async (workbench) => {
    const { client } = workbench
    const place = await placeOf(workbench, options)
    const where = options.project ? { projectId: await projectNamed(client, options.project) } : {}
    const study = await client.studies.start.mutate({ ...request, ...where, ...(place && { place }) })
    context.note(`Study ${study.id}: ${study.name}, ${describeCounts(study)}`)
    return study
  })
}

export async function resumeStudy(context: Context, id: string, options: CommonOptions): Promise<void> {
  await following(context, options, ({ client }) => client.studies.resume.mutate({ id }))
}

export async function pauseStudy(context: Context, id: string, options: CommonOptions): Promise<void> {
  const study = await withWorkbench(context, options, ({ client }) => client.studies.pause.mutate({ id }))
  context.print(options.json ? asJson(study) : `Paused ${study.name}: ${describeCounts(study)}`)
}

export async function removeStudy(context: Context, id: string, options: CommonOptions): Promise<void> {
  await withWorkbench(context, options, ({ client }) => client.studies.remove.mutate({ id }))
  if (options.json) context.print(asJson({ id }))
  else context.print(`Removed study ${id}. Its runs stay.`)
}

export async function showStudy(context: Context, wanted: string | undefined, options: CommonOptions): Promise<void> {
  const detail = await withWorkbench(context, options, async ({ client }) => {
    const id = wanted ?? (await client.studies.list.query()).studies[0]?.id
    if (id === undefined) throw new UserError('NOT_FOUND', 'There is no study in this home: `retrace study start TEMPLATE` starts one.')
    return client.studies.get.query({ id })
  })
  if (options.json) context.print(asJson(detail))
  else tell(detail).forEach(context.print)
}

export interface ExportOptions extends CommonOptions {
  csv?: string
  out?: string
  overwrite?: boolean
}

export async function exportStudy(context: Context, id: string, options: ExportOptions): Promise<void> {
  const detail = await withWorkbench(context, options, ({ client }) => client.studies.get.query({ id }))
  const overwrite = options.overwrite ?? false
  if (options.csv !== undefined) await writeTables(context, userPath(options.csv), detail.report.tables, overwrite)
  if (options.out !== undefined) {
    const file = userPath(options.out)
    try {
      await replaceFile(file, (temporary) => writeFile(temporary, `${asJson(detail)}\n`), { overwrite })
    } catch (error) {
      throw explainFileError(error, file)
    }
    context.note(`Wrote ${file}.`)
  }
  if (options.csv === undefined && options.out === undefined) context.print(asJson(detail))
}

const describeCounts = ({ cells, counts }: Study): string =>
  `${cells} ${cells === 1 ? 'cell' : 'cells'}: ${Object.entries(counts)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')}`

function tell({ study, cells, report, remainingSeconds, command }: StudyDetail): string[] {
  return [
    `${study.name} (${study.id}): ${describeCounts(study)}${study.held ? ', measurements paused' : ''}${remainingSeconds === null ? '' : `, about ${duration(remainingSeconds)} left`}`,
    ...table(
      ['CELL', 'STATE', 'RUN', 'TIME'],
      cells.map(({ factors, state, runId, takenOver, seconds }) => [
        describeFactors(factors),
        takenOver ? `${state} (taken over)` : state,
        runId ?? '-',
        seconds === null ? '-' : duration(seconds),
      ]),
    ),
    ...tellFindings(report),
    '',
    ...report.notes.map(({ level, text }) => (level === 'warning' ? `Warning: ${text}` : text)),
    `To repeat it: ${command}`,
  ]
}

/**
 * Follows a study until every cell has ended, and prints its findings. Ctrl+C ends the command: the work of this process is interrupted
 * with checkpoints, and `retrace study resume` continues it; work in another process continues.
 */
async function following(context: Context, options: CommonOptions, begin: (workbench: Workbench) => Promise<Study>): Promise<void> {
  const detail = await withWorkbench(
    context,
    options,
    async (workbench) => {
      const { client, own } = workbench
      // Read before the study starts, so that none of its changes is missed.
      const { seq } = await client.studies.list.query()
      let study = await begin(workbench)
      let [shown, told] = ['', -1]
      const ended = await new Promise<NodeJS.Signals | null>((resolve, reject) => {
        const look = (): void => {
          const line = describeCounts(study)
          const ended = ENDED.reduce((sum, state) => sum + (study.counts[state] ?? 0), 0)
          // In a terminal, one line that is updated; in a file, one line for each cell that ends, but not for those that start.
          if (context.progress ? line !== shown : ended !== told) (context.progress ?? context.note)(line)
          ;[shown, told] = [line, ended]
          if (isSettled(study)) resolve(null)
        }
        const watch = client.changes.subscribe(
          { lastEventId: seq, detailOf: [] },
          {
            onData({ data }) {
              const change = data as Change
              if (change.kind === 'study' && change.study.id === study.id) study = change.study
              look()
            },
            onError: reject,
          },
        )
        void context.end.then((signal) => {
          watch.unsubscribe()
          resolve(signal)
        })
        look()
      })
      if (ended !== null) {
        if (own)
          context.note(
            `Interrupted: runs on this machine write checkpoints first, and those on a cluster go on. \`retrace study resume ${study.id}\` continues.`,
          )
        throw new ExitStatus(signalStatus(ended))
      }
      if (context.progress) context.note('')
      return client.studies.get.query({ id: study.id })
    },
    { lasting: true, handlesEnd: true },
  )
  if (options.json) context.print(asJson(detail))
  else tell(detail).forEach(context.print)
  if ((detail.study.counts.failed ?? 0) + (detail.study.counts.diverged ?? 0) > 0) throw new ExitStatus(1)
}
