import type { Datasets } from '../datasets/datasets.js'
import type { Changes } from '../home/changes.js'
import type { SettingsStore } from '../home/settings.js'
import type { LabStore } from '../lab/lab-store.js'
import type { Projects } from '../projects/projects.js'
import type { JobStore } from '../cluster/job-store.js'
import type { Catalogue, Configurations } from '../runs/configurations.js'
import type { RunControl } from '../runs/control/run-control.js'
import type { RunMaker } from '../runs/maker.js'
import type { RunStore } from '../runs/run-store.js'
import type { SeriesStore } from '../runs/series-store.js'
import type { Awaitable, Clock } from '../shared/clock.js'
import type { Silence } from '../shared/silence.js'
import type { Computing } from './cell-key.js'
import type { Computer } from './computations.js'
import type { Measurer } from './measurements.js'
import type { StudyStore } from './study-store.js'
import type { StudyTemplates } from './study-templates.js'

/** What studies need from outside. */
export interface StudyPorts {
  changes: Changes
  clock: Clock
  settings: SettingsStore
  runs: RunStore
  studies: StudyStore
  labResults: LabStore
  series: SeriesStore
  control: RunControl
  maker: RunMaker
  jobs: JobStore
  projects: Pick<Projects, 'require'>
  configurations: Configurations
  catalogue: Catalogue
  datasets: Datasets
  templates: StudyTemplates
  silence: Silence
  measurer: Measurer
  computer: Computer
  /** The environment of a run when this number of runs is active; null if unknown. */
  computing(slots: number): Awaitable<Computing | null>
  fault(error: unknown): void
}
