import type { Regions } from '../../contract/regions.js'

/** What runs of problems in the plane predict over their inputs. */
export interface RegionStore {
  /** Replaces that of the same step; keeps at most KEPT_REGIONS of a run, of which the earlier ones then lie farther apart. */
  put(regions: Regions): void
  /** Ascending by step. */
  list(runId: string): Regions[]
  /** Discards those of steps above this one. */
  truncateAfter(runId: string, step: number): void
}
