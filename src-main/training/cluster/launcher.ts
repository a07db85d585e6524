import type { Cluster, Resources } from '../../contract/cluster.js'
import { guarded } from '../../processes/guarded.js'
import type { ClusterEvents, ClusterHandle, ClusterLauncher, LeftJob } from '../../features/cluster/cluster-launcher.js'
import type { TrainerOrder } from '../../features/runs/control/trainers.js'
import { Following, type ClusterPatience } from './following.js'
import { commentOf, orderFolder, placeOrder } from './place-order.js'
import { createScheduler, Unreachable, type Scheduler, type Submission } from './scheduler.js'

export interface ClusterLauncherOptions {
  fault(error: unknown): void
  /** Milliseconds; tests use shorter ones. */
  every?: {
    /** Between two looks at the facts of a job; with more than 50 jobs as much longer. */
    look: number
    /** Between two questions to the batch system, and after a command to it. */
    ask: number
    soon: number
  }
  patience?: ClusterPatience
  env?: NodeJS.ProcessEnv
}

const EVERY = { look: 1000, ask: 15_000, soon: 2000 }
const PATIENCE: ClusterPatience = { command: 60_000, alive: 60_000, missing: 10_000 }

/** Jobs at whose facts one look is taken. */
const AT_ONCE = 50

/** The longest pause, in questions left out, while the batch system cannot be reached. */
const LONGEST = 20

/** Follows all jobs of a home: looks at their facts, and asks the batch system once for all of them. */
export function createClusterLauncher({ fault, every = EVERY, patience = PATIENCE, env }: ClusterLauncherOptions): ClusterLauncher {
  const followed = new Map<string, { following: Following; cluster: Cluster; submission: Submission | null }>()
  let timers: NodeJS.Timeout[] = []
  let soon: NodeJS.Timeout | null = null
  let asking = false
  let turn = 0
  /** Questions to leave out, and how many were the last time. */
  const trouble = { skip: 0, last: 0 }
  const schedulers = new Map<string, Scheduler>()

  const schedulerOf = (cluster: Cluster): Scheduler => {
    const key = JSON.stringify(cluster.scheduler)
    let found = schedulers.get(key)
    if (!found) schedulers.set(key, (found = createScheduler(cluster.scheduler, env)))
    return found
  }

  function look(): void {
    const all = [...followed.values()]
    for (let i = 0; i < Math.min(AT_ONCE, all.length); i++) void all[turn++ % all.length]!.following.look()
  }

  /** Asks each batch system once for all of its jobs. */
  async function ask(): Promise<void> {
    if (asking || followed.size === 0) return
    if (trouble.skip > 0) return void trouble.skip--
    asking = true
    try {
      for (const [scheduler, group] of groupBy()) {
        // Those that are submitted meanwhile need not be in the answer.
        const asked = group.filter(({ following }) => following.jobId !== null || !submitting.has(following))
        const listed = await scheduler.list()
        const byId = new Map(listed.map((job) => [job.id, job]))
        const byComment = new Map(listed.map((job) => [job.comment, job]))
        for (const { following, submission } of asked) {
          const { runId, firstLease } = following.job
          const found = following.jobId === null ? byComment.get(commentOf(runId, firstLease)) : byId.get(following.jobId)
          if (!found && following.jobId === null && submission && followed.has(runId)) void submit(following, scheduler, submission)
          else await following.listed(found)
        }
      }
      trouble.last = 0
    } catch (error) {
      if (trouble.last === 0) fault(error)
      trouble.skip = trouble.last = Math.min(LONGEST, 2 * trouble.last || 1)
    } finally {
      asking = false
    }
  }

  const groupBy = (): Map<Scheduler, { following: Following; submission: Submission | null }[]> => {
    const groups = new Map<Scheduler, { following: Following; submission: Submission | null }[]>()
    for (const { following, cluster, submission } of followed.values()) {
      const scheduler = schedulerOf(cluster)
      groups.set(scheduler, [...(groups.get(scheduler) ?? []), { following, submission }])
    }
    return groups
  }

  /** Those whose submission has not been answered. */
  const submitting = new Set<Following>()

  async function submit(following: Following, scheduler: Scheduler, submission: Submission): Promise<void> {
    if (submitting.has(following)) return
    submitting.add(following)
    try {
      await scheduler.test(submission)
      following.submitted(await scheduler.submit(submission))
    } catch (error) {
      // The job may be there all the same: the list of jobs tells, by the comment, before it is submitted again.
      if (error instanceof Unreachable) fault(error)
      else following.finish({ reason: error instanceof Error ? error.message : String(error), overdue: false })
    } finally {
      submitting.delete(following)
    }
  }

  function follow(cluster: Cluster, job: LeftJob, events: ClusterEvents): Following {
    const askSoon = (): void => {
      soon ??= setTimeout(
        guarded(fault, () => {
          soon = null
          void ask()
        }),
        every.soon,
      )
    }
    const ended = (): void => {
      followed.delete(job.runId)
      if (followed.size > 0) return
      for (const timer of timers) clearInterval(timer)
      timers = []
    }
    const following = new Following(
      orderFolder(cluster, job.runId, job.firstLease),
      job,
      schedulerOf(cluster),
      events,
      patience,
      fault,
      ended,
      askSoon,
    )
    followed.set(job.runId, { following, cluster, submission: null })
    if (timers.length === 0)
      timers = [
        setInterval(guarded(fault, look), every.look),
        setInterval(
          guarded(fault, () => void ask()),
          every.ask,
        ),
      ]
    return following
  }

  async function start(following: Following, cluster: Cluster, order: TrainerOrder, resources: Resources): Promise<void> {
    submitting.add(following)
    let submission: Submission
    try {
      submission = await placeOrder(cluster, order, resources)
    } catch (error) {
      return following.finish({ reason: `The run could not be brought to the cluster: ${(error as Error).message}`, overdue: false })
    } finally {
      submitting.delete(following)
    }
    const entry = followed.get(order.runId)
    if (entry?.following !== following) return
    entry.submission = submission
    await submit(following, schedulerOf(cluster), submission)
  }

  return {
    launch(cluster, order, resources, events): ClusterHandle {
      const { runId, lease: firstLease, checkpointFolder, logFolder } = order
      const job = { runId, firstLease, jobId: null, lease: firstLease, readTo: 0, checkpointFolder, logFolder }
      const following = follow(cluster, job, events)
      void start(following, cluster, order, resources)
      return following
    },
    reattach: (cluster, job, events) => follow(cluster, job, events),
    close() {
      for (const { following } of [...followed.values()]) following.detach()
      if (soon) clearTimeout(soon)
      for (const timer of timers) clearInterval(timer)
    },
  }
}
