import { copyFile, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { obstacleOf } from '../../contract/errors.js'
import { replaceFile, replaceTextSync } from '../../durable/replace-file.js'
import type { ClusterEvents, ClusterHandle, LeftJob } from '../../features/cluster/cluster-launcher.js'
import type { TrainerExit } from '../../features/runs/control/trainers.js'
import { readFacts, type Fact } from './facts.js'
import { claimsOf, runFiles } from './order.js'
import type { ListedJob, Scheduler } from './scheduler.js'

/** Milliseconds that following waits. */
export interface ClusterPatience {
  /** For a job that works to obey a command, before it is cancelled. */
  command: number
  /** For a sign of life, before a job that the batch system does not know counts as gone. */
  alive: number
  /** From the first answer without the job: one that is started again is in no list for a moment. */
  missing: number
}

type Left = Extract<Fact, { kind: 'left' }>

/** Follows the newest job of a run: takes in the facts of its attempts, one after the other, and finds out how it ended. */
export class Following implements ClusterHandle {
  /** The cursor behind the facts that were taken in. */
  private lease: number
  private readTo: number
  private jobIdKnown: string | null
  private left: Left | null = null
  private looking = false
  private over = false
  private wish: 'pause' | 'stop' | null = null
  private wishedAt = 0
  private cancelled = false
  /** Answers of the batch system in a row that do not know the job. */
  private missed = 0
  private missedSince = 0
  private alive = { text: '', at: performance.now() }
  private readonly files: ReturnType<typeof runFiles>

  constructor(
    private readonly folder: string,
    readonly job: LeftJob,
    private readonly scheduler: Scheduler,
    private readonly events: ClusterEvents,
    private readonly patience: ClusterPatience,
    private readonly fault: (error: unknown) => void,
    /** Told when nothing is left to follow. */
    private readonly ended: () => void,
    /** Asks the batch system soon. */
    private readonly askSoon: () => void,
  ) {
    this.lease = job.lease
    this.readTo = job.readTo
    this.jobIdKnown = job.jobId
    this.files = runFiles(folder)
  }

  get jobId(): string | null {
    return this.jobIdKnown
  }

  submitted(jobId: string): void {
    if (this.over) return
    this.jobIdKnown = jobId
    this.missed = 0
    this.events.submitted(jobId)
    if (this.wish) void this.cancelIfWaiting().catch(this.fault)
  }

  command(wish: 'pause' | 'stop'): void {
    if (this.over) return
    replaceTextSync(this.files.command(this.job.firstLease), JSON.stringify({ wish }))
    this.wish = wish
    this.wishedAt = performance.now()
    void this.cancelIfWaiting().catch(this.fault)
  }

  detach(): void {
    this.over = true
    this.ended()
  }

  kill(reason: string): void {
    if (this.over) return
    void this.cancel().catch(this.fault)
    this.finish({ reason, overdue: false })
  }

  /** A job that nobody works on has nothing to save. */
  private async cancelIfWaiting(): Promise<void> {
    if (this.claims().length === 0) await this.cancel()
  }

  private async cancel(): Promise<void> {
    if (this.jobIdKnown === null || this.cancelled) return
    this.cancelled = true
    try {
      await this.scheduler.cancel(this.jobIdKnown)
    } catch (error) {
      // It is asked again at the next look.
      this.cancelled = false
      throw error
    }
    this.askSoon()
  }

  /** Takes in what is new. Never rejects. */
  async look(): Promise<void> {
    if (this.looking || this.over) return
    this.looking = true
    try {
      await this.takeIn()
      if (this.left?.how === 'ended') this.finish(this.left.exit)
      else if (this.wish && performance.now() - this.wishedAt > this.patience.command) await this.cancel()
    } catch (error) {
      // What cannot be stored now is read again at the next look.
      if (obstacleOf(error) === null) this.kill(error instanceof Error ? error.message : String(error))
    } finally {
      this.looking = false
    }
  }

  private claims(): number[] {
    try {
      return claimsOf(this.folder, this.job.firstLease)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  private async takeIn(): Promise<void> {
    for (let drained = false; !this.over;) {
      // Before the facts of this attempt are read to their end: the newer one may have gone on from any of them.
      const next = this.claims().find((lease) => lease > this.lease && readFacts(this.files.facts(lease), 0, 1).facts.length > 0)
      const { facts, state } = readFacts(this.files.facts(this.lease), this.readTo, 2 ** 18)
      for (const { fact, end } of facts) {
        if (this.over) return
        await this.take(fact, end)
        this.readTo = end
      }
      if (facts.length > 0) await breathe()
      if (state === 'more') continue
      if (next === undefined) return
      // What is torn or damaged stays so: its writer is no longer the one that counts.
      if (drained || state === 'end') [this.lease, this.readTo, this.left, drained] = [next, 0, null, false]
      else drained = true
    }
  }

  private async take(fact: Fact, readTo: number): Promise<void> {
    const cursor = { lease: this.lease, readTo }
    if (fact.kind === 'attempt') return this.events.attempt(fact, cursor)
    // The cursor stays before it, so that whoever follows next finds it as well.
    if (fact.kind === 'left') return void (this.left = fact)
    const { report } = fact
    if (report.kind === 'hello') return
    if (report.kind === 'checkpoint' && !(await this.bringHome(report.file, report.bytes))) {
      const message = `the checkpoint at step ${report.step} could not be brought home from the cluster, because its file is gone`
      return this.events.report({ kind: 'log', at: report.createdAt, level: 'warn', message }, cursor)
    }
    this.events.report(report, cursor)
  }

  /** Copies a checkpoint into the home, where it is as if it had been written there. @returns false where there is no such file */
  private async bringHome(file: string, bytes: number): Promise<boolean> {
    const from = join(this.files.checkpoints, file)
    const size = await stat(from).then(
      (found) => found.size,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      },
    )
    if (size === null) return false
    if (size !== bytes)
      throw new Error(`${from} has ${size} bytes instead of ${bytes}; the batch system or its file system damaged it. Resume the run.`)
    await replaceFile(join(this.job.checkpointFolder, file), (temporary) => copyFile(from, temporary))
    return true
  }

  /** What the batch system says of the job: undefined when it does not know it. */
  async listed(found: ListedJob | undefined): Promise<void> {
    if (this.over) return
    if (found) {
      this.missed = 0
      if (this.jobIdKnown === null) this.submitted(found.id)
      if (found.state === 'waiting' || this.claims().length === 0) this.events.waiting(describeWaiting(found))
      return
    }
    if (++this.missed === 1) this.missedSince = performance.now()
    const waits = !this.cancelled && performance.now() - this.missedSince < this.patience.missing
    if (this.missed < 2 || waits || this.isAlive()) return
    await this.look()
    if (this.over || this.looking || this.missed < 2) return
    this.finish(this.gone())
  }

  /** Whether the newest attempt has shown a sign of life lately, by the clock of this machine: a batch system may forget a job that goes on. */
  private isAlive(): boolean {
    let text: string
    try {
      text = readFileSync(this.files.alive(this.claims().at(-1) ?? this.lease), 'utf8')
    } catch {
      // No attempt has begun, or the folder cannot be read: the batch system alone decides.
      return false
    }
    if (text !== this.alive.text) this.alive = { text, at: performance.now() }
    return this.left === null && performance.now() - this.alive.at < this.patience.alive
  }

  private gone(): TrainerExit {
    if (this.wish) return { reason: null, overdue: true }
    // The host that was to submit it has ended before.
    if (this.jobIdKnown === null) return { reason: null, overdue: false, interrupted: true, again: true }
    const what = `Job ${this.jobIdKnown} ended on the cluster before the run did, as after a cancellation, or when a node was lost`
    return { reason: `${what}. Resume the run from its last checkpoint.`, overdue: false, interrupted: true }
  }

  finish(exit: TrainerExit): void {
    if (this.over) return
    this.over = true
    this.ended()
    this.events.exited(exit)
    void this.tidy().catch(this.fault)
  }

  /** Keeps what was printed, and leaves nothing in the shared folder: everything else is in the home. */
  private async tidy(): Promise<void> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    for (const name of names.filter((each) => each.endsWith('.log') && !each.startsWith('facts-')))
      await copyFile(join(this.folder, name), join(this.job.logFolder, name))
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 })
    await rmdir(dirname(this.folder)).catch((error: NodeJS.ErrnoException) => {
      // A newer order is there already.
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(error.code ?? '')) throw error
    })
  }
}

const describeWaiting = ({ state, reason, node }: ListedJob): string =>
  state === 'waiting' ? `waits for the cluster${reason ? ` (${reason})` : ''}` : `starts${node ? ` on ${node}` : ' on the cluster'}`
