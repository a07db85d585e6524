import type { RunConfigInput } from '../../../src-main/contract/config.js'
import type { Dataset } from '../../../src-main/contract/datasets.js'
import type { Points } from '../../../src-main/contract/metrics.js'
import type { RunSummary } from '../../../src-main/contract/runs.js'
import { openDatabase } from '../../../src-main/storage/database.js'
import { databaseFile } from '../../../src-main/storage/home-files.js'
import { createStores, type Stores } from '../../../src-main/storage/stores.js'
import { sampleConfig, sampleRun } from '../../fixtures/records.js'

export interface StoredRun {
  id: string
  summary?: Partial<RunSummary>
  config?: Partial<RunConfigInput>
  /** Hash of the data that it was trained on. */
  datasetHash?: string
  series: Record<string, Points>
}

/** Start time of a stored run, in milliseconds since 1970. */
export const BEGAN = Date.UTC(2026, 0, 1)

/** Points with these values at steps 1, 2, 3, ..., one second apart. */
export function pointsOf(values: readonly number[], stepOf = (i: number): number => i + 1): Points {
  const steps = Float64Array.from(values, (_, i) => stepOf(i))
  return { steps, values: Float64Array.from(values), times: steps.map((step) => BEGAN + 1000 * step) }
}

/** Opens the stores of a home; only for reading while a back end has it open too. */
export async function withStores<T>(home: string, use: (stores: Stores) => T): Promise<T> {
  const db = await openDatabase(databaseFile(home))
  try {
    return db.immediate(() => use(createStores(db)))
  } finally {
    db.close()
  }
}

/** Adds finished runs to a home that no back end has open: its content is then as if they had been trained. */
export const storeRuns = (home: string, runs: readonly StoredRun[]): Promise<void> =>
  withStores(home, (stores) => {
    for (const { id, summary, config, datasetHash = null, series } of runs) {
      const dataset = config?.dataset ?? 'mnist'
      const whole = sampleConfig({ dataset, ...config })
      const step = Math.max(...Object.values(series).map(({ steps }) => steps.at(-1) ?? 0))
      const { preset, seed, steps: totalSteps } = whole
      const times = { createdAt: BEGAN, startedAt: BEGAN, endedAt: BEGAN + 1000 * step }
      const told = { status: 'finished' as const, preset, dataset, seed, step, totalSteps, stepsPerEpoch: 100, ...times }
      const run = sampleRun(id, { ...told, ...summary })
      stores.runs.insert({ ...run, config: whole, environment: { ...run.environment, datasetHash } })
      for (const [key, points] of Object.entries(series)) stores.series.append(id, key, points)
      stores.runs.update(id, { latest: stores.series.latest(id), best: stores.series.best(id) })
    }
  })

/** Adds data sets to the list of a home, without their images. */
export const storeDatasets = (home: string, datasets: readonly Dataset[]): Promise<void> =>
  withStores(home, (stores) => datasets.forEach((dataset) => stores.datasets.put(dataset)))

/** Every stored point of a series. */
export const storedPoints = (home: string, id: string, key: string): Promise<Points> =>
  withStores(home, ({ series }) => series.stretch(id, key, 0, series.counts(id).find((one) => one.key === key)?.count ?? 0))
