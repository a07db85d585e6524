import { ComparisonViewSchema, type ComparisonView } from '../contract/comparisons.js'
import { RunViewSchema, type RunView } from '../contract/run-views.js'
import type {
  AlertStore,
  CheckpointStore,
  DatasetStore,
  EvaluationStore,
  Journal,
  LogStore,
  NamedStore,
  RunStore,
  SettingsStore,
  Transactions,
} from '../experiments/ports.js'
import { createAlertStore } from './alerts.js'
import { createCheckpointStore } from './checkpoints.js'
import type { Database } from './database.js'
import { createEvaluationStore } from './evaluations.js'
import { createJournal, type JournalLimits } from './journal.js'
import { createLogStore } from './log.js'
import { createNamedStore } from './named.js'
import { createRunStore } from './runs.js'
import { createSeriesStore, type SummarisedSeries } from './series.js'
import { createDatasetStore, createSettingsStore } from './settings.js'

export interface Stores {
  transactions: Transactions
  runs: RunStore
  series: SummarisedSeries
  log: LogStore
  checkpoints: CheckpointStore
  comparisons: NamedStore<ComparisonView>
  runViews: NamedStore<RunView>
  evaluations: EvaluationStore
  journal: Journal
  settings: SettingsStore
  datasets: DatasetStore
  alerts: AlertStore
}

/** Every store of one database; statements are prepared once, here. */
export function createStores(db: Database, options: { journal?: JournalLimits } = {}): Stores {
  return {
    transactions: db,
    runs: createRunStore(db),
    series: createSeriesStore(db),
    log: createLogStore(db),
    checkpoints: createCheckpointStore(db),
    comparisons: createNamedStore(db, 'comparisons', ComparisonViewSchema),
    runViews: createNamedStore(db, 'run_views', RunViewSchema),
    evaluations: createEvaluationStore(db),
    journal: createJournal(db, options.journal),
    settings: createSettingsStore(db),
    datasets: createDatasetStore(db),
    alerts: createAlertStore(db),
  }
}
