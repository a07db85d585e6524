import type { ComparisonView } from '../contract/comparisons.js'
import type { RunView } from '../contract/run-views.js'
import type { Services } from '../contract/services.js'
import { Alerts, type NewAlert } from './alerts.js'
import { Backups } from './backup.js'
import { Configurations } from './catalogue.js'
import { createRunExchange } from './exchange.js'
import { createChanges } from './changes.js'
import { createComparisons } from './comparisons.js'
import { Datasets } from './datasets.js'
import { DiskGuard } from './disk-guard.js'
import { Evaluations } from './evaluations.js'
import type {
  AlertStore,
  BackupWriter,
  Catalogue,
  CheckpointStore,
  Clock,
  DatasetImporter,
  DatasetStore,
  EvaluationStore,
  Evaluator,
  HomeDisk,
  HomeFiles,
  Journal,
  LogStore,
  NamedStore,
  RunExchange,
  RunStore,
  SeriesStore,
  SettingsStore,
  SpeedMeter,
  TrainerLauncher,
  Transactions,
  Weights,
} from './ports.js'
import { DatabaseCheck, noteClosing, noteOpening } from './recovery.js'
import { MachineSpeed } from './machine-speed.js'
import { RunControl } from './run-control.js'
import { createBulk } from './bulk.js'
import { createRunEdit } from './run-edit.js'
import { createQueue } from './run-queue.js'
import { createRunTable } from './run-table.js'
import { RunTrash } from './run-trash.js'
import { createRunViews } from './run-views.js'
import { createRuns, type RunPorts } from './runs.js'
import { createStorage } from './storage.js'
import { createSettings } from './settings.js'

export interface ExperimentPorts {
  transactions: Transactions
  journal: Journal
  runs: RunStore
  series: SeriesStore
  log: LogStore
  checkpoints: CheckpointStore
  comparisons: NamedStore<ComparisonView>
  runViews: NamedStore<RunView>
  evaluations: EvaluationStore
  settings: SettingsStore
  datasets: DatasetStore
  alerts: AlertStore
  files: HomeFiles
  disk: HomeDisk
  trainers: TrainerLauncher
  clock: Clock
  catalogue: Catalogue
  importer: DatasetImporter
  weights: Weights
  evaluator: Evaluator
  speedMeter: SpeedMeter
  exchange: RunExchange
  system: Services['system']
  provenance: RunPorts['provenance']
  backups: BackupWriter
  /** What the database's own checks find. */
  problems(signal?: AbortSignal): Promise<string[]>
  fault(error: unknown): void
  /** See `Backups`. */
  restart: (() => void) | null
  /** To tell of once the home is open. */
  news: readonly NewAlert[]
  /** See `RunControl`. */
  queue: 'run' | 'hold'
  /** Names of the data set folders that are there. */
  datasetFolders: readonly string[]
}

/** The services over their ports, recovered from whatever the last host left behind. */
export function openExperiments(ports: ExperimentPorts): { services: Services; close(timeout: number): Promise<void> } {
  const changes = createChanges(ports)
  const alerts = new Alerts({ ...ports, changes })
  const control = new RunControl({ ...ports, changes, alerts }, ports.queue)
  const guard = new DiskGuard({ ...ports, alerts, control })
  const datasets = new Datasets({ ...ports, changes })
  const backups = new Backups({ ...ports, changes })
  const configurations = new Configurations(ports.catalogue, datasets)
  const speed = new MachineSpeed({ ...ports, changes, control })
  const trash = new RunTrash({ ...ports, changes, control })
  const runPorts = { ...ports, changes, control, configurations }
  const evaluations = new Evaluations({ ...runPorts, datasets })
  const runs = {
    ...createRuns(runPorts),
    ...createRunTable(runPorts),
    ...evaluations.services,
    ...createRunEdit(runPorts),
    ...createQueue(runPorts),
    ...trash.services,
    ...createRunExchange(runPorts),
  }
  noteOpening({ ...ports, changes, alerts })
  for (const alert of ports.news) alerts.raise(alert)
  const check = new DatabaseCheck({ ...ports, changes, alerts })
  // Before anything is started.
  guard.start()
  control.recover()
  trash.start()
  datasets.recover(ports.datasetFolders)
  check.start()
  return {
    services: {
      system: ports.system,
      catalogue: { ...configurations.services, ...speed.services },
      datasets: datasets.services,
      runs: { ...runs, ...createBulk(runs) },
      alerts: alerts.services,
      storage: { ...createStorage({ ...ports, changes, control }), ...backups.services },
      settings: createSettings({ ...ports, changes }, () => control.reconsider()),
      comparisons: createComparisons({ ...ports, changes }),
      runViews: createRunViews({ ...ports, changes }),
      changes: { subscribe: changes.subscribe },
    },
    async close(timeout) {
      guard.close()
      const parts = [check, datasets, trash, backups, evaluations, speed]
      await Promise.all([control.close(timeout), ...parts.map((part) => part.close())])
      changes.close()
      noteClosing(ports.settings)
    },
  }
}
