import { cluster } from './cluster/procedures.js'
import { comparisons, runViews } from './comparisons/procedures.js'
import { datasets } from './datasets/procedures.js'
import { examples } from './examples/procedures.js'
import { evaluations } from './evaluations/procedures.js'
import { alerts, changes, settings, storage, system } from './home/procedures.js'
import { lab } from './lab/procedures.js'
import type { Features } from './open.js'
import { group } from './procedure.js'
import { projects } from './projects/procedures.js'
import { logging } from './runs/logged/procedures.js'
import { catalogue, runs } from './runs/procedures.js'
import { studies } from './studies/procedures.js'

/** All procedures that windows and commands can call. */
export const router = group({
  system,
  catalogue,
  datasets,
  runs: group({ ...runs, ...evaluations }),
  lab,
  studies,
  cluster,
  examples,
  logging,
  alerts,
  storage,
  settings,
  comparisons,
  runViews,
  projects,
  changes,
})

/** Clients derive everything that they can call from this type. */
export type AppRouter = typeof router

/** What transports serve: the procedures and the features that they use. */
export interface Api {
  router: AppRouter
  /** See `CallContext`. */
  features(): Promise<Features>
}
