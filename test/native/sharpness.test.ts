import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { RunConfig } from '../../src-main/contract/config.js'
import { numberOf } from '../../src-main/contract/lab.js'
import { runLab } from '../../src-main/training/tools/lab.js'
import { place, smallConfig, trainHere, type Trained } from './training.js'

const config = (changes: Partial<RunConfig> = {}): RunConfig =>
  smallConfig({
    activation: 'tanh',
    stages: [{ channels: 4, units: 1 }],
    steps: 8,
    evaluateEvery: 4,
    optimizer: 'sgd',
    momentum: 0.5,
    ...changes,
  })
const hashOf = ({ checkpoints }: Trained): string => checkpoints.at(-1)!.weightsHash
const stepsOf = (run: Trained, key: string): number[] => run.series(key).map(({ step }) => step)

it('a run that is asked to measures its sharpness at every evaluation, as the diagnostic does, and its weights do not depend on it', async () => {
  const where = await place('noise')
  const run = await trainHere(where, config({ sharpness: true }))
  for (const key of ['stability/sharpness', 'stability/rateTimesSharpness', 'stability/limit']) expect(stepsOf(run, key)).toEqual([4, 8])
  // 2 (1 + m) for momentum SGD.
  expect(run.series('stability/limit').at(-1)!.value).toBe(3)
  expect(run.series('stability/sharpness').every(({ value }) => value > 0)).toBe(true)

  const source = {
    kind: 'checkpoint' as const,
    checkpoint: join(run.folder, run.checkpoints.at(-1)!.file),
    datasetFolder: where.datasetFolder,
    datasetHash: null,
  }
  const { result } = await runLab({ diagnostic: 'hessian', source, options: {}, speed: null }, () => undefined)
  const { summary } = result as unknown as { summary: { key: string; value: number }[] }
  const said = (key: string): number => numberOf(summary.find((each) => each.key === key)!.value)
  expect(run.series('stability/sharpness').at(-1)!.value).toBe(said('sharpness'))
  expect(run.series('stability/rateTimesSharpness').at(-1)!.value).toBe(said('rateTimesSharpness'))

  const without = await trainHere(await place('noise'), config())
  expect(stepsOf(without, 'stability/sharpness')).toEqual([])
  expect(hashOf(without)).toBe(hashOf(run))
})

it('has no limit for an optimizer of which none is known', async () => {
  const run = await trainHere(await place('noise'), config({ sharpness: true, optimizer: 'adam', steps: 4 }))
  expect(stepsOf(run, 'stability/sharpness')).toEqual([4])
  expect(stepsOf(run, 'stability/limit')).toEqual([])
})
