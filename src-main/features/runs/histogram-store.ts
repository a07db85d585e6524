import type { Histograms } from '../../contract/histograms.js'

/** Histograms that runs collect. */
export interface HistogramStore {
  /** Replaces those of the same step; keeps those of at most `keptHistograms` steps, thinning out the earlier ones. */
  put(histograms: Histograms): void
  /** Ascending by step. */
  list(runId: string): Histograms[]
  /** Discards those of steps above this one. */
  truncateAfter(runId: string, step: number): void
}
