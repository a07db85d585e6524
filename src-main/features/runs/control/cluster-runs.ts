import type { ClusterAttempt, ClusterEvents } from '../../cluster/cluster-launcher.js'
import { clusterOf, requireCluster } from '../../cluster/configured.js'
import type { Cursor, StoredJob } from '../../cluster/job-store.js'
import type { LogEntry, RunSummary } from '../../../contract/runs.js'
import { readStoredConfig } from '../../../contract/stored-config.js'
import { recordOf } from '../detail.js'
import { discardAfter } from './discard.js'
import type { Durations } from './durations.js'
import { LiveRun, type Listener } from './live-run.js'
import type { LiveRuns } from './live-runs.js'
import type { RunControlPorts } from './ports.js'
import type { RunRows } from './run-rows.js'
import type { TiedChanges } from './tied-changes.js'
import type { TrainerHandle, TrainerOrder } from './trainers.js'

/** Runs that jobs of a batch system compute: their facts are committed together with how far they have been read. */
export class ClusterRuns {
  constructor(
    private readonly ports: RunControlPorts,
    private readonly rows: RunRows,
    private readonly durations: Durations,
    private readonly tied: TiedChanges,
  ) {}

  /** Submits a job for a prepared run. @throws UserError where no cluster is set up */
  begin(order: TrainerOrder, live: LiveRun, listener: Listener): TrainerHandle {
    const { jobs, cluster, settings } = this.ports
    const resources = jobs.resourcesOf(live.id)
    if (!resources) throw new Error(`run ${live.id} is computed here`)
    return withoutHome(cluster.launch(requireCluster(settings), order, resources, this.events(live, listener)))
  }

  /** Follows the job of a run that another host has left. @returns false where none goes on, or no cluster is set up any more */
  reattach(run: RunSummary, all: LiveRuns, listener: Listener): boolean {
    const { jobs, settings, fault } = this.ports
    const job = jobs.get(run.id)
    if (!job || job.endedAt !== null || !clusterOf(settings)) return false
    try {
      all.set(run.id, this.follow(run, job, listener))
      return true
    } catch (error) {
      // The run is interrupted; when it is resumed, its next order takes it over from the job.
      fault(error)
      return false
    }
  }

  private follow(run: RunSummary, job: StoredJob, listener: Listener): LiveRun {
    const { runs, files, cluster, settings, clock } = this.ports
    const { id } = run
    const record = recordOf(runs, id)
    const live = new LiveRun(
      { id, lease: run.lease, slot: 0, device: null, before: job.took ?? this.durations.before(run), onCluster: true },
      clock,
    )
    live.expectTolerance(readStoredConfig(record.config).reconstructionTolerance)
    live.pausesAt(record.pauseAt)
    files.prepareRun(id)
    const left = { ...job, checkpointFolder: files.checkpointFolder(id), logFolder: files.logFolder(id) }
    live.attach(withoutHome(cluster.reattach(requireCluster(settings), left, this.events(live, listener))))
    if (run.status === 'pausing') live.command('pause')
    if (run.status === 'stopping') live.command('stop')
    return live
  }

  private events(live: LiveRun, listener: Listener): ClusterEvents {
    const { jobs } = this.ports
    const { id } = live
    return {
      submitted: (jobId) => this.tied.commit(() => jobs.update(id, { jobId })),
      waiting: (phase) => {
        if (this.rows.require(id).phase !== phase) this.rows.apply(live, { phase })
      },
      attempt: (attempt, cursor) => this.attempt(live, attempt, cursor),
      report: (report, cursor) =>
        this.tied.with(
          () => jobs.update(id, cursor),
          () => listener.report(live, report),
        ),
      exited: (exit) => listener.exited(live, exit),
    }
  }

  /** An attempt begins to work: what an earlier one computed after the checkpoint that this one goes on from is computed again. */
  private attempt(live: LiveRun, { lease, at, fromStep, node, provenance }: ClusterAttempt, cursor: Cursor): void {
    const { runs, series, log, jobs } = this.ports
    const { id } = live
    const run = this.rows.require(id)
    const { environment } = recordOf(runs, id)
    const again = lease !== run.lease
    // Read before points are discarded, because the time that they took has passed.
    const took = again ? this.durations.before(run) : live.before
    const moved = again && environment.hardware?.processor !== provenance.hardware?.processor
    this.tied.commit((record) => {
      runs.updateRecord(id, { environment: { ...environment, ...provenance } })
      jobs.update(id, { ...cursor, node, took })
      if (!again) return record({ kind: 'run', run: this.rows.patch(id, { phase: `starts on ${node}` }) })
      discardAfter(this.ports, id, fromStep)
      record({ kind: 'truncated', runId: id, afterStep: fromStep })
      const lost = run.step - Math.max(0, fromStep)
      const entries: LogEntry[] = [
        {
          runId: id,
          at,
          level: 'info',
          message: `went on from step ${Math.max(0, fromStep)} on ${node}; ${lost} steps are computed again`,
        },
      ]
      if (moved) {
        const message = `${node} has another processor (${provenance.hardware?.processor ?? 'unknown'}): the weights may differ from those of an uninterrupted run`
        entries.push({ runId: id, at, level: 'warn', message })
      }
      for (const entry of entries) log.append(entry)
      record({ kind: 'log', runId: id, entries })
      const next = this.rows.patch(id, {
        lease,
        step: Math.max(0, fromStep),
        phase: `starts on ${node}`,
        latest: series.latest(id),
        best: series.best(id),
        gradients: run.gradients && run.gradients.step > fromStep ? null : run.gradients,
      })
      record({ kind: 'run', run: next })
    })
    live.beginsAnew(lease, took)
  }
}

/** A job has nothing open in the home: it goes on when that is lost, and whoever finds the home follows it again. */
const withoutHome = (handle: Omit<TrainerHandle, 'leaveHome'> & { detach(): void }): TrainerHandle => ({
  command: (command) => handle.command(command),
  kill: (reason) => handle.kill(reason),
  detach: () => handle.detach(),
  leaveHome: () => handle.detach(),
})
