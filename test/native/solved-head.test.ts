import { expect, test } from 'vitest'
import { RunConfigSchema, type RunConfig } from '../../src-main/contract/config.js'
import { readDataset } from '../../src-main/data/stored.js'
import { presets } from '../../src-main/numeric/presets.js'
import { place, trainHere, type Place, type Trained } from './training.js'

const config = async (where: Place, changes: Partial<RunConfig> = {}): Promise<RunConfig> => {
  const { image, classNames } = await readDataset(where.datasetFolder)
  const { name, config: own } = presets.find((preset) => preset.name === 'stable-verlet')!
  return RunConfigSchema.parse({
    ...own,
    preset: name,
    dataset: 'circles',
    image,
    classes: classNames.length,
    stages: [{ channels: 4, units: 4 }],
    batch: 2000,
    steps: 6,
    evaluateEvery: 6,
    checkpointSeconds: 0,
    learningRate: 0.02,
    weightDecay: 1e-3,
    headSolver: 'newton',
    ...changes,
  })
}
const hashOf = ({ checkpoints }: Trained): string => checkpoints.at(-1)!.weightsHash

test('a network whose last layer is solved for begins every step with the best one, and is resumed to the bit', async () => {
  const where = await place('circles')
  const run = await trainHere(where, await config(where))
  expect(run.ended.outcome).toBe('finished')
  const loss = (of: Trained): number => of.series('train/loss').at(-1)!.value
  const plain = await trainHere(await place('circles'), await config(where, { headSolver: 'gradient' }))
  expect(loss(run)).toBeLessThan(loss(plain))
  // With the optimal last layer, the loss decreases from the first step on.
  const losses = run.series('train/loss').map(({ value }) => value)
  losses.slice(1).forEach((value, at) => expect(value).toBeLessThan(losses[at]!))

  const elsewhere = await place('circles')
  const paused = await trainHere(elsewhere, await config(where), { pauseAt: 3 })
  const resumed = await trainHere(elsewhere, await config(where), { resumeFrom: paused.checkpoints.at(-1)!.file, lease: 2 })
  expect(hashOf(resumed)).toBe(hashOf(run))
})

test('mini-batches and a missing penalty are refused with a sentence', async () => {
  const where = await place('circles')
  await expect(trainHere(where, await config(where, { batch: 100 }))).rejects.toThrow(/Set batch to the number of training images/)
  await expect(trainHere(where, await config(where, { weightDecay: 0 }))).rejects.toThrow(/needs weightDecay above 0/)
})
