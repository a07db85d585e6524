import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { wasAskedToEnd } from '../processes/end-request.js'
import { obstacleOf } from '../contract/errors.js'
import { guarded } from '../processes/guarded.js'
import { writeLease } from './lease-file.js'
import { PROTOCOL, ReportSchema, type Command, type Report } from './messages.js'
import { findLeftBehind } from './left-behind.js'
import { trainerArguments, waitUntilGone } from './orphans.js'
import { OutputLog } from './output-log.js'
import { PATIENCE, type Patience } from './patience.js'
import type { TrainerEvents, TrainerExit, TrainerHandle, TrainerLauncher, TrainerOrder } from '../features/runs/control/trainers.js'

/** The share of the machine assigned to a trainer. */
export type Share = Pick<TrainerOrder, 'slot' | 'slots'> & Partial<Pick<TrainerOrder, 'device'>>

export interface SupervisorOptions {
  /** Absolute path of the trainer's entry file. */
  trainerEntry: string
  /** Environment variables of the trainer's process, in addition to those of this one: engine, library paths, thread counts. */
  environment?: ((share: Share) => Record<string, string | undefined> | Promise<Record<string, string | undefined>>) | undefined
  /** Receives faults that harm no run, such as an output file that cannot be written. */
  fault?: ((error: unknown) => void) | undefined
  /** Timeouts in milliseconds; tests use shorter ones. */
  patience?: Partial<Patience> | undefined
}

/** Milliseconds until a failed commit is retried; every further attempt waits twice as long. */
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 5000

/** Starts one child process per run and supervises it until it ends. */
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
  /** Why this supervisor killed the process, which explains its end better than the signal. */
  private killedFor: { reason: string | null; overdue: boolean } | null = null
  /** Whether its messages are ignored because it violates the protocol or they cannot be stored. */
  private deaf = false
  private readonly timers = new Set<NodeJS.Timeout>()
  /**
   * Events to be reported to `events`, in order, oldest first: they wait while the database is held by another program, or the disk is
   * full.
   */
  private readonly inbox: (() => void)[] = []
  private waiting = false
  /** The end of the process, which is reported last. */
  private exit: TrainerExit | null = null
  private commanded = false

  private readonly fault = (error: unknown): void => this.options.fault?.(error)

  constructor(
    private readonly order: TrainerOrder,
    private readonly events: TrainerEvents,
    private readonly options: SupervisorOptions,
  ) {
    this.patience = { ...PATIENCE, ...options.patience }
  }

  /** Never rejects: an error becomes the reason of the trainer's end. */
  async start(): Promise<void> {
    const { order } = this
    try {
      // This comes first: from here on, an older trainer cannot write a checkpoint, however long it takes to exit.
      await writeLease(order.checkpointFolder, order.lease)
      if (order.previousPid !== null) {
        this.tell(() => this.events.report({ kind: 'phase', phase: 'waiting for the previous trainer' }))
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
    // A trainer without a job has nothing to save and may not listen yet.
    if (!this.jobSent) return this.end({ reason: null, overdue: false })
    this.obey({ kind: command }, command)
  }

  leaveHome(checkpointFolder: string | null): void {
    if (this.finished) return
    if (!this.jobSent) return this.end({ reason: null, overdue: false })
    this.obey({ kind: 'homeLost', checkpointFolder }, 'end')
  }

  private obey(command: Command, wish: string): void {
    this.send(command)
    if (this.commanded) return
    this.commanded = true
    const patience = this.patience.command + 2000 * this.medianStep
    this.after(patience, () => {
      const reason = `The trainer did not ${wish} within ${Math.round(patience / 1000)} s and was killed. Resume the run from its last checkpoint.`
      this.end({ reason, overdue: true })
    })
  }

  kill(reason: string): void {
    this.deaf = true
    this.inbox.length = 0
    this.end({ reason, overdue: false })
  }

  private spawn(env: NodeJS.ProcessEnv): void {
    const { order, options } = this
    const child = fork(options.trainerEntry, trainerArguments(order.runId, order.lease), {
      serialization: 'advanced',
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Without the options of this process, such as a debugger's port, which only one process can have: a debugged trainer uses any free
      // port.
      execArgv: env['RETRACE_INSPECT'] === 'trainer' ? ['--enable-source-maps', '--inspect=127.0.0.1:0'] : [],
      // The trainer gets its own process group, so that Ctrl+C in the host's terminal does not kill it before it has written its checkpoint.
      detached: process.platform !== 'win32',
    })
    this.child = child
    this.output = new OutputLog(join(order.logFolder, `trainer-${order.lease}.log`), this.fault)
    this.output.add(child.stdout, false)
    this.output.add(child.stderr, true)
    let exit: { code: number | null; signal: NodeJS.Signals | null } | null = null
    const conclude = (): void => {
      if (exit) this.finish(this.killedFor ?? this.explain(exit.code, exit.signal))
    }
    // Messages and output from before its death may arrive after the exit event: everything is read first.
    let open = 2
    const drained = (): void => {
      if (--open === 0) conclude()
    }
    child.on(
      'message',
      guarded(this.fault, (message) => this.receive(message)),
    )
    child.once(
      'error',
      guarded(this.fault, (error: Error) => this.finish({ reason: `The trainer could not be started: ${error.message}`, overdue: false })),
    )
    child.once('disconnect', guarded(this.fault, drained))
    child.once('close', guarded(this.fault, drained))
    child.once(
      'exit',
      guarded(this.fault, (code, signal) => {
        exit = { code, signal }
        // A child process of the trainer may have inherited its output and keep it open.
        this.after(this.patience.drain, conclude)
      }),
    )
    if (child.pid !== undefined) this.tell(() => this.events.spawned(child.pid as number))
    const helloBy = this.after(this.patience.hello, () => {
      if (!this.jobSent) this.kill(`The trainer did not start within ${Math.round(this.patience.hello / 1000)} s and was killed.`)
    })
    child.once(
      'message',
      guarded(this.fault, () => this.cancel(helloBy)),
    )
  }

  private receive(message: unknown): void {
    if (this.finished || this.deaf) return
    const parsed = ReportSchema.safeParse(message)
    if (!parsed.success) return this.kill('The trainer sent a message that this build of Retrace does not understand. Rebuild Retrace.')
    const report = parsed.data
    if (report.kind === 'hello') return this.greet(report)
    if (!this.jobSent) return this.kill('The trainer sent a report before it had its job. Rebuild Retrace.')
    if (this.ended) return
    if (report.kind === 'points') this.medianStep = report.medianStepSeconds
    this.tell(() => {
      const kept = this.events.report(report)
      if (kept && report.kind === 'points') this.send({ kind: 'kept', sequence: report.sequence })
    })
    if (report.kind === 'ended') {
      this.ended = true
      this.after(this.patience.exit, () => this.child?.kill('SIGKILL'))
    }
  }

  private greet({ protocol }: Extract<Report, { kind: 'hello' }>): void {
    if (protocol !== PROTOCOL) return this.kill('The trainer and this host are different builds. Rebuild Retrace and start it again.')
    const { runId, lease, config, datasetFolder, datasetHash, checkpointFolder, resumeFrom, olderCheckpoints } = this.order
    this.jobSent = true
    this.send({
      kind: 'job',
      protocol: PROTOCOL,
      runId,
      lease,
      config,
      dynamics: this.order.dynamics,
      datasetFolder,
      datasetHash,
      checkpointFolder,
      resumeFrom,
      olderCheckpoints,
      weightsFrom: this.order.weightsFrom,
      pauseAt: this.order.pauseAt,
    })
  }

  private send(command: Command): void {
    if (!this.child?.connected) return
    // A trainer that dies at this moment breaks the channel; its exit is reported separately, and it needs no acknowledgement any more.
    this.child.send(command, (error) => error && command.kind !== 'kept' && this.options.fault?.(error))
  }

  private tell(work: () => void): void {
    this.inbox.push(work)
    if (!this.waiting) this.deliver(0)
  }

  /**
   * A trainer whose reports cannot be stored must not continue as if they were. If they can be stored later, however, it does continue,
   * because it keeps whatever has not been acknowledged.
   */
  private deliver(attempt: number): void {
    this.waiting = false
    for (let next = this.inbox[0]; next; next = this.inbox[0]) {
      try {
        next()
        attempt = 0
      } catch (error) {
        if (obstacleOf(error) === null) {
          this.kill(messageOf(error))
          break
        }
        this.waiting = true
        this.after(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt), () => this.deliver(attempt + 1))
        return
      }
      this.inbox.shift()
    }
    if (this.exit) this.finish(this.exit)
  }

  private end(why: { reason: string | null; overdue: boolean }): void {
    this.killedFor ??= why
    this.child?.kill('SIGKILL')
  }

  private explain(code: number | null, signal: NodeJS.Signals | null): TrainerExit {
    if (this.ended) return { reason: null, overdue: false }
    const last = this.output?.explanation()
    const said = last ? ` Error: ${last}` : ''
    if (signal === 'SIGKILL')
      return { reason: `The trainer was killed (SIGKILL), probably because the machine ran out of memory.${said}`, overdue: false }
    if (wasAskedToEnd(signal)) {
      const reason = `The trainer was terminated by the system or another program (${signal}) before it could write a checkpoint. Resume the run from its last checkpoint.`
      return { reason, overdue: false, interrupted: true }
    }
    if (signal) return { reason: `The trainer crashed (${signal}).${said}`, overdue: false }
    if (code === 0) return { reason: `The trainer exited without a result.${said}`, overdue: false }
    return { reason: `The trainer exited with code ${code}.${said}`, overdue: false }
  }

  private finish(exit: TrainerExit): void {
    if (this.finished) return
    if (this.inbox.length > 0) {
      this.exit ??= exit
      return
    }
    this.finished = true
    for (const timer of this.timers) clearTimeout(timer)
    this.output?.close()
    this.events.exited(exit)
  }

  private after(milliseconds: number, work: () => void): NodeJS.Timeout {
    const timer = setTimeout(guarded(this.fault, work), milliseconds)
    this.timers.add(timer)
    return timer
  }

  private cancel(timer: NodeJS.Timeout): void {
    clearTimeout(timer)
    this.timers.delete(timer)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
