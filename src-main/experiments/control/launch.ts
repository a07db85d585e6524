import type { RunSummary } from '../../contract/runs.js'
import type { TrainerExit, TrainerReport } from '../ports.js'
import { readSettings } from '../settings.js'
import type { LiveRun, RunControlPorts } from './ports.js'
import type { RunCheckpoints } from './run-checkpoints.js'
import { IDLE, type RunRows } from './run-rows.js'

interface Listener {
  report(live: LiveRun, report: TrainerReport): void
  exited(live: LiveRun, exit: TrainerExit): void
}

/** Starts trainers: each under a new lease, from the run's last checkpoint. */
export class Launch {
  constructor(
    private readonly ports: RunControlPorts,
    private readonly rows: RunRows,
    private readonly checkpoints: RunCheckpoints,
  ) {}

  /** Marks the run as starting, with a lease that ends every earlier one, and takes back what is later than its checkpoint. */
  prepare(run: RunSummary, slot: number): LiveRun {
    const { changes, runs, series, checkpoints, evaluations, files, clock } = this.ports
    const { id } = run
    const lease = run.lease + 1
    const { config } = this.record(id)
    this.checkpoints.adopt(run)
    const checkpoint = this.checkpoints.last(id)
    const step = checkpoint?.step ?? 0
    const afterStep = checkpoint?.step ?? -1
    changes.commit((publish) => {
      series.truncateAfter(id, afterStep)
      evaluations.truncateAfter(id, afterStep)
      for (const { file } of checkpoints.list(id)) if (!files.hasCheckpoint(id, file)) checkpoints.remove(id, file)
      runs.updateRecord(id, { result: null })
      const next = this.rows.patch(id, {
        ...IDLE,
        status: 'starting',
        phase: 'starting',
        reason: null,
        lease,
        step,
        startedAt: run.startedAt ?? clock.now(),
        endedAt: null,
        latest: series.latest(id),
        best: series.best(id),
      })
      if (run.lease > 0) publish({ kind: 'truncated', runId: id, afterStep })
      publish({ kind: 'run', run: next })
    })
    return {
      id,
      lease,
      slot,
      handle: null,
      before: run.activeSeconds,
      from: step,
      ended: false,
      closing: false,
      why: null,
      tolerance: config.reconstructionTolerance,
      warned: false,
      rowPublishedAt: clock.now(),
      cancelRow: null,
    }
  }

  /** Starts the trainer of a run that is prepared; one that cannot be started is reported as one that has exited. */
  begin({ id, dataset }: RunSummary, live: LiveRun, listener: Listener): void {
    const { runs, files, trainers, settings } = this.ports
    try {
      const { config, weightsFile, pid } = this.record(id)
      files.prepareRun(id)
      live.handle = trainers.launch(
        {
          runId: id,
          lease: live.lease,
          config,
          datasetFolder: files.datasetFolder(dataset),
          checkpointFolder: files.checkpointFolder(id),
          logFolder: files.logFolder(id),
          resumeFrom: this.checkpoints.last(id)?.file ?? null,
          weightsFrom: weightsFile === null ? null : files.weightsPath(id, weightsFile),
          slot: live.slot,
          slots: readSettings(settings)['queue.concurrentRuns'],
          previousPid: pid,
        },
        {
          spawned: (pid) => runs.updateRecord(id, { pid }),
          report: (report) => listener.report(live, report),
          exited: (exit) => listener.exited(live, exit),
        },
      )
    } catch (error) {
      listener.exited(live, { reason: error instanceof Error ? error.message : String(error), overdue: false })
    }
  }

  private record(id: string) {
    const record = this.ports.runs.record(id)
    if (!record) throw new Error(`run ${id} has no record`)
    return record
  }
}
