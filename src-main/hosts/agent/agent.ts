import { spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '../../contract/errors.js'
import { readStoredConfig } from '../../contract/stored-config.js'
import { replaceTextSync } from '../../durable/replace-file.js'
import type { TrainerExit, TrainerHandle } from '../../features/runs/control/trainers.js'
import { guarded } from '../../processes/guarded.js'
import { checkpointsBefore, claimLease } from '../../training/cluster/attempt.js'
import { FactsWriter, type Fact } from '../../training/cluster/facts.js'
import { claimsOf, newestOrder, readOrder, runFiles, WishSchema, type Order } from '../../training/cluster/order.js'
import type { Report } from '../../training/messages.js'
import type { Patience } from '../../training/patience.js'
import { createSupervisor, type SupervisorOptions } from '../../training/supervisor.js'
import { readProvenance } from '../provenance.js'

export interface AgentOptions {
  /** The absolute path of the order. */
  order: string
  trainerEntry: string
  /** Environment variables for the trainer process. @param threads requested by the order; null if the machine decides */
  environment?: (threads: number | null) => ReturnType<NonNullable<SupervisorOptions['environment']>>
  /** Writes to the job's log. */
  say(sentence: string): void
  /** Intervals in milliseconds: between checks of the command and the lease, between heartbeats, and between syncs of the facts to disk. */
  every?: { look: number; alive: number; sync: number }
  patience?: Partial<Patience>
  env?: NodeJS.ProcessEnv
}

const EVERY = { look: 2000, alive: 15_000, sync: 1000 }

/**
 * Why the trainer was asked to end: a command of the workbench, the job's time limit, a termination signal, or because a newer attempt has
 * taken over.
 */
type Ending = 'wish' | 'limit' | 'terminated' | 'lost'

/**
 * Works on a run as the host of its trainer, on a machine that has neither the workbench nor its database: the trainer's reports become
 * facts in the shared folder, and commands are files there. A batch system starts it, possibly several times for one order.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { say, env = process.env } = options
  const folder = dirname(resolve(options.order))
  const order = readOrder(options.order)
  const newest = newestOrder(folder)
  if (newest > order.firstLease) return say(`Order ${newest} has taken the place of ${order.firstLease}: nothing to do.`)
  const job = env[order.jobVariable] ?? null
  const lease = claimLease(folder, order, JSON.stringify({ node: hostname(), job, pid: process.pid }))
  const checkpoints = checkpointsBefore(folder, order, lease)
  const facts = new FactsWriter(runFiles(folder).facts(lease))
  try {
    facts.append({
      kind: 'attempt',
      protocol: order.protocol,
      lease,
      at: Date.now(),
      fromStep: checkpoints[0]?.step ?? -1,
      node: hostname(),
      job,
      provenance: await readProvenance(),
    })
    facts.sync()
    if (lease - order.firstLease >= order.attempts) {
      const reason = `The job was started ${order.attempts} times without reaching its end. Find out in its log why it ends, then resume the run.`
      return facts.append(left('ended', { reason, overdue: false }))
    }
    say(`Attempt ${lease} of run ${order.runId} on ${hostname()}, ${describeStart(checkpoints[0])}.`)
    await new Attempt(options, folder, order, lease, checkpoints, facts, job).done
  } finally {
    facts.close()
  }
}

const describeStart = (checkpoint: { step: number } | undefined): string =>
  checkpoint ? `from the checkpoint at step ${checkpoint.step}` : 'from the beginning'

const left = (how: 'ended' | 'requeue' | 'terminated', exit: TrainerExit): Fact => ({ kind: 'left', how, exit })

class Attempt {
  readonly done: Promise<void>
  private finish: () => void = () => undefined
  private fail: (error: unknown) => void = () => undefined
  private ending: Ending | null = null
  /** Whether the trainer ended although the run has not. */
  private yielded = false
  private step = 0
  private readonly handle: TrainerHandle
  private readonly timers: NodeJS.Timeout[] = []
  private readonly files: ReturnType<typeof runFiles>
  private readonly deafen: (() => void)[] = []

  constructor(
    private readonly options: AgentOptions,
    private readonly folder: string,
    private readonly order: Order,
    private readonly lease: number,
    checkpoints: { file: string; step: number }[],
    private readonly facts: FactsWriter,
    private readonly job: string | null,
  ) {
    this.files = runFiles(folder)
    this.step = checkpoints[0]?.step ?? 0
    this.done = new Promise((resolve, reject) => ([this.finish, this.fail] = [resolve, reject]))
    const supervisor = createSupervisor({
      trainerEntry: options.trainerEntry,
      environment: options.environment && (() => options.environment!(order.threads)),
      fault: this.fault,
      patience: options.patience,
    })
    this.handle = supervisor.launch(
      {
        runId: order.runId,
        lease,
        config: readStoredConfig(order.config),
        dynamics: order.dynamics,
        datasetFolder: resolve(folder, order.dataset),
        datasetHash: order.datasetHash,
        checkpointFolder: this.files.checkpoints,
        logFolder: folder,
        resumeFrom: checkpoints[0]?.file ?? null,
        olderCheckpoints: checkpoints.slice(1).map(({ file }) => file),
        weightsFrom: order.weights === null ? null : join(folder, order.weights),
        pauseAt: order.pauseAt,
        slot: 0,
        slots: 1,
        // The batch system restricts a job to its devices with the variable that CUDA reads.
        device: null,
        previousPid: null,
      },
      {
        spawned: () => undefined,
        report: (report) => this.receive(report as Report),
        exited: (exit) => void this.exited(exit).then(this.finish, this.fail),
      },
    )
    const { look, alive, sync } = options.every ?? EVERY
    this.repeat(look, () => this.look())
    this.repeat(alive, () => this.live())
    this.repeat(sync, () => this.facts.sync())
    this.live()
    // Sent by batch systems shortly before the time limit.
    this.listen('SIGUSR1', 'limit')
    // Sent on cancellation, preemption and shutdown.
    this.listen('SIGTERM', 'terminated')
  }

  private readonly fault = (error: unknown): void => this.options.say(`Error: ${error instanceof Error ? error.message : String(error)}`)

  private listen(signal: NodeJS.Signals, ending: Ending): void {
    const listener = guarded(this.fault, () => this.end(ending))
    process.on(signal, listener)
    this.deafen.push(() => process.off(signal, listener))
  }

  private repeat(milliseconds: number, work: () => void): void {
    this.timers.push(setInterval(guarded(this.fault, work), milliseconds))
  }

  private live(): void {
    replaceTextSync(this.files.alive(this.lease), JSON.stringify({ at: Date.now(), step: this.step }))
  }

  /** Checks whether a newer attempt has taken over and whether the workbench has sent a command. */
  private look(): void {
    if (this.isOvertaken()) {
      if (this.ending === 'lost') return
      this.ending = 'lost'
      this.handle.kill('A newer attempt has taken over the run.')
      return
    }
    const path = this.files.command(this.order.firstLease)
    if (!existsSync(path)) return
    const { wish } = WishSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    if (this.ending === null) this.ending = 'wish'
    this.handle.command(wish)
  }

  /**
   * Whether the run was removed or has a newer order or attempt: batch systems have been seen to restart a job whose processes were still
   * running.
   */
  private isOvertaken(): boolean {
    // Unlike existsSync, this does not mistake a network file system's failure for a removal.
    if (!statSync(this.files.order(this.order.firstLease), { throwIfNoEntry: false })) return true
    const newest = newestOrder(this.folder)
    const claimed = claimsOf(this.folder, this.order.firstLease).at(-1)
    return newest > this.order.firstLease || (claimed !== undefined && claimed > this.lease)
  }

  private end(ending: Ending): void {
    if (this.ending !== null) return
    this.ending = ending
    this.options.say(ending === 'limit' ? 'The time limit of the job is near: pausing.' : 'The job is asked to end: pausing.')
    this.handle.command('pause')
  }

  /** @returns true once the fact is in the file, so that the trainer may discard the report */
  private receive(report: Report): boolean {
    if (this.ending === 'lost') return false
    if (report.kind === 'points') this.step = report.step
    if (report.kind === 'ended') {
      // The next attempt continues the run, so that for the workbench nothing has ended.
      const pauses = report.outcome === 'interrupted' || (report.outcome === 'paused' && this.ending !== 'wish' && this.ending !== null)
      if (pauses) {
        this.yielded = true
        return true
      }
    }
    this.facts.append({ kind: 'report', report })
    // Everything before a checkpoint must be on disk, because an attempt may continue from that checkpoint.
    if (report.kind === 'checkpoint' || report.kind === 'ended') this.facts.sync()
    return true
  }

  private async exited(exit: TrainerExit): Promise<void> {
    for (const timer of this.timers) clearInterval(timer)
    const wantedBack = this.ending === 'limit' || this.ending === 'terminated'
    const again = this.yielded || exit.interrupted === true || (exit.overdue && wantedBack)
    const { requeue } = this.order
    try {
      if (this.ending === 'lost') this.options.say('A newer attempt has taken over the run.')
      else if (!again) this.facts.append(left('ended', exit))
      else if (this.ending !== 'limit' || requeue === null) this.facts.append(left('terminated', exit))
      else {
        // Written first, because the batch system may end this job as soon as it is asked.
        this.facts.append(left('requeue', exit))
        this.facts.sync()
        await this.requeue(requeue)
      }
    } finally {
      for (const end of this.deafen) end()
    }
  }

  private async requeue(template: readonly string[]): Promise<void> {
    const [command = '', ...args] = template.map((part) => part.replaceAll('{job}', this.job ?? ''))
    const problem = await new Promise<string | null>((resolve) => {
      const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
      child.once(
        'error',
        guarded(this.fault, (error: Error) => resolve(error.message)),
      )
      child.once(
        'exit',
        guarded(this.fault, (code, signal) => resolve(code === 0 ? null : `it exited with ${code ?? signal}`)),
      )
    })
    if (problem === null) return
    const reason = `The time limit of the job was reached, and \`${command}\` did not start it again: ${problem}. Resume the run, with more minutes.`
    this.facts.append(left('ended', { reason, overdue: false, interrupted: true }))
    throw new UserError('UNAVAILABLE', reason)
  }
}
