import { ACTIVE_SECONDS, ELAPSED_SECONDS, type PackedPoints } from '../../../contract/metrics.js'
import type { RunSummary } from '../../../contract/runs.js'
import { packForWire, singlePoint } from '../../shared/packing.js'
import type { LiveRun, Took } from './live-run.js'
import type { RunControlPorts } from './ports.js'

/**
 * Durations of runs. Trainers measure their work with a monotonic clock. A pause is measured with the monotonic clock of the host if the host
 * was open all the time; otherwise with the system clock, and it counts as 0 if that clock was set back.
 */
export class Durations {
  /** Monotonic time of the last report of each run. */
  private readonly reportedAt = new Map<string, number>()

  constructor(private readonly ports: Pick<RunControlPorts, 'series' | 'clock'>) {}

  /** Durations of a run until now, including the pause that ends now. Must be read before points are discarded. */
  before({ id, activeSeconds: active, startedAt }: RunSummary): Took {
    const { [ELAPSED_SECONDS]: elapsed, [ACTIVE_SECONDS]: reported } = this.ports.series.latest(id)
    if (reported === undefined) return { active, elapsed: active }
    const lastReport = this.lastReport(id)
    // Runs of earlier versions have no such series; their duration is the difference of two system times.
    const until = elapsed ?? Math.max(active, between(startedAt, lastReport))
    return { active, elapsed: until + this.rest(id, lastReport) }
  }

  /** Appends the durations at this report; call it inside a commit. @returns the new points */
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

  /** System time of the last report. */
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

/** Seconds between two system times; 0 when they are unknown or in the wrong order. */
const between = (from: number | null, to: number | null): number =>
  from === null || to === null || !Number.isFinite(to - from) ? 0 : Math.max(0, (to - from) / 1000)
