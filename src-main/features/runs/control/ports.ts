import type { Alerts } from '../../home/alerts.js'
import type { Changes } from '../../home/changes.js'
import type { DatasetFiles } from '../../datasets/dataset-files.js'
import type { HistogramStore } from '../histogram-store.js'
import type { RegionStore } from '../region-store.js'
import type { EvaluationStore } from '../../evaluations/keep-evaluation.js'
import type { LabStore } from '../../lab/lab-store.js'
import type { HomeWatch } from '../../home/home-watch.js'
import type { SettingsStore } from '../../home/settings.js'
import type { CheckpointStore } from '../checkpoint-store.js'
import type { TrainerLauncher } from './trainers.js'
import type { ClusterLauncher } from '../../cluster/cluster-launcher.js'
import type { JobStore } from '../../cluster/job-store.js'
import type { LogStore } from '../log-store.js'
import type { Gpus } from '../gpus.js'
import type { OwnDynamics } from '../own-dynamics.js'
import type { RunFiles } from '../run-files.js'
import type { RunStore } from '../run-store.js'
import type { SeriesStore } from '../series-store.js'
import type { Clock } from '../../shared/clock.js'

/** The ports of `RunControl`. */
export interface RunControlPorts {
  changes: Changes
  runs: RunStore
  series: SeriesStore
  log: LogStore
  checkpoints: CheckpointStore
  evaluations: EvaluationStore
  labResults: LabStore
  regions: RegionStore
  histograms: HistogramStore
  settings: SettingsStore
  files: RunFiles & DatasetFiles
  jobs: JobStore
  cluster: ClusterLauncher
  trainers: TrainerLauncher
  clock: Clock
  alerts: Alerts
  home?: HomeWatch | undefined
  ownDynamics?: OwnDynamics | undefined
  gpus?: Gpus | undefined
  /** Reports an error that no caller is waiting for. */
  fault(error: unknown): void
}
