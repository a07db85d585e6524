import { randomUUID } from 'node:crypto'
import { CleanupSchema } from '../../../contract/storage.js'
import { chooseHome, userPath } from '../../home.js'
import { restoreHome } from '../../restore.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { followTask } from '../follow-task.js'
import { asJson, bytes, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

/** Writes the whole home into one file, while it is being used. */
export async function backupHome(context: Context, path: string, options: CommonOptions): Promise<void> {
  const file = userPath(path)
  const taskId = randomUUID()
  const result = await withWorkbench(
    context,
    options,
    (workbench) => {
      const { storage } = workbench.client
      const cancel = () => storage.cancelBackup.mutate({ taskId })
      return followTask(context, workbench, { id: taskId, cancel }, (begin) => begin(() => storage.backup.mutate({ file, taskId })))
    },
    { lasting: true, handlesEnd: true },
  )
  context.print(options.json ? asJson({ file, ...result }) : `${result.files} files were written to ${file}, ${bytes(result.bytes)}`)
}

/** Puts a backup in the place of the home, which is kept beside it. */
export async function restoreBackup(context: Context, path: string, options: CommonOptions): Promise<void> {
  const home = chooseHome(options.home).folder
  const kept = await restoreHome(userPath(path), home, (progress) => context.progress?.(`${Math.floor(progress * 100)} %`))
  if (context.progress) context.note('')
  if (options.json) return context.print(asJson({ home, kept }))
  context.print(`${home} was restored`)
  if (kept !== null) context.print(`What was there before lies in ${kept}`)
}

/** Looks whether everything in the home is as it should be; the exit status is 1 when it is not. */
export async function checkHome(context: Context, { quick, ...options }: CommonOptions & { quick?: boolean }): Promise<void> {
  const { report, repair } = await withWorkbench(context, options, async ({ client }) => ({
    report: await client.storage.check.mutate({ deep: !quick }),
    repair: await client.storage.lastRepair.query(),
  }))
  if (options.json) context.print(asJson({ ...report, lastRepair: repair }))
  else {
    report.problems.forEach((problem) => context.print(problem))
    report.remarks.forEach((remark) => context.print(remark))
    if (report.problems.length === 0) context.print('The database, checkpoints and data sets are whole.')
    if (repair) {
      const found = `${repair.interrupted.length} runs interrupted, ${repair.missingCheckpoints.length} checkpoints without a file`
      context.print(`The last start after a crash was at ${new Date(repair.at).toISOString()}: ${found}.`)
    }
  }
  if (report.problems.length > 0) throw new ExitStatus(1)
}

export async function homeUsage(context: Context, options: CommonOptions): Promise<void> {
  const usage = await withWorkbench(context, options, ({ client }) => client.storage.usage.query())
  if (options.json) return context.print(asJson(usage))
  const rows = [
    ['database', bytes(usage.database)],
    ...usage.datasets.map(({ name, bytes: size }) => [`data set ${name}`, bytes(size)]),
    ...usage.runs.map((run) => [
      `run ${run.id} ${run.name}${run.removed ? ' (removed)' : ''}`,
      bytes(run.checkpoints + run.logs + run.weights),
    ]),
    ['belongs to nothing', bytes(usage.leftovers)],
    ['all', bytes(usage.total)],
    ...(usage.disk ? [['free on the disk', bytes(usage.disk.free)]] : []),
  ]
  table(['WHAT', 'SIZE'], rows).forEach(context.print)
}

export interface CleanOptions extends CommonOptions {
  yes?: boolean
  keepBest?: boolean
  keepPinned?: boolean
  leftovers?: boolean
}

/** Deletes checkpoints that the retention does not keep; without --yes it only tells which. */
export async function cleanHome(context: Context, { yes, keepBest, keepPinned, leftovers, ...options }: CleanOptions): Promise<void> {
  const keep = { best: keepBest !== false, last: true, pinned: keepPinned !== false, leftovers: leftovers === true }
  const request = CleanupSchema.parse({ keep, dryRun: yes !== true })
  const plan = await withWorkbench(context, options, ({ client }) => client.storage.clean.mutate(request))
  if (options.json) return context.print(asJson({ ...plan, deleted: yes === true }))
  table(
    ['SIZE', 'WHAT', 'FILE'],
    plan.items.map((item) => [bytes(item.bytes), item.what, item.path]),
  ).forEach(context.print)
  context.print(yes ? `${bytes(plan.bytes)} were freed` : `${bytes(plan.bytes)} would be freed; --yes deletes these files`)
}
