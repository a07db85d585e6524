import type { Services } from '../contract/services.js'
import { Configurations } from './catalogue.js'
import { createChanges } from './changes.js'
import { Datasets } from './datasets.js'
import type {
  Catalogue,
  CheckpointStore,
  Clock,
  DatasetImporter,
  DatasetStore,
  HomeFiles,
  Journal,
  LogStore,
  RunStore,
  SeriesStore,
  SettingsStore,
  TrainerLauncher,
  Transactions,
  Weights,
} from './ports.js'
import { RunControl } from './run-control.js'
import { createBulk } from './bulk.js'
import { createRunEdit } from './run-edit.js'
import { createQueue } from './run-queue.js'
import { RunTrash } from './run-trash.js'
import { createRuns, type RunPorts } from './runs.js'
import { createSettings } from './settings.js'

export interface ExperimentPorts {
  transactions: Transactions
  journal: Journal
  runs: RunStore
  series: SeriesStore
  log: LogStore
  checkpoints: CheckpointStore
  settings: SettingsStore
  datasets: DatasetStore
  files: HomeFiles
  trainers: TrainerLauncher
  clock: Clock
  catalogue: Catalogue
  importer: DatasetImporter
  weights: Weights
  system: Services['system']
  provenance: RunPorts['provenance']
  fault(error: unknown): void
  /** See `RunControl`. */
  queue: 'run' | 'hold'
  /** Names of the data set folders that are there. */
  datasetFolders: readonly string[]
}

/** The services over their ports, recovered from whatever the last host left behind. */
export function openExperiments(ports: ExperimentPorts): { services: Services; close(timeout: number): Promise<void> } {
  const changes = createChanges(ports)
  const control = new RunControl({ ...ports, changes }, ports.queue)
  const datasets = new Datasets({ ...ports, changes })
  const configurations = new Configurations(ports.catalogue, datasets)
  const trash = new RunTrash({ ...ports, changes, control })
  const runPorts = { ...ports, changes, control, configurations }
  const runs = { ...createRuns(runPorts), ...createRunEdit(runPorts), ...createQueue(runPorts), ...trash.services }
  control.recover()
  trash.start()
  datasets.recover(ports.datasetFolders)
  return {
    services: {
      system: ports.system,
      catalogue: configurations.services,
      datasets: datasets.services,
      runs: { ...runs, ...createBulk(runs) },
      settings: createSettings({ ...ports, changes }, () => control.reconsider()),
      changes: { subscribe: changes.subscribe },
    },
    async close(timeout) {
      await Promise.all([control.close(timeout), datasets.close(), trash.close()])
      changes.close()
    },
  }
}
