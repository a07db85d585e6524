import { fork, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunDetail } from '../../src-main/contract/runs.js'
import type { Calls } from '../fixtures/calls.js'
import type { CrashAnswer, CrashCall, CrashOrder, HomeState } from '../fixtures/crash-host.js'
import type { Failpoint } from '../fixtures/failpoint.js'

const TRAINER = resolve(import.meta.dirname, '../fixtures/fake-trainer.mjs')

export class Died extends Error {}

/** One host from its start to its violent end. */
export class Life {
  private readonly waiting = new Map<number, { resolve(answer: Exclude<CrashAnswer, 'ready'>): void; reject(error: Error): void }>()
  private calls = 0
  readonly gone: Promise<void>
  private dead = false
  /** The state last confirmed by the host. */
  state: HomeState | null = null

  private constructor(
    private readonly child: ChildProcess,
    private readonly proof: string | null,
  ) {
    this.gone = new Promise((resolveGone) =>
      child.once('exit', () => {
        this.dead = true
        for (const { reject } of this.waiting.values()) reject(new Died('the host has died'))
        this.waiting.clear()
        resolveGone()
      }),
    )
    child.on('message', (message: CrashAnswer) => {
      if (message === 'ready') return
      if (message.state) this.state = message.state
      this.waiting.get(message.id)?.resolve(message)
      this.waiting.delete(message.id)
    })
  }

  static async begin(
    program: string,
    home: string,
    options: { failpoint?: Omit<Failpoint, 'proof'> | null; importer?: string; trainer?: string; behaviour?: object } = {},
  ): Promise<Life> {
    const proof = options.failpoint ? join(home, `proof-${Math.random()}`) : null
    const order: CrashOrder = {
      home,
      trainer: options.trainer ?? TRAINER,
      failpoint: options.failpoint && proof !== null ? { ...options.failpoint, proof } : null,
      importer: options.importer ?? null,
    }
    const trace = join(home, 'trace')
    const child = fork(program, [JSON.stringify(order)], {
      env: {
        ...process.env,
        FAKE_TRAINER: JSON.stringify({ stepMs: 5, flushMs: 50, checkpointEvery: 20, trace, traceSteps: true, ...options.behaviour }),
      },
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const life = new Life(child, proof)
    const ready = new Promise<void>((resolveReady) => child.on('message', (message) => message === 'ready' && resolveReady()))
    await Promise.race([ready, life.gone])
    return life
  }

  /** @throws Died when the host ends before it answers, Error with its message when it refuses */
  async call<Group extends Exclude<keyof Calls, 'changes'>, Method extends keyof Calls[Group] & string>(
    group: Group,
    method: Method,
    input?: unknown,
  ): Promise<Calls[Group][Method] extends (...args: never[]) => Promise<infer Result> ? Result : never> {
    if (this.dead) throw new Died('the host is dead')
    const answer = await new Promise<Exclude<CrashAnswer, 'ready'>>((resolve, reject) => {
      const id = ++this.calls
      this.waiting.set(id, { resolve, reject })
      this.child.send({ id, group, method, input } satisfies CrashCall, (error) => {
        if (error) reject(new Died('the host has died'))
      })
    })
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer.result as never
  }

  async until(id: string, condition: (run: RunDetail) => boolean, within = 20_000): Promise<RunDetail> {
    const deadline = Date.now() + within
    for (;;) {
      const run = await this.call('runs', 'get', { id })
      if (condition(run)) return run
      if (Date.now() > deadline) throw new Error(`run ${id} is ${run.status} at step ${run.step}: ${run.reason}`)
      await sleep(10)
    }
  }

  /** Ends it now, unless it has ended itself; returns the time of its end. */
  async kill(): Promise<number> {
    const at = Date.now()
    this.child.kill('SIGKILL')
    await this.gone
    return this.reached ? Number(readFileSync(this.proof ?? '', 'utf8')) : at
  }

  get pid(): number {
    return this.child.pid!
  }

  /** Suspends it, like a machine without memory or a debugger. */
  hang(): void {
    this.child.kill('SIGSTOP')
  }

  /** Whether its failpoint was reached. */
  get reached(): boolean {
    return this.proof !== null && existsSync(this.proof)
  }
}

/** The trace of the last trainer of a home. */
export function lastTrainer(home: string): { pid: number; steps: { step: number; at: number }[] } {
  const lines = readFileSync(join(home, 'trace'), 'utf8').trim().split('\n')
  const pid = Number(lines.at(-1)?.split(' ')[0])
  const steps = lines
    .map((line) => line.split(' '))
    .filter(([owner, did]) => Number(owner) === pid && did === 'stepped')
    .map(([, , step, at]) => ({ step: Number(step), at: Number(at) }))
  return { pid, steps }
}
