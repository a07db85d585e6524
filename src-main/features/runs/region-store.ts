import type { Regions } from '../../contract/regions.js'

/** Predictions of runs for problems in the plane over their inputs. */
export interface RegionStore {
  /** Replaces that of the same step; keeps at most KEPT_REGIONS for a run, thinning out the earlier ones. */
  put(regions: Regions): void
  /** Ascending by step. */
  list(runId: string): Regions[]
  /** Discards those of steps above this one. */
  truncateAfter(runId: string, step: number): void
}
