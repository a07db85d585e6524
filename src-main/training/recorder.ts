import type { HostLink } from './link.js'
import type { Report } from './messages.js'

type PointsReport = Extract<Report, { kind: 'points' }>

interface Buffer {
  steps: number[]
  values: number[]
  times: number[]
}

const FLUSH_MILLISECONDS = 100
/** Time limit in milliseconds for the host to commit the last points before they are added to a checkpoint. */
const KEEP_PATIENCE = 3000
/** Number of steps in the median of durations. */
const WINDOW = 51

/**
 * Collects metrics and reports them in batches, at most about ten per second. Points that the host has not acknowledged are kept: a host
 * that dies may have received them without committing them.
 */
export class Recorder {
  private pending = new Map<string, Buffer>()
  /** Reported, but not known to be committed; oldest first. */
  private unkept: PointsReport[] = []
  private sequence = 0
  private lastFlush = performance.now()
  private readonly durations: number[] = []
  private step = 0
  private readonly began = performance.now()

  constructor(private readonly host: Pick<HostLink, 'report' | 'kept' | 'whenKept'>) {}

  /** NaN and infinities are data like any other. */
  // eslint-disable-next-line no-restricted-syntax -- the label of the point
  record(key: string, step: number, value: number, time = Date.now()): void {
    append(this.pending, key, [step], [value], [time])
  }

  /** To be called after every step; flushes when it is time. */
  stepped(step: number, seconds: number): void {
    this.step = step
    this.durations.push(seconds)
    if (this.durations.length > WINDOW) this.durations.shift()
    if (performance.now() - this.lastFlush >= FLUSH_MILLISECONDS) this.flush()
  }

  /** Seconds since this trainer started working: it includes evaluations and checkpoints, and does not depend on the system clock. */
  activeSeconds(): number {
    return (performance.now() - this.began) / 1000
  }

  get medianStepSeconds(): number {
    const sorted = [...this.durations].sort((a, b) => a - b)
    return sorted[sorted.length >> 1] ?? 0
  }

  flush(): void {
    this.lastFlush = performance.now()
    this.forgetKept()
    if (this.pending.size === 0) return
    const report: PointsReport = {
      kind: 'points',
      sequence: ++this.sequence,
      step: this.step,
      activeSeconds: this.activeSeconds(),
      medianStepSeconds: this.medianStepSeconds,
      series: [...this.pending].map(([key, { steps, values, times }]) => ({
        key,
        steps: Float64Array.from(steps),
        values: Float64Array.from(values),
        times: Float64Array.from(times),
      })),
    }
    this.pending = new Map()
    this.unkept.push(report)
    this.host.report(report)
  }

  /**
   * The points that the host has not committed, after waiting a moment for it: stored in a checkpoint, they prevent a gap in the series
   * when the run continues. Nothing may be pending.
   */
  async unacknowledged(): Promise<Record<string, Buffer>> {
    await this.host.whenKept(this.sequence, KEEP_PATIENCE)
    this.forgetKept()
    const all = new Map<string, Buffer>()
    for (const { series } of this.unkept) for (const { key, steps, values, times } of series) append(all, key, steps, values, times)
    return Object.fromEntries(all)
  }

  private forgetKept(): void {
    this.unkept = this.unkept.filter(({ sequence }) => sequence > this.host.kept)
  }
}

function append(
  buffers: Map<string, Buffer>,
  key: string,
  steps: Iterable<number>,
  values: Iterable<number>,
  times: Iterable<number>,
): void {
  const buffer = buffers.get(key) ?? { steps: [], values: [], times: [] }
  buffers.set(key, buffer)
  buffer.steps.push(...steps)
  buffer.values.push(...values)
  buffer.times.push(...times)
}
