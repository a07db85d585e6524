import type { HostLink } from './link.js'
import type { Report } from './messages.js'

type PointsReport = Extract<Report, { kind: 'points' }>

interface Buffer {
  steps: number[]
  values: number[]
  times: number[]
}

const FLUSH_MILLISECONDS = 100
/** Milliseconds that the host gets to commit the last points, before a checkpoint takes them along. */
const KEEP_PATIENCE = 3000
/** Steps whose durations the median looks at. */
const WINDOW = 51

/**
 * Collects metrics and hands them on in batches, about ten a second at most. What the host has not acknowledged is not forgotten: a host
 * that is lost may have got it and never have committed it.
 */
export class Recorder {
  private pending = new Map<string, Buffer>()
  /** Handed on, and not known to be committed; oldest first. */
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

  /** A step is done; flushes when it is time. */
  stepped(step: number, seconds: number): void {
    this.step = step
    this.durations.push(seconds)
    if (this.durations.length > WINDOW) this.durations.shift()
    if (performance.now() - this.lastFlush >= FLUSH_MILLISECONDS) this.flush()
  }

  /** Since this trainer began to work: evaluations and checkpoints count, and no clock that is set changes it. */
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
   * The points that the host has not committed, also after a moment in which it could: with them in a checkpoint, going on from that
   * leaves no gap. Nothing may be pending.
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
