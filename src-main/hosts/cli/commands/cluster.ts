import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ClusterSchema,
  DEFAULT_RESOURCES,
  ResourcesSchema,
  SchedulerSchema,
  SLURM,
  type Cluster,
  type Resources,
} from '../../../contract/cluster.js'
import { UserError } from '../../../contract/errors.js'
import { programRoot } from '../../../processes/installation.js'
import { userPath } from '../../home.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { asJson, table } from '../format.js'
import { withWorkbench, type Workbench } from '../workbench.js'

/** What a run asks a cluster for, as options of a command. */
export interface ResourceOptions {
  minutes?: number
  cpus?: number
  gpus?: number
  memory?: number
  partition?: string
  account?: string
  qos?: string
  constraint?: string
}

export interface OnOptions extends ResourceOptions {
  on?: 'here' | 'cluster'
}

/** @throws UserError that names what is wrong */
function withResources(
  defaults: Resources,
  { minutes, cpus, gpus, memory, partition, account, qos, constraint }: ResourceOptions,
): Resources {
  const given = { minutes, cpus, gpus, memoryMiB: memory, partition, account, qos, constraint }
  const parsed = ResourcesSchema.safeParse({
    ...defaults,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError('BAD_INPUT', `${issue!.path.join('.')} ${issue!.message}.`)
}

/** What the options ask a cluster for; undefined where they leave the run here. @throws UserError where no cluster is set up */
export async function placeOf({ client }: Workbench, { on, ...options }: OnOptions): Promise<Resources | undefined> {
  if (on !== 'cluster') {
    const { minutes, cpus, gpus, memory, partition, account, qos, constraint } = options
    if ([minutes, cpus, gpus, memory, partition, account, qos, constraint].some((value) => value !== undefined))
      throw new UserError(
        'BAD_INPUT',
        '--minutes, --cpus, --gpus, --memory, --partition, --account, --qos and --constraint need --on cluster.',
      )
    return undefined
  }
  const cluster = await client.cluster.get.query()
  if (!cluster) throw new UserError('CONFLICT', 'No cluster is set up in this home. Run `retrace cluster setup FOLDER` on a login node.')
  return withResources(cluster.defaults, options)
}

export interface SetUpOptions extends CommonOptions, ResourceOptions {
  folderThere?: string
  node?: string
  agent?: string
  ssh?: string
  scheduler?: string
  jobsAtOnce?: number
}

async function wordsOf({ ssh, scheduler }: SetUpOptions): Promise<Cluster['scheduler']> {
  let words = SLURM
  if (scheduler !== undefined) {
    const file = userPath(scheduler)
    const parsed = SchedulerSchema.partial().safeParse(JSON.parse(await readFile(file, 'utf8')))
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw new UserError('BAD_INPUT', `${file}: ${issue!.path.join('.')} ${issue!.message}.`)
    }
    words = SchedulerSchema.parse({ ...SLURM, ...parsed.data })
  }
  return ssh === undefined ? words : { ...words, prefix: ['ssh', '-o', 'BatchMode=yes', ssh] }
}

/** Sets the cluster of the home, with what this installation is on it. */
export async function setUpCluster(context: Context, folder: string, options: SetUpOptions): Promise<void> {
  const cluster = ClusterSchema.safeParse({
    folder: userPath(folder),
    folderThere: options.folderThere ?? null,
    node: options.node ?? process.execPath,
    agent: options.agent ?? join(programRoot(), 'out', 'main', 'agent.js'),
    scheduler: await wordsOf(options),
    defaults: withResources(DEFAULT_RESOURCES, options),
    ...(options.jobsAtOnce === undefined ? {} : { jobsAtOnce: options.jobsAtOnce }),
  })
  if (!cluster.success) {
    const [issue] = cluster.error.issues
    throw new UserError('BAD_INPUT', `${issue!.path.join('.')} ${issue!.message}.`)
  }
  const set = await withWorkbench(context, options, ({ client }) => client.cluster.setUp.mutate(cluster.data))
  if (options.json) return context.print(asJson(set))
  context.print(`Runs on the cluster pass through ${set.folder}; nodes run ${set.agent} with ${set.node}.`)
  context.print('`retrace cluster check` submits one short job and tells whether everything is there.')
}

export async function checkCluster(context: Context, options: CommonOptions & { seconds?: number }): Promise<void> {
  const findings = await withWorkbench(context, options, ({ client }) => client.cluster.check.mutate({ seconds: options.seconds }))
  if (options.json) context.print(asJson(findings))
  else
    for (const { what, ok, detail, remedy } of findings) {
      context.print(`${ok === null ? '?' : ok ? '✓' : '✗'} ${what}: ${detail}`)
      if (remedy !== null) context.print(`  ${remedy}`)
    }
  if (findings.some(({ ok }) => ok !== true)) throw new ExitStatus(1)
}

export async function listJobs(context: Context, options: CommonOptions): Promise<void> {
  const jobs = await withWorkbench(context, options, ({ client }) => client.cluster.jobs.query())
  if (options.json) return context.print(asJson(jobs))
  if (jobs.length === 0) return context.print('No job was submitted from this home.')
  table(
    ['RUN', 'NAME', 'JOB', 'NODE', 'ATTEMPT', 'STATE', 'STEP'],
    jobs.map(({ runId, name, jobId, node, attempt, status, phase, step, totalSteps }) => [
      runId,
      name,
      jobId ?? '-',
      node ?? '-',
      attempt === null ? '-' : String(attempt),
      phase === null ? status : `${status}: ${phase}`,
      `${step}/${totalSteps}`,
    ]),
  ).forEach(context.print)
}
