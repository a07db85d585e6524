import { comparisons, runViews } from './comparisons/procedures.js'
import { datasets } from './datasets/procedures.js'
import { evaluations } from './evaluations/procedures.js'
import { alerts, changes, settings, storage, system } from './home/procedures.js'
import { lab } from './lab/procedures.js'
import type { Features } from './open.js'
import { group } from './procedure.js'
import { catalogue, runs } from './runs/procedures.js'
import { studies } from './studies/procedures.js'

/** Everything that windows and commands can ask of a home. */
export const router = group({
  system,
  catalogue,
  datasets,
  runs: group({ ...runs, ...evaluations }),
  lab,
  studies,
  alerts,
  storage,
  settings,
  comparisons,
  runViews,
  changes,
})

/** From this type alone the clients know what they can call. */
export type AppRouter = typeof router

/** What transports serve: the procedures, and the features on which they work. */
export interface Api {
  router: AppRouter
  /** See `CallContext`. */
  features(): Promise<Features>
}
