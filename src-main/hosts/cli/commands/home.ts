import { ownCommand } from '../../../processes/installation.js'
import { randomUUID } from 'node:crypto'
import { CleanupSchema, describeUnfinished } from '../../../contract/storage.js'
import { askToForgetWindows, findHost } from '../../discovery.js'
import { chooseHome, userPath } from '../../home.js'
import { restoreHome } from '../../restore.js'
import { forgetWindows } from '../../server/window-keys.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { followTask } from '../follow-task.js'
import { asJson, bytes, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

/** Writes the whole home into one file, even while it is in use. */
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
  context.print(options.json ? asJson(result) : `Wrote ${result.files} files to ${result.file} (${bytes(result.bytes)})`)
}

/** Replaces the home with a backup. The old home is kept beside it. */
export async function restoreBackup(context: Context, path: string, options: CommonOptions): Promise<void> {
  const home = chooseHome(options.home).folder
  const onProgress = (progress: number): void => context.progress?.(`${Math.floor(progress * 100)}%`)
  const kept = await restoreHome(userPath(path), home, onProgress, context.note)
  if (context.progress) context.note('')
  if (options.json) return context.print(asJson({ home, kept }))
  context.print(`${home} was restored`)
  if (kept !== null) context.print(`The previous home was moved to ${kept}`)
}

/** Checks the home for damage. The exit status is 1 when there is any. */
export async function checkHome(context: Context, { quick, ...options }: CommonOptions & { quick?: boolean }): Promise<void> {
  const { report, repair } = await withWorkbench(context, options, async ({ client }) => ({
    report: await client.storage.check.mutate({ deep: !quick }),
    repair: await client.storage.lastRepair.query(),
  }))
  if (options.json) context.print(asJson({ ...report, lastRepair: repair }))
  else {
    report.problems.forEach((problem) => context.print(problem))
    report.remarks.forEach((remark) => context.print(remark))
    if (report.problems.length === 0) context.print('Database, checkpoints and data sets are undamaged.')
    if (repair) {
      const found = `${repair.interrupted.length} runs interrupted, ${repair.missingCheckpoints.length} checkpoints without a file`
      context.print(`Last recovery from a crash: ${new Date(repair.at).toISOString()}, ${found}.`)
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
    // eslint-disable-next-line no-restricted-syntax -- the age is only displayed
    ...usage.unfinished.map((each) => [`${each.path}: ${describeUnfinished(each, Date.now())}`, bytes(each.bytes)]),
    ['orphaned files', bytes(usage.leftovers)],
    ['total', bytes(usage.total)],
    ...(usage.disk ? [['free disk space', bytes(usage.disk.free)]] : []),
  ]
  table(['WHAT', 'SIZE'], rows).forEach(context.print)
}

export interface CleanOptions extends CommonOptions {
  yes?: boolean
  keepBest?: boolean
  keepPinned?: boolean
  leftovers?: boolean
}

/** Deletes the checkpoints that the options do not keep; without --yes, only lists them. */
export async function cleanHome(context: Context, { yes, keepBest, keepPinned, leftovers, ...options }: CleanOptions): Promise<void> {
  const keep = { best: keepBest !== false, last: true, pinned: keepPinned !== false, leftovers: leftovers === true }
  const request = CleanupSchema.parse({ keep, dryRun: yes !== true })
  const plan = await withWorkbench(context, options, ({ client }) => client.storage.clean.mutate(request))
  if (options.json) return context.print(asJson({ ...plan, deleted: yes === true }))
  table(
    ['SIZE', 'WHAT', 'FILE'],
    plan.items.map((item) => [bytes(item.bytes), item.what, item.path]),
  ).forEach(context.print)
  context.print(yes ? `Freed ${bytes(plan.bytes)}` : `Would free ${bytes(plan.bytes)}; add --yes to delete these files`)
}

/** Revokes the keys of all windows, open or closed. */
export async function forgetWindowsOfHome(context: Context, options: CommonOptions): Promise<void> {
  const { folder } = chooseHome(options.home)
  const host = await findHost(folder)
  // This is also needed when the host serves no windows and therefore does not know their keys.
  forgetWindows(folder)
  if (host) await askToForgetWindows(host)
  if (options.json) return context.print(asJson({ home: folder, running: host !== null }))
  context.print(`Revoked the access of all windows to ${folder}. ${ownCommand('start')} opens a new one.`)
}
