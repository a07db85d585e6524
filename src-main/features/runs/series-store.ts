import type { Points } from '../../contract/metrics.js'

export interface SeriesStore {
  /**
   * Appends consecutive points. A point whose step is not above the last step of the series is left out, so that a repeated report changes
   * nothing.
   * @returns the points that were new
   */
  append(runId: string, key: string, points: Points): Points
  /** All points of the requested series (of all series when `keys` is absent), sorted by key. */
  read(runId: string, keys?: readonly string[]): { key: string; points: Points }[]
  /** Number of points of each series, sorted by key. */
  counts(runId: string): { key: string; count: number }[]
  /** At most `limit` points, starting at index `start`. */
  stretch(runId: string, key: string, start: number, limit: number): Points
  /**
   * About `limit` points or fewer that draw the same picture as all points: the first, smallest, largest and last of consecutive groups, with
   * NaN as times. The amount that is read grows with the number of chunks, not of points.
   */
  sketch(runId: string, key: string, limit: number): Points
  /** Discards the points of steps above this one. */
  truncateAfter(runId: string, step: number): void
  /** The last value of every series. */
  latest(runId: string): Record<string, number>
  /** The values that were recorded at exactly this step. @param only this series */
  at(runId: string, step: number, only?: string): Record<string, number>
  /** The best value of every series, as `bestOf` of the contract defines it; only the summaries of full chunks are read. */
  best(runId: string): Record<string, number>
}
