import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { TrainerEvents, TrainerHandle, TrainerLauncher, TrainerOrder } from '../experiments/ports.js'
import { writeLease } from './lease-file.js'
import { PROTOCOL, ReportSchema, type Command, type Report } from './messages.js'
import { findLeftBehind } from './left-behind.js'
import { trainerArguments, waitUntilGone } from './orphans.js'
import { OutputLog } from './output-log.js'

/** A trainer's part of the machine. */
export type Share = Pick<TrainerOrder, 'slot' | 'slots'>

export interface SupervisorOptions {
  /** Absolute path of the trainer's entry file. */
  trainerEntry: string
  /** Variables for the trainer's process, over those of this one: engine, library paths, thread counts. */
  environment?: ((share: Share) => Record<string, string | undefined> | Promise<Record<string, string | undefined>>) | undefined
  /** Told of what harms no run: an output file that cannot be written. */
  fault?: ((error: unknown) => void) | undefined
  /** Milliseconds, for tests that cannot wait as long as users can. */
  patience?: Partial<Patience> | undefined
}

export interface Patience {
  /** To obey a command, besides twice the median step. */
  command: number
  /** From the last report to the end of the process. */
  exit: number
  /** From the start of the process to its first word. */
  hello: number
  /** For a trainer whose host has died to go by itself. */
  orphan: number
  /** From the end of the process to the last of what it sent. */
  drain: number
}

const PATIENCE: Patience = { command: 10_000, exit: 10_000, hello: 60_000, orphan: 15_000, drain: 2000 }

/** Starts one child process a run, and sees each of them to its end. */
export function createSupervisor(options: SupervisorOptions): TrainerLauncher {
  return {
    leftBehind: findLeftBehind,
    ended: (pid, runId) => waitUntilGone(pid, runId, options.patience?.orphan ?? PATIENCE.orphan),
    launch(order, events) {
      const trainer = new Trainer(order, events, options)
      void trainer.start()
      return trainer
    },
  }
}

class Trainer implements TrainerHandle {
  private readonly patience: Patience
  private child: ChildProcess | null = null
  private output: OutputLog | null = null
  private jobSent = false
  private ended = false
  private finished = false
  private medianStep = 0
  /** Why this supervisor killed the process, which then explains its end better than the signal does. */
  private killedFor: { reason: string | null; overdue: boolean } | null = null
  /** What it sends is no longer taken: it does not follow the protocol, or nobody can keep it. */
  private deaf = false
  private readonly timers = new Set<NodeJS.Timeout>()
  private commanded = false

  constructor(
    private readonly order: TrainerOrder,
    private readonly events: TrainerEvents,
    private readonly options: SupervisorOptions,
  ) {
    this.patience = { ...PATIENCE, ...options.patience }
  }

  /** Never rejects: what goes wrong is the reason of the trainer's end. */
  async start(): Promise<void> {
    const { order } = this
    try {
      // First of all: from here on an older trainer can write no checkpoint, however long it takes to go.
      await writeLease(order.checkpointFolder, order.lease)
      if (order.previousPid !== null) {
        this.events.report({ kind: 'phase', phase: 'waiting for the previous trainer' })
        await waitUntilGone(order.previousPid, order.runId, this.patience.orphan)
      }
      const environment = await this.options.environment?.(order)
      if (this.killedFor) this.finish(this.killedFor)
      else this.spawn({ ...process.env, ...environment })
    } catch (error) {
      this.finish({ reason: `The trainer could not be started: ${messageOf(error)}`, overdue: false })
    }
  }

  command(command: 'pause' | 'stop'): void {
    if (this.finished) return
    // Without its job it has nothing to save, and might not listen yet.
    if (!this.jobSent) return this.end({ reason: null, overdue: false })
    this.send({ kind: command })
    if (this.commanded) return
    this.commanded = true
    const patience = this.patience.command + 2000 * this.medianStep
    this.after(patience, () => {
      const reason = `The trainer did not ${command} within ${Math.round(patience / 1000)} s and was killed; the run can go on from its last checkpoint.`
      this.end({ reason, overdue: true })
    })
  }

  kill(reason: string): void {
    this.deaf = true
    this.end({ reason, overdue: false })
  }

  private spawn(env: NodeJS.ProcessEnv): void {
    const { order, options } = this
    const child = fork(options.trainerEntry, trainerArguments(order.runId, order.lease), {
      serialization: 'advanced',
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Not those of this process, such as a debugger's port, which only one process can have.
      execArgv: [],
      // A group of its own: Ctrl+C in the host's terminal must not kill it before it has written its checkpoint.
      detached: process.platform !== 'win32',
    })
    this.child = child
    this.output = new OutputLog(join(order.logFolder, `trainer-${order.lease}.log`), (error) => options.fault?.(error))
    this.output.add(child.stdout, false)
    this.output.add(child.stderr, true)
    let exit: { code: number | null; signal: NodeJS.Signals | null } | null = null
    const conclude = (): void => {
      if (exit) this.finish(this.killedFor ?? this.explain(exit.code, exit.signal))
    }
    // What it sent and printed before it died may arrive after the news of its death: all of that is read first.
    let open = 2
    const drained = (): void => {
      if (--open === 0) conclude()
    }
    child.on('message', (message) => this.receive(message))
    child.once('error', (error) => this.finish({ reason: `The trainer could not be started: ${error.message}`, overdue: false }))
    child.once('disconnect', drained)
    child.once('close', drained)
    child.once('exit', (code, signal) => {
      exit = { code, signal }
      // A process of the trainer's own may have inherited its output and keep it open.
      this.after(this.patience.drain, conclude)
    })
    if (child.pid !== undefined) this.guard(() => this.events.spawned(child.pid as number))
    const helloBy = this.after(this.patience.hello, () => {
      if (!this.jobSent) this.kill(`The trainer did not begin within ${Math.round(this.patience.hello / 1000)} s and was killed.`)
    })
    child.once('message', () => this.cancel(helloBy))
  }

  private receive(message: unknown): void {
    if (this.finished || this.deaf) return
    const parsed = ReportSchema.safeParse(message)
    if (!parsed.success) return this.kill('The trainer sent what this version of Retrace does not understand: build Retrace anew.')
    const report = parsed.data
    if (report.kind === 'hello') return this.greet(report)
    if (!this.jobSent) return this.kill('The trainer reported before it had its job: build Retrace anew.')
    if (this.ended) return
    if (report.kind === 'points') this.medianStep = report.medianStepSeconds
    this.guard(() => this.events.report(report))
    if (report.kind === 'ended') {
      this.ended = true
      this.after(this.patience.exit, () => this.child?.kill('SIGKILL'))
    }
  }

  private greet({ protocol }: Extract<Report, { kind: 'hello' }>): void {
    if (protocol !== PROTOCOL)
      return this.kill('The trainer and this host are of different builds: build Retrace anew, then start it again.')
    const { runId, lease, config, datasetFolder, checkpointFolder, resumeFrom, weightsFrom } = this.order
    this.jobSent = true
    this.send({
      kind: 'job',
      protocol: PROTOCOL,
      runId,
      lease,
      config,
      datasetFolder,
      checkpointFolder,
      resumeFrom,
      weightsFrom,
    })
  }

  private send(command: Command): void {
    if (!this.child?.connected) return
    // A trainer that dies at this moment breaks the channel; its end then tells the rest.
    this.child.send(command, (error) => error && this.options.fault?.(error))
  }

  /** Whoever cannot keep what the trainer reports must not let it go on as if it were kept. */
  private guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.kill(messageOf(error))
    }
  }

  private end(why: { reason: string | null; overdue: boolean }): void {
    this.killedFor ??= why
    this.child?.kill('SIGKILL')
  }

  private explain(code: number | null, signal: NodeJS.Signals | null): { reason: string | null; overdue: boolean } {
    if (this.ended) return { reason: null, overdue: false }
    const last = this.output?.explanation()
    const said = last ? ` Its last words: ${last}` : ''
    if (signal === 'SIGKILL')
      return { reason: `The trainer was killed (SIGKILL), probably because the machine ran out of memory.${said}`, overdue: false }
    if (signal) return { reason: `The trainer crashed (${signal}).${said}`, overdue: false }
    if (code === 0) return { reason: `The trainer ended without a result.${said}`, overdue: false }
    return { reason: `The trainer ended with exit code ${code}.${said}`, overdue: false }
  }

  private finish(exit: { reason: string | null; overdue: boolean }): void {
    if (this.finished) return
    this.finished = true
    for (const timer of this.timers) clearTimeout(timer)
    this.output?.close()
    this.events.exited(exit)
  }

  private after(milliseconds: number, work: () => void): NodeJS.Timeout {
    const timer = setTimeout(work, milliseconds)
    this.timers.add(timer)
    return timer
  }

  private cancel(timer: NodeJS.Timeout): void {
    clearTimeout(timer)
    this.timers.delete(timer)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
