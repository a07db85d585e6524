import type { RepairReport } from '../contract/storage.js'
import { ACTIVE } from '../contract/runs.js'
import type { Alerts } from './alerts.js'
import type { Changes } from './changes.js'
import type { CheckpointStore, Clock, HomeFiles, RunStore, SettingsStore } from './ports.js'

export interface RecoveryPorts {
  changes: Changes
  runs: RunStore
  checkpoints: CheckpointStore
  settings: SettingsStore
  files: HomeFiles
  clock: Clock
  alerts: Alerts
  problems(): string[]
}

/** Set while a host has the home open: found set, the last one did not close it. */
const OPEN = 'host.open'
const REPORT = 'host.lastRepair'

export const lastRepair = (settings: SettingsStore): RepairReport | null => (settings.get(REPORT) as RepairReport | undefined) ?? null

/**
 * To be called first after the home is opened, before anything is recovered: after a crash it checks the database, forgets
 * checkpoints whose file is not there, and keeps a report of what it found.
 */
export function noteOpening(ports: RecoveryPorts): void {
  const { changes, runs, checkpoints, settings, files, clock, alerts } = ports
  const crashed = settings.get(OPEN) === true
  if (!crashed) {
    settings.set(OPEN, true)
    return
  }
  const active = runs.inStatus(ACTIVE)
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
    problems: ports.problems(),
  }
  changes.commit((record) => {
    for (const { runId, file } of missing) {
      checkpoints.remove(runId, file)
      record({ kind: 'checkpointRemoved', runId, file })
    }
    settings.set(REPORT, report)
    alerts.add(record, { kind: 'repaired', level: report.problems.length ? 'error' : 'warn', runId: null, message: sentence(report) })
  })
}

/** To be called last, when everything is kept. */
export const noteClosing = (settings: SettingsStore): void => settings.set(OPEN, false)

function sentence({ interrupted, missingCheckpoints, problems }: RepairReport): string {
  const found = [
    problems.length ? `the database has ${problems.length} faults: restore a backup` : 'the database is whole',
    ...(interrupted.length
      ? [`${interrupted.length === 1 ? '1 run was' : `${interrupted.length} runs were`} interrupted and can be resumed`]
      : []),
    ...(missingCheckpoints.length ? [`${missingCheckpoints.length} checkpoints without a file were forgotten`] : []),
  ]
  return `Retrace ended unexpectedly the last time: ${found.join('; ')}.`
}
