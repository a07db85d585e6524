import { Worker } from 'node:worker_threads'
import { Preparer, type Plan } from './prepare.js'
import type { PreparedMessage, Slot, SlotMessage, WorkerStart } from './worker-messages.js'

/** A prepared batch, whose memory is reused after `release`. */
export interface Batch {
  step: number
  /** Normalised, [count, height, width, channels]. */
  images: Float32Array
  labels: Int32Array
  count: number
  release(): void
}

/** Batches of consecutive steps. */
export interface BatchPipeline {
  next(): Promise<Batch>
  close(): Promise<void>
}

/** One batch in use, and two that are ready or being prepared meanwhile. */
const SLOTS = 3

/**
 * Batches prepared by a worker thread in parallel with the caller, in a ring of shared memory. An error of the thread is thrown by `next`,
 * immediately and in every later call.
 */
export class ThreadPipeline implements BatchPipeline {
  private readonly worker: Worker
  private readonly slots: Slot[]
  private readonly ready: PreparedMessage[] = []
  private readonly waiting: { resolve(batch: Batch): void; reject(error: Error): void }[] = []
  private held = 0
  private failure: Error | null = null
  private closed = false

  /** @param entry path or URL of the built `batch-worker` */
  constructor(
    private readonly plan: Plan,
    fromStep: number,
    entry: string | URL,
  ) {
    const { size } = new Preparer(plan)
    this.slots = Array.from({ length: SLOTS }, () => ({
      images: new Float32Array(new SharedArrayBuffer(4 * size)),
      labels: new Int32Array(new SharedArrayBuffer(4 * plan.batch)),
    }))
    const start: WorkerStart = { plan, fromStep, slots: this.slots }
    this.worker = new Worker(entry, { workerData: start, name: 'batches' })
    this.worker.on('message', (message: PreparedMessage) => {
      this.ready.push(message)
      this.deliver()
    })
    this.worker.on('error', (error) => this.fail('failed', error))
    this.worker.on('messageerror', (error) => this.fail('sent an unreadable message', error))
    this.worker.on('exit', (code) => this.fail(`ended with status ${code}`))
    for (let slot = 0; slot < SLOTS; slot++) this.worker.postMessage({ slot } satisfies SlotMessage)
  }

  next(): Promise<Batch> {
    if (this.failure) return Promise.reject(this.failure)
    if (this.held + this.waiting.length >= SLOTS)
      return Promise.reject(new Error(`all ${SLOTS} batches are in use: release one before asking for the next`))
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      this.deliver()
    })
  }

  async close(): Promise<void> {
    this.closed = true
    this.fail('was closed')
    await this.worker.terminate()
  }

  private deliver(): void {
    while (this.ready.length && this.waiting.length) {
      const { slot, step } = this.ready.shift()!
      const { images, labels } = this.slots[slot]!
      let released = false
      const release = (): void => {
        if (released) return
        released = true
        this.held--
        if (!this.failure) this.worker.postMessage({ slot } satisfies SlotMessage)
      }
      this.held++
      this.waiting.shift()!.resolve({ step, images, labels, count: this.plan.batch, release })
    }
  }

  private fail(what: string, cause?: unknown): void {
    if (this.failure) return
    const detail = cause instanceof Error ? `: ${cause.message}` : ''
    this.failure = new Error(`the thread that prepares batches ${this.closed ? 'was closed' : what}${detail}`, { cause })
    for (const { reject } of this.waiting.splice(0)) reject(this.failure)
  }
}

/** The same batches, prepared on demand by the calling thread: for tools and tests of a few steps. */
export class DirectPipeline implements BatchPipeline {
  private readonly preparer: Preparer

  constructor(
    private readonly plan: Plan,
    private step: number,
  ) {
    this.preparer = new Preparer(plan)
  }

  next(): Promise<Batch> {
    const [images, labels] = [new Float32Array(this.preparer.size), new Int32Array(this.plan.batch)]
    this.preparer.prepare(this.step, images, labels)
    return Promise.resolve({ step: this.step++, images, labels, count: this.plan.batch, release: () => undefined })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
