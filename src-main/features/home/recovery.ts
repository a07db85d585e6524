import type { RepairReport } from '../../contract/storage.js'
import { ACTIVE, hasConfiguration } from '../../contract/runs.js'
import type { Alerts } from './alerts.js'
import type { Changes } from './changes.js'
import { newId } from '../shared/ids.js'
import { asTask } from '../shared/tasks.js'
import type { SettingsStore } from './settings.js'
import type { CheckpointStore } from '../runs/checkpoint-store.js'
import type { RunFiles } from '../runs/run-files.js'
import type { RunStore } from '../runs/run-store.js'
import type { Clock } from '../shared/clock.js'

export interface RecoveryPorts {
  changes: Changes
  runs: RunStore
  checkpoints: CheckpointStore
  settings: SettingsStore
  files: RunFiles
  clock: Clock
  alerts: Alerts
  /** Problems that SQLite's integrity checks find; takes seconds for a large database. */
  problems(signal?: AbortSignal): Promise<string[]>
  fault(error: unknown): void
}

/** Setting that exists while a host has the home open. If it exists at a start, the last host did not close the home. */
const OPEN = 'host.open'
const REPORT = 'host.lastRepair'

export const lastRepair = (settings: SettingsStore): RepairReport | null => (settings.get(REPORT) as RepairReport | undefined) ?? null

/**
 * Must be called first after the home is opened, before anything is recovered. After a crash, it removes the rows of checkpoints whose files
 * are missing, and stores a report. `DatabaseCheck` does what takes long.
 */
export function noteOpening(ports: RecoveryPorts): void {
  const { changes, runs, checkpoints, settings, files, clock, alerts } = ports
  const crashed = settings.get(OPEN) === true
  if (!crashed) {
    settings.set(OPEN, true)
    return
  }
  const active = runs.inStatus(ACTIVE).filter(hasConfiguration)
  const missing = active.flatMap(({ id }) =>
    checkpoints
      .list(id)
      .filter(({ file }) => !files.hasCheckpoint(id, file))
      .map(({ file }) => ({ runId: id, file })),
  )
  const report: RepairReport = {
    at: clock.now(),
    interrupted: active.map(({ id, name, step }) => ({ id, name, step })),
    missingCheckpoints: missing,
    problems: null,
  }
  changes.commit((record) => {
    for (const { runId, file } of missing) {
      checkpoints.remove(runId, file)
      record({ kind: 'checkpointRemoved', runId, file })
    }
    settings.set(REPORT, report)
    alerts.add(record, { kind: 'repaired', level: 'warn', runId: null, message: sentence(report) })
  })
}

/** Must be called last, when everything is stored. */
export const noteClosing = (settings: SettingsStore): void => settings.set(OPEN, false)

function sentence({ interrupted, missingCheckpoints }: RepairReport): string {
  const found = [
    ...(interrupted.length
      ? [`${interrupted.length === 1 ? '1 run was' : `${interrupted.length} runs were`} interrupted and can be resumed`]
      : []),
    ...(missingCheckpoints.length ? [`${missingCheckpoints.length} checkpoints with missing files were removed from the list`] : []),
    'the database is being checked, and you will be notified if it is damaged',
  ]
  return `Retrace ended unexpectedly last time: ${found.join('; ')}.`
}

/**
 * Completes the report of the last crash with the findings of SQLite's integrity checks. They run in the background, because a database of
 * some GB takes seconds; if the home is closed before they end, the next start repeats them.
 */
export class DatabaseCheck {
  private readonly controller = new AbortController()
  private done: Promise<unknown> = Promise.resolve()

  constructor(private readonly ports: RecoveryPorts) {}

  start(): void {
    if (lastRepair(this.ports.settings)?.problems === null) this.done = this.run().catch((error: unknown) => this.fail(error))
  }

  async close(): Promise<void> {
    this.controller.abort()
    await this.done
  }

  private async run(): Promise<void> {
    const { changes, settings, alerts, problems } = this.ports
    const { signal } = this.controller
    const task = { id: newId(), kind: 'check', title: 'Checking the database after the crash', signal } as const
    const found = await asTask(this.ports, task, () => problems(signal))
    changes.commit((record) => {
      settings.set(REPORT, { ...lastRepair(settings), problems: found })
      if (found.length === 0) return
      const message = `The database has ${found.length === 1 ? '1 error' : `${found.length} errors`} since the crash (${found[0]}). Restore a backup in Settings.`
      alerts.add(record, { kind: 'repaired', level: 'error', runId: null, message })
    })
  }

  private fail(error: unknown): void {
    if (!this.controller.signal.aborted) this.ports.fault(error)
  }
}
