import { discardAfter } from './discard.js'
import type { RunSummary } from '../../../contract/runs.js'
import { readStoredConfig } from '../../../contract/stored-config.js'
import { readSettings } from '../../home/settings.js'
import { LEASES_OF_ORDER } from '../../../contract/cluster.js'
import { recordOf } from '../detail.js'
import { requireThere } from '../gpus.js'
import type { ClusterRuns } from './cluster-runs.js'
import { LiveRun, type Listener } from './live-run.js'
import type { RunControlPorts } from './ports.js'
import type { Durations } from './durations.js'
import type { RunCheckpoints } from './run-checkpoints.js'
import { IDLE, type RunRows } from './run-rows.js'
import type { TrainerOrder } from './trainers.js'

/** Starts trainers, each with a new lease, from the last checkpoint of the run. */
export class Launch {
  constructor(
    private readonly ports: RunControlPorts,
    private readonly rows: RunRows,
    private readonly checkpoints: RunCheckpoints,
    private readonly durations: Durations,
    private readonly cluster: ClusterRuns,
  ) {}

  /** Marks the run as starting with a new lease, which invalidates earlier ones, and discards everything after its checkpoint. */
  prepare(run: RunSummary, { slot, device }: Pick<LiveRun, 'slot' | 'device'>): LiveRun {
    const { changes, runs, series, checkpoints, files, clock, jobs } = this.ports
    const { id } = run
    const onCluster = jobs.resourcesOf(id) !== null
    const lease = nextLease(run.lease, onCluster)
    this.checkpoints.adopt(run)
    // Read before points are discarded, because the time that they took has passed.
    const before = this.durations.before(run)
    const checkpoint = this.checkpoints.last(id)
    const step = checkpoint?.step ?? 0
    const afterStep = checkpoint?.step ?? -1
    changes.commit((publish) => {
      discardAfter(this.ports, id, afterStep)
      for (const { file } of checkpoints.list(id)) if (!files.hasCheckpoint(id, file)) checkpoints.remove(id, file)
      runs.updateRecord(id, { result: null })
      if (onCluster) jobs.begin({ runId: id, firstLease: lease, submittedAt: clock.now() })
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
        // Checks of steps that will be computed again are discarded; the trainer reports the worst of the others.
        gradients: run.gradients && run.gradients.step > afterStep ? null : run.gradients,
        reported: null,
      })
      if (run.lease > 0) publish({ kind: 'truncated', runId: id, afterStep })
      publish({ kind: 'run', run: next })
    })
    return new LiveRun({ id, lease, slot, device, before, onCluster }, clock)
  }

  /** Starts the trainer of a prepared run. One that cannot be started is reported as exited. */
  begin({ id, dataset }: RunSummary, live: LiveRun, listener: Listener): void {
    const { runs, files, trainers, settings } = this.ports
    try {
      requireThere(live.device, this.ports.gpus?.usable() ?? [])
      const { config: stored, environment, weightsFile, pid, pauseAt } = recordOf(runs, id)
      const config = readStoredConfig(stored)
      live.expectTolerance(config.reconstructionTolerance)
      live.pausesAt(pauseAt)
      files.prepareRun(id)
      const [resumeFrom = null, ...olderCheckpoints] = this.checkpoints.newestFirst(id)
      const order: TrainerOrder = {
        runId: id,
        lease: live.lease,
        config,
        dynamics: environment.dynamics ?? null,
        datasetFolder: files.datasetFolder(dataset),
        datasetHash: environment.datasetHash,
        checkpointFolder: files.checkpointFolder(id),
        logFolder: files.logFolder(id),
        resumeFrom,
        olderCheckpoints,
        weightsFrom: weightsFile === null ? null : files.weightsPath(id, weightsFile),
        pauseAt,
        slot: live.slot,
        slots: readSettings(settings)['queue.concurrentRuns'],
        device: live.device,
        previousPid: pid,
      }
      if (live.onCluster) return live.attach(this.cluster.begin(order, live, listener))
      const handle = trainers.launch(order, {
        spawned: (pid) => runs.updateRecord(id, { pid }),
        report: (report) => {
          listener.report(live, report)
          return !this.ports.home?.look()
        },
        exited: (exit) => listener.exited(live, exit),
      })
      live.attach(handle)
    } catch (error) {
      listener.exited(live, { reason: error instanceof Error ? error.message : String(error), overdue: false })
    }
  }
}

/**
 * The lease of the next trainer. An order to a cluster takes a block of them for its attempts; whatever follows such an order is above its block,
 * because a job of which nothing was heard may still claim one.
 */
const nextLease = (lease: number, onCluster: boolean): number =>
  onCluster || lease >= LEASES_OF_ORDER ? (Math.floor(lease / LEASES_OF_ORDER) + 1) * LEASES_OF_ORDER : lease + 1
