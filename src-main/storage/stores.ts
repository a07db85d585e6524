import { ComparisonViewSchema, type ComparisonView } from '../contract/comparisons.js'
import { ProjectViewSchema, type ProjectView } from '../contract/projects.js'
import { RunViewSchema, type RunView } from '../contract/run-views.js'
import { createAlertStore } from './alerts.js'
import { createCheckpointStore } from './checkpoints.js'
import type { Database } from './database.js'
import { createEvaluationStore } from './evaluations.js'
import { createJournal, type JournalLimits } from './journal.js'
import { createJobStore } from './jobs.js'
import type { JobStore } from '../features/cluster/job-store.js'
import { createLabStore } from './lab-results.js'
import type { HistogramStore } from '../features/runs/histogram-store.js'
import type { RegionStore } from '../features/runs/region-store.js'
import { createHistogramStore } from './histograms.js'
import { createRegionStore } from './regions.js'
import { createLogStore } from './log.js'
import { createNamedStore } from './named.js'
import { createRunStore } from './runs.js'
import { createSeriesStore, type SummarisedSeries } from './series.js'
import { createStudyStore } from './studies.js'
import { createDatasetStore, createSettingsStore } from './settings.js'
import type { NamedStore } from '../features/comparisons/named.js'
import type { DatasetStore } from '../features/datasets/dataset-store.js'
import type { EvaluationStore } from '../features/evaluations/keep-evaluation.js'
import type { AlertStore } from '../features/home/alerts.js'
import type { Journal, Transactions } from '../features/home/changes.js'
import type { LabStore } from '../features/lab/lab-store.js'
import type { SettingsStore } from '../features/home/settings.js'
import type { CheckpointStore } from '../features/runs/checkpoint-store.js'
import type { LogStore } from '../features/runs/log-store.js'
import type { RunStore } from '../features/runs/run-store.js'
import type { StudyStore } from '../features/studies/study-store.js'

export interface Stores {
  transactions: Transactions
  runs: RunStore
  series: SummarisedSeries
  log: LogStore
  checkpoints: CheckpointStore
  comparisons: NamedStore<ComparisonView>
  runViews: NamedStore<RunView>
  projects: NamedStore<ProjectView>
  evaluations: EvaluationStore
  labResults: LabStore
  studies: StudyStore
  regions: RegionStore
  histograms: HistogramStore
  jobs: JobStore
  journal: Journal
  settings: SettingsStore
  datasets: DatasetStore
  alerts: AlertStore
}

/** All stores of one database. Statements are prepared once, here. */
export function createStores(db: Database, options: { journal?: JournalLimits } = {}): Stores {
  return {
    transactions: db,
    runs: createRunStore(db),
    series: createSeriesStore(db),
    log: createLogStore(db),
    checkpoints: createCheckpointStore(db),
    comparisons: createNamedStore(db, 'comparisons', ComparisonViewSchema),
    runViews: createNamedStore(db, 'run_views', RunViewSchema),
    projects: createNamedStore(db, 'projects', ProjectViewSchema),
    evaluations: createEvaluationStore(db),
    labResults: createLabStore(db),
    studies: createStudyStore(db),
    regions: createRegionStore(db),
    histograms: createHistogramStore(db),
    jobs: createJobStore(db),
    journal: createJournal(db, options.journal),
    settings: createSettingsStore(db),
    datasets: createDatasetStore(db),
    alerts: createAlertStore(db),
  }
}
