import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { RunConfig } from '../../src-main/contract/config.js'
import { cellOf, numberOf, type LabTable } from '../../src-main/contract/lab.js'
import { metricInfo } from '../../src-main/contract/metrics.js'
import { runLab } from '../../src-main/training/tools/lab.js'
import { place, smallConfig, trainHere, type Trained } from './training.js'

const config = (changes: Partial<RunConfig> = {}): RunConfig =>
  smallConfig({ arch: 'verlet', activation: 'tanh', stages: [{ channels: 4, units: 2 }, { channels: 6, units: 1 }], steps: 8, evaluateEvery: 4, ...changes }) // prettier-ignore
const hashOf = ({ checkpoints }: Trained): string => checkpoints.at(-1)!.weightsHash

it('a run that is asked to measures volume and drift by stage, as the diagnostic does, and its weights do not depend on it', async () => {
  const where = await place('noise')
  const run = await trainHere(where, config({ volume: true }))
  for (const stage of [1, 2])
    for (const key of [`volume/stage${stage}`, `drift/stage${stage}`]) expect(run.series(key).map(({ step }) => step)).toEqual([4, 8])

  const source = {
    kind: 'checkpoint' as const,
    checkpoint: join(run.folder, run.checkpoints.at(-1)!.file),
    datasetFolder: where.datasetFolder,
    datasetHash: null,
  }
  const { result } = await runLab({ diagnostic: 'volume', source, options: {}, speed: null }, () => undefined)
  const { columns } = (result as unknown as { tables: LabTable[] }).tables.find(({ key }) => key === 'units')!
  const column = (key: string): number[] => columns.find((each) => each.key === key)!.values.map(numberOf)
  for (const stage of [1, 2]) {
    const sum = (key: string): number =>
      column(key).reduce((total, value, at) => (column('stage')[at] === stage ? total + value : total), 0)
    expect(run.series(`volume/stage${stage}`).at(-1)!.value).toBe(sum('logDeterminant'))
    expect(run.series(`drift/stage${stage}`).at(-1)!.value).toBe(sum('shift'))
    expect(cellOf(sum('shift'))).not.toBe(0)
    // Verlet conserves volume.
    expect(Math.abs(sum('logDeterminant'))).toBeLessThan(1e-4)
  }

  const without = await trainHere(await place('noise'), config())
  expect(without.series('volume/stage1')).toEqual([])
  expect(hashOf(without)).toBe(hashOf(run))
})

it('has names and units for them', () => {
  expect(metricInfo('volume/stage12')).toMatchObject({ label: 'Volume of stage 12 (log |det J|)', unit: 'nats', section: 'Stability' })
  expect(metricInfo('drift/stage1')).toMatchObject({ short: 'Drift, stage 1', section: 'Stability', part: 'train' })
})
