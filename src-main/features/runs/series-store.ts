import type { Points } from '../../contract/metrics.js'

export interface SeriesStore {
  /**
   * Appends consecutive points and answers those that were new: a step not above the last one of the series is left out, so
   * that a report sent twice changes nothing.
   */
  append(runId: string, key: string, points: Points): Points
  /** Every point of the wanted series (all when keys is absent), by key in the order of their names. */
  read(runId: string, keys?: readonly string[]): { key: string; points: Points }[]
  /** How many points each series has, by key in the order of their names. */
  counts(runId: string): { key: string; count: number }[]
  /** At most `limit` points from index `start` on. */
  stretch(runId: string, key: string, start: number, limit: number): Points
  /**
   * At most about `limit` points that draw the same picture as all: first, least, greatest and last of consecutive groups, with
   * times of NaN. What it reads does not grow with the number of points, only with the number of chunks.
   */
  sketch(runId: string, key: string, limit: number): Points
  /** Discards the points of steps above this one. */
  truncateAfter(runId: string, step: number): void
  /** Last value of every series. */
  latest(runId: string): Record<string, number>
  /** The values that were measured at this very step. */
  at(runId: string, step: number): Record<string, number>
  /** Best value of every series, as `bestOf` of the contract has it; of full chunks it reads only the summaries. */
  best(runId: string): Record<string, number>
}
