import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Cluster } from '../contract/cluster.js'
import { EngineReportSchema } from '../contract/engine.js'
import type { ClusterChecker, ClusterFinding } from '../features/cluster/cluster-check.js'
import { makeShared, there } from '../training/cluster/place-order.js'
import { createScheduler, quoteForShell, type ListedJob } from '../training/cluster/scheduler.js'
import { PROTOCOL } from '../training/messages.js'

/** What the agent of a check tells of its node. */
export const AnswerSchema = z.strictObject({
  token: z.string(),
  protocol: z.int(),
  node: z.string(),
  nodeVersion: z.string(),
  threads: z.int(),
  at: z.number(),
  engine: EngineReportSchema.nullable(),
  /** Why there is no engine. */
  problem: z.string().nullable(),
})

/** Milliseconds between two looks, which is also how far the time of an answer can be off. */
const LOOK = 500

/** Seconds by which clocks may differ before it is told. */
const CLOCK = 2

const STEPS = {
  folder: 'The cluster folder can be written to',
  commands: 'The batch system answers',
  request: 'The batch system accepts the default request',
  job: 'A job starts',
  shared: 'Nodes write into the folder what is read here',
  node: 'Node and Retrace start on the node',
  build: 'The node has the same build of Retrace',
  engine: 'The node has the fast engine',
  clock: 'The clocks agree',
} as const

/** Checks one condition after the other; those that need a broken one are not known. */
export function createClusterChecker(env?: NodeJS.ProcessEnv): ClusterChecker {
  return {
    async check(cluster, seconds) {
      const findings = new Map<keyof typeof STEPS, Omit<ClusterFinding, 'what'>>()
      const good = (step: keyof typeof STEPS, detail: string): void => void findings.set(step, { ok: true, detail, remedy: null })
      const bad = (step: keyof typeof STEPS, detail: string, remedy: string): void => void findings.set(step, { ok: false, detail, remedy })
      const folder = join(cluster.folder, `check-${randomUUID()}`)
      try {
        await probe(cluster, folder, seconds, env, good, bad)
      } finally {
        if (existsSync(folder)) await rm(folder, { recursive: true, force: true })
      }
      const all = Object.entries(STEPS) as [keyof typeof STEPS, string][]
      return all.map(([step, what]) => ({ what, ...(findings.get(step) ?? { ok: null, detail: 'not known', remedy: null }) }))
    },
  }
}

async function probe(
  cluster: Cluster,
  folder: string,
  seconds: number,
  env: NodeJS.ProcessEnv | undefined,
  good: (step: keyof typeof STEPS, detail: string) => void,
  bad: (step: keyof typeof STEPS, detail: string, remedy: string) => void,
): Promise<void> {
  const scheduler = createScheduler(cluster.scheduler, env)
  const token = randomUUID()
  try {
    makeShared(cluster)
    await mkdir(folder, { mode: 0o700 })
    await writeFile(join(folder, 'token'), token)
    good('folder', cluster.folder)
  } catch (error) {
    return bad(
      'folder',
      messageOf(error),
      'Run `retrace cluster setup` with a folder that you may write to, such as one below your scratch folder.',
    )
  }
  try {
    good('commands', `${(await scheduler.list()).length} jobs of yours`)
  } catch (error) {
    return bad('commands', messageOf(error), 'Start Retrace on a login node, or run `retrace cluster setup` with --ssh LOGIN-NODE.')
  }
  const script = join(folder, 'job.sh')
  const at = there(cluster, folder)
  const command = [cluster.node, cluster.agent, '--check', at].map(quoteForShell).join(' ')
  const text = `#!/bin/sh\nuname -n > ${quoteForShell(join(at, 'node'))}\nexport ELECTRON_RUN_AS_NODE=1\nexec ${command}\n`
  await writeFile(script, text, { mode: 0o700 })
  const submission = {
    runId: 'check',
    comment: `retrace:check:${token}`,
    script: join(at, 'job.sh'),
    folder: at,
    log: 'job.log',
    resources: { ...cluster.defaults, minutes: Math.min(cluster.defaults.minutes, 10) },
  }
  let id: string
  try {
    await scheduler.test(submission)
    id = await scheduler.submit(submission)
    good('request', `job ${id}`)
  } catch (error) {
    return bad('request', messageOf(error), 'Change the defaults: `retrace cluster setup FOLDER --partition … --account … --cpus …`.')
  }
  const job = await waitForAnswer(folder, seconds, () => scheduler.list().then((jobs) => jobs.find((each) => each.id === id)))
  await scheduler.cancel(id)
  if (job.answer === null && job.listed?.state === 'waiting')
    return bad(
      'job',
      `it still waits after ${seconds} s${job.listed.reason ? ` (${job.listed.reason})` : ''}`,
      'Check again when the cluster is less busy, with more --seconds, or choose another partition.',
    )
  good('job', job.listed?.node ? `on ${job.listed.node}` : 'it ran')
  if (!existsSync(join(folder, 'node')))
    return bad(
      'shared',
      `${folder} on this machine has nothing of what the job wrote into ${at}`,
      'Run `retrace cluster setup` with a folder that this machine and the nodes share; --folder-there names it if it is called otherwise on the nodes.',
    )
  good('shared', `written by ${readFileSync(join(folder, 'node'), 'utf8').trim()}`)
  if (job.answer === null)
    return bad(
      'node',
      lastLineOf(join(folder, 'job.log')) ?? `${cluster.node} did not start ${cluster.agent}`,
      'Install Retrace and Node where the nodes see them, such as in your home folder, and run `retrace cluster setup` from there, or with --node and --agent.',
    )
  const answer = AnswerSchema.safeParse(JSON.parse(job.answer))
  good('node', `Node ${answer.data?.nodeVersion ?? 'unknown'}, ${answer.data?.threads ?? '?'} threads`)
  if (!answer.success || answer.data.protocol !== PROTOCOL || answer.data.token !== token)
    return bad(
      'build',
      `${cluster.agent} is another build`,
      'Build Retrace again where the nodes see it, and run `retrace cluster setup` from there.',
    )
  good('build', `protocol ${PROTOCOL}`)
  const { engine, problem } = answer.data
  if (engine && engine.remedy === null) good('engine', `${engine.engine}, ${engine.deviceName}`)
  else
    bad(
      'engine',
      engine?.reason ?? problem ?? 'no engine',
      'Set the engine up on a node: `srun retrace setup`, with the cache folder shared or RETRACE_CACHE set.',
    )
  const difference = Math.abs(answer.data.at - job.at) / 1000
  if (difference <= CLOCK + LOOK / 1000) good('clock', `at most ${CLOCK} s apart`)
  else
    bad(
      'clock',
      `${difference.toFixed(0)} s apart`,
      'Runs are right all the same; their times are those of the node. Have the administrator synchronise the clocks.',
    )
}

async function waitForAnswer(
  folder: string,
  seconds: number,
  look: () => Promise<ListedJob | undefined>,
): Promise<{ answer: string | null; listed: ListedJob | undefined; at: number }> {
  const file = join(folder, 'answer.json')
  let listed: ListedJob | undefined
  let missed = 0
  for (const end = performance.now() + seconds * 1000; performance.now() < end && missed < 3; await sleep(LOOK)) {
    if (existsSync(file)) return { answer: await readFile(file, 'utf8'), listed, at: Date.now() }
    const found = await look()
    listed = found ?? listed
    missed = found && found.state !== 'ending' ? 0 : missed + 1
  }
  return { answer: existsSync(file) ? await readFile(file, 'utf8') : null, listed, at: Date.now() }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const lastLineOf = (path: string): string | null =>
  existsSync(path) ? (readFileSync(path, 'utf8').trim().split('\n').at(-1) ?? null) : null
