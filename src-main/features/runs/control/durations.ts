import { ACTIVE_SECONDS, ELAPSED_SECONDS, type PackedPoints } from '../../../contract/metrics.js'
import type { RunSummary } from '../../../contract/runs.js'
import { packForWire, singlePoint } from '../../shared/packing.js'
import type { LiveRun, Took } from './live-run.js'
import type { RunControlPorts } from './ports.js'

/**
 * How long runs take. Trainers measure their own work by a clock that only grows. How long a run rested is measured by such a clock of the
 * host where that was there all the while; otherwise only the machine's clock tells, and one that was set back meanwhile makes it 0.
 */
export class Durations {
  /** When the last report of each run came, by the clock of this process that only grows. */
  private readonly reportedAt = new Map<string, number>()

  constructor(private readonly ports: Pick<RunControlPorts, 'series' | 'clock'>) {}

  /** What a run took until now, with the rest that ends now; to be asked before points are taken back. */
  before({ id, activeSeconds: active, startedAt }: RunSummary): Took {
    const { [ELAPSED_SECONDS]: elapsed, [ACTIVE_SECONDS]: reported } = this.ports.series.latest(id)
    if (reported === undefined) return { active, elapsed: active }
    const lastReport = this.lastReport(id)
    // Runs of earlier versions have no such series; what they took is between two labels.
    const until = elapsed ?? Math.max(active, between(startedAt, lastReport))
    return { active, elapsed: until + this.rest(id, lastReport) }
  }

  /** Appends what the run has taken by this report, inside a commit of the caller; answers what is new. */
  report(
    { id, before }: LiveRun,
    { step, activeSeconds }: { step: number; activeSeconds: number },
  ): { key: string; points: PackedPoints }[] {
    const { series, clock } = this.ports
    this.reportedAt.set(id, clock.elapsed())
    const took = { [ACTIVE_SECONDS]: before.active + activeSeconds, [ELAPSED_SECONDS]: before.elapsed + activeSeconds }
    return Object.entries(took).flatMap(([key, seconds]) => {
      const points = series.append(id, key, singlePoint(step, seconds, clock.now()))
      return points.steps.length > 0 ? [{ key, points: packForWire(points) }] : []
    })
  }

  /** The label of the last report. */
  private lastReport(id: string): number | null {
    const { series } = this.ports
    const known = series.counts(id).find(({ key }) => key === ACTIVE_SECONDS)
    return known ? (series.stretch(id, ACTIVE_SECONDS, known.count - 1, 1).times[0] ?? null) : null
  }

  private rest(id: string, lastReport: number | null): number {
    const { clock } = this.ports
    const seen = this.reportedAt.get(id)
    return seen === undefined ? between(lastReport, clock.now()) : (clock.elapsed() - seen) / 1000
  }
}

/** Seconds from one label to another; 0 where they do not tell. */
const between = (from: number | null, to: number | null): number =>
  from === null || to === null || !Number.isFinite(to - from) ? 0 : Math.max(0, (to - from) / 1000)
