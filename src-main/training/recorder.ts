import type { Report } from './messages.js'

type PointsReport = Extract<Report, { kind: 'points' }>

interface Buffer {
  steps: number[]
  values: number[]
  times: number[]
}

const FLUSH_MILLISECONDS = 100
/** Steps whose durations the median looks at. */
const WINDOW = 51

/** Collects metrics and hands them on in batches, about ten a second at most. */
export class Recorder {
  private pending = new Map<string, Buffer>()
  /** Everything since the last checkpoint: what a host that was lost may not have got. */
  private sinceCheckpoint = new Map<string, Buffer>()
  private lastFlush = performance.now()
  private readonly durations: number[] = []
  private step = 0
  private activeSeconds = 0

  constructor(private readonly send: (report: PointsReport) => void) {}

  /** NaN and infinities are data like any other. */
  record(key: string, step: number, value: number, time = Date.now()): void {
    for (const buffers of [this.pending, this.sinceCheckpoint]) {
      const buffer = buffers.get(key) ?? { steps: [], values: [], times: [] }
      buffers.set(key, buffer)
      buffer.steps.push(step)
      buffer.values.push(value)
      buffer.times.push(time)
    }
  }

  /** A step is done; flushes when it is time. */
  stepped(step: number, seconds: number): void {
    this.step = step
    this.activeSeconds += seconds
    this.durations.push(seconds)
    if (this.durations.length > WINDOW) this.durations.shift()
    if (performance.now() - this.lastFlush >= FLUSH_MILLISECONDS) this.flush()
  }

  get medianStepSeconds(): number {
    const sorted = [...this.durations].sort((a, b) => a - b)
    return sorted[sorted.length >> 1] ?? 0
  }

  flush(): void {
    this.lastFlush = performance.now()
    if (this.pending.size === 0) return
    this.send({
      kind: 'points',
      step: this.step,
      activeSeconds: this.activeSeconds,
      medianStepSeconds: this.medianStepSeconds,
      series: [...this.pending].map(([key, { steps, values, times }]) => ({
        key,
        steps: Float64Array.from(steps),
        values: Float64Array.from(values),
        times: Float64Array.from(times),
      })),
    })
    this.pending = new Map()
  }

  checkpointed(): void {
    this.sinceCheckpoint = new Map()
  }

  /** What a checkpoint of a lost host carries, so that resuming from it leaves no gap. */
  unacknowledged(): Record<string, Buffer> {
    return Object.fromEntries(this.sinceCheckpoint)
  }
}
