import type { Checkpoint, RunSummary } from '../../../contract/runs.js'
import { dispensable } from '../dispensable.js'
import { packForWire } from '../../shared/packing.js'
import { readSettings } from '../../home/settings.js'
import type { RunControlPorts } from './ports.js'
import type { RunRows } from './run-rows.js'

/** Finds the checkpoints from which runs resume, adopts those of trainers that outlived their host, and deletes superfluous ones at the end. */
export class RunCheckpoints {
  constructor(
    private readonly ports: RunControlPorts,
    private readonly rows: RunRows,
  ) {}

  /** The last checkpoint whose file exists. */
  last(id: string): Checkpoint | undefined {
    return this.ports.checkpoints.list(id).findLast(({ file }) => this.ports.files.hasCheckpoint(id, file))
  }

  /** Checkpoints whose files exist, newest first. */
  newestFirst(id: string): string[] {
    const present = this.ports.checkpoints.list(id).filter(({ file }) => this.ports.files.hasCheckpoint(id, file))
    return present.map(({ file }) => file).reverse()
  }

  /** Adopts the checkpoint that the last trainer of a run wrote after its host had died. */
  adopt({ id, lease, step }: RunSummary): void {
    const { changes, series, checkpoints, files, trainers } = this.ports
    const found = lease > 0 ? trainers.leftBehind(files.checkpointFolder(id), lease) : null
    if (!found || checkpoints.list(id).some(({ file }) => file === found.file)) return
    const { series: reported, ...file } = found
    changes.commit((record) => {
      const added = reported.flatMap(({ key, ...points }) => {
        const appended = series.append(id, key, points)
        return appended.values.length > 0 ? [{ key, points: packForWire(appended) }] : []
      })
      if (added.length > 0) record({ kind: 'points', runId: id, series: added })
      const checkpoint: Checkpoint = { runId: id, ...file, kind: 'stop', metrics: series.at(id, found.step) }
      checkpoints.put(checkpoint)
      record({ kind: 'checkpoint', checkpoint })
      record({
        kind: 'run',
        run: this.rows.patch(id, { step: Math.max(step, found.step), latest: series.latest(id), best: series.best(id) }),
      })
    })
  }

  /** Deletes the checkpoints of a finished run that the setting does not keep. */
  thin(run: RunSummary): void {
    const { changes, checkpoints, files, settings, fault } = this.ports
    if (readSettings(settings)['runs.keepCheckpoints'] === 'all') return
    try {
      const goes = dispensable(run, checkpoints.list(run.id), { best: true, last: true, pinned: true, leftovers: false })
      if (goes.length === 0) return
      changes.commit((record) => {
        for (const { file } of goes) {
          checkpoints.remove(run.id, file)
          record({ kind: 'checkpointRemoved', runId: run.id, file })
        }
      })
      for (const { file } of goes) files.removeCheckpoint(run.id, file)
    } catch (error) {
      // Superfluous checkpoints do no harm, and a clean-up can still delete them.
      fault(error)
    }
  }
}
