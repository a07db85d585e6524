import type { ComparisonView } from '../contract/comparisons.js'
import type { ProjectView } from '../contract/projects.js'
import type { RunView } from '../contract/run-views.js'
import type { SystemInfo } from '../contract/system.js'
import { Alerts, type NewAlert, type AlertStore } from './home/alerts.js'
import { Backups, type BackupWriter } from './home/backup.js'
import { Configurations, type Catalogue } from './runs/configurations.js'
import { RunMaker, type MakerPorts } from './runs/maker.js'
import type { RunExchange } from './runs/run-exchange.js'
import { createChanges, type Journal, type Transactions } from './home/changes.js'
import { Datasets } from './datasets/datasets.js'
import { DiskGuard, type Reserve } from './home/disk-guard.js'
import { Elsewhere } from './home/elsewhere.js'
import { EngineSetUp, type EngineInstaller } from './home/engine-set-up.js'
import { HomeGuard } from './home/home-guard.js'
import type { ExampleFiles } from './examples/example-files.js'
import { ExampleHome } from './examples/example-home.js'
import { Evaluations, type Evaluator } from './evaluations/evaluations.js'
import { DatabaseCheck, noteClosing, noteOpening } from './home/recovery.js'
import type { LogFiles } from './runs/logged/log-files.js'
import { LoggedRuns } from './runs/logged/logged-runs.js'
import { LogReader } from './runs/logged/log-reader.js'
import { MachineSpeed, type SpeedMeter } from './runs/machine-speed.js'
import { Interruption } from './home/interruption.js'
import { OpenTime } from './home/open-time.js'
import { Projects } from './projects/projects.js'
import { RunControl } from './runs/control/run-control.js'
import { RunTrash } from './runs/trash.js'
import { createStorage } from './home/storage.js'
import type { SettingsStore } from './home/settings.js'
import { NamedViews, type NamedStore } from './comparisons/named.js'
import type { DatasetFiles } from './datasets/dataset-files.js'
import type { DatasetStore } from './datasets/dataset-store.js'
import type { DatasetImporter } from './datasets/importer.js'
import { Laboratory, type Instruments, type Lab } from './lab/laboratory.js'
import type { LabStore } from './lab/lab-store.js'
import type { HistogramStore } from './runs/histogram-store.js'
import type { RegionStore } from './runs/region-store.js'
import type { EvaluationStore } from './evaluations/keep-evaluation.js'
import type { HomeDisk } from './home/home-disk.js'
import type { HomeWatch } from './home/home-watch.js'
import type { CheckpointStore } from './runs/checkpoint-store.js'
import type { ClusterChecker } from './cluster/cluster-check.js'
import type { ClusterLauncher } from './cluster/cluster-launcher.js'
import type { JobStore } from './cluster/job-store.js'
import type { TrainerLauncher } from './runs/control/trainers.js'
import type { LogStore } from './runs/log-store.js'
import type { Gpus } from './runs/gpus.js'
import type { OwnDynamics } from './runs/own-dynamics.js'
import type { RunFiles } from './runs/run-files.js'
import type { RunStore } from './runs/run-store.js'
import type { SeriesStore } from './runs/series-store.js'
import type { Weights } from './runs/weights.js'
import { Studies } from './studies/studies.js'
import type { StudyTemplates } from './studies/study-templates.js'
import type { Computer } from './studies/computations.js'
import type { Measurer } from './studies/measurements.js'
import type { StudyStore } from './studies/study-store.js'
import type { Computing } from './studies/cell-key.js'
import { Silence } from './shared/silence.js'
import type { Awaitable, Clock } from './shared/clock.js'

/**
 * Everything that the features need from outside. Stores are synchronous, like SQLite in this process: a transaction is one call on the
 * stack, so that no other change can come between its facts and their publication.
 */
export interface FeaturePorts {
  transactions: Transactions
  journal: Journal
  runs: RunStore
  series: SeriesStore
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
  settings: SettingsStore
  datasets: DatasetStore
  alerts: AlertStore
  files: RunFiles & DatasetFiles
  disk: HomeDisk
  reserve?: Reserve | undefined
  home?: HomeWatch | undefined
  trainers: TrainerLauncher
  jobs: JobStore
  cluster: ClusterLauncher
  clusterChecker: ClusterChecker
  clock: Clock
  catalogue: Catalogue
  importer: DatasetImporter
  weights: Weights
  evaluator: Evaluator
  lab: Lab
  instruments: Instruments
  speedMeter: SpeedMeter
  engineInstaller: EngineInstaller
  templates: StudyTemplates
  measurer: Measurer
  computer: Computer
  /** The engine and threads of a run when this number of runs is active; null if unknown. */
  computing(slots: number): Awaitable<Computing | null>
  exchange: RunExchange
  examples: ExampleFiles
  ownDynamics?: OwnDynamics | undefined
  gpus?: Gpus | undefined
  /** The environment of the home. */
  system(): Promise<SystemInfo>
  provenance: MakerPorts['provenance']
  backups: BackupWriter
  /** Problems that SQLite's integrity checks find. */
  problems(signal?: AbortSignal): Promise<string[]>
  fault(error: unknown): void
  /** See `Backups`. */
  restart: (() => void) | null
  /** Alerts to raise once the home is open. */
  news: readonly NewAlert[]
  /** See `RunControl`. */
  queue: 'run' | 'hold'
  /** Files into which other programs log runs. */
  logFiles?: LogFiles | undefined
  /** Names of the existing data set folders. */
  datasetFolders: readonly string[]
}

/** Creates the features over their ports, and recovers what the last host left behind. */
export function openFeatures(ports: FeaturePorts) {
  const changes = createChanges(ports)
  const alerts = new Alerts({ ...ports, changes })
  const openTime = new OpenTime(ports)
  const control = new RunControl({ ...ports, changes, alerts }, ports.queue)
  const guard = new DiskGuard({ ...ports, alerts, control })
  const datasets = new Datasets({ ...ports, changes })
  const elsewhere = new Elsewhere({ ...ports, changes })
  const backups = new Backups({ ...ports, changes, elsewhere })
  const configurations = new Configurations(ports.catalogue, datasets)
  const engineSetUp = new EngineSetUp({ ...ports, changes })
  const interruption = new Interruption({ ...ports, control })
  const silence = new Silence()
  const speed = new MachineSpeed({ ...ports, changes, control, silence })
  const trash = new RunTrash({ ...ports, changes, control, openTime })
  const evaluations = new Evaluations({ ...ports, changes, control, datasets })
  const laboratory = new Laboratory({ ...ports, changes, control, datasets, configurations })
  const projects = new Projects(
    { ...ports, changes, openTime, store: ports.projects },
    {
      what: 'project',
      saved: (project) => ({ kind: 'project', project }),
      removed: (id) => ({ kind: 'projectRemoved', id }),
    },
  )
  const maker = new RunMaker({ ...ports, changes, control, configurations, projects })
  const studies = new Studies({ ...ports, changes, control, maker, projects, configurations, datasets, silence }, ports.queue)
  const examples = new ExampleHome({ ...ports, changes, control, projects, trash, studies, studyStore: ports.studies })
  const storage = createStorage({ ...ports, changes, control, elsewhere, arrivals: datasets })
  const comparisons = new NamedViews<ComparisonView>(
    { ...ports, changes, openTime, store: ports.comparisons },
    {
      what: 'comparison',
      saved: (comparison) => ({ kind: 'comparison', comparison }),
      removed: (id) => ({ kind: 'comparisonRemoved', id }),
    },
  )
  const runViews = new NamedViews<RunView>(
    { ...ports, changes, openTime, store: ports.runViews },
    { what: 'view', saved: (view) => ({ kind: 'runView', view }), removed: (id) => ({ kind: 'runViewRemoved', id }) },
  )
  const check = new DatabaseCheck({ ...ports, changes, alerts })
  const logged = new LoggedRuns({ ...ports, changes, alerts })
  const reader = ports.logFiles && new LogReader({ ...ports, logFiles: ports.logFiles, logged, alerts })
  const parts = [
    guard,
    check,
    datasets,
    trash,
    backups,
    evaluations,
    laboratory,
    studies,
    examples,
    speed,
    logged,
    engineSetUp,
    ...(reader ? [reader] : []),
  ]
  const homeGuard = new HomeGuard({ ...ports, alerts, control, parts })
  noteOpening({ ...ports, changes, alerts })
  for (const alert of ports.news) alerts.raise(alert)
  // Before anything is started.
  guard.start()
  control.recover()
  interruption.start()
  trash.start()
  datasets.recover(ports.datasetFolders)
  studies.start()
  logged.start()
  reader?.start()
  check.start()
  homeGuard.start()
  const features = {
    ports,
    changes,
    alerts,
    control,
    datasets,
    elsewhere,
    backups,
    engineSetUp,
    interruption,
    configurations,
    speed,
    trash,
    evaluations,
    laboratory,
    studies,
    examples,
    logged,
    maker,
    storage,
    comparisons,
    runViews,
    projects,
  }
  return {
    features,
    async close(timeout: number): Promise<void> {
      homeGuard.close()
      await Promise.all([control.close(timeout), ...parts.map((part) => part.close())])
      ports.cluster.close()
      changes.close()
      noteClosing(ports.settings)
    },
  }
}

/** The features, as the context of every procedure holds them. */
export type Features = ReturnType<typeof openFeatures>['features']
