import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { TestFigures } from '../../src-main/contract/evaluations.js'
import { evaluateCheckpoint } from '../../src-main/training/tools/evaluate.js'
import { weightNorms } from '../../src-main/training/weights.js'
import { readSafetensors } from '../../src-main/training/safetensors.js'
import { place, smallConfig, trainHere, type Trained } from './training.js'

const reported = ({ reports }: Trained) => reports.filter((report) => report.kind === 'evaluation')

const evaluated = async (checkpoint: string, datasetFolder: string, told: string[] = []): Promise<TestFigures> =>
  (await evaluateCheckpoint({ checkpoint, datasetFolder }, (message, fraction) => told.push(`${message} ${fraction ?? ''}`)))
    .result as unknown as TestFigures

it.each([{}, { execution: 'eager' }] as const)(
  'tells at the end of a run (%j) who was taken for whom, as an evaluation of the file does',
  async (how) => {
    const where = await place('noise')
    const run = await trainHere(where, smallConfig({ steps: 30, evaluateEvery: 10, ...how }))
    const [report, ...more] = reported(run)
    expect(more).toEqual([])
    const final = run.checkpoints.at(-1)!
    expect(report).toMatchObject({ file: final.file, step: 30 })
    const { figures } = report!
    expect(figures.images).toBe(40)
    expect(figures.accuracy).toBe(run.ended.result!.testAccuracy)
    expect(figures.loss).toBe(run.ended.result!.testLoss)
    expect(figures.confusion.reduce((sum, [, , count]) => sum + count, 0)).toBe(40)
    for (let label = 0; label < 4; label++)
      expect(figures.confusion.reduce((sum, [own, , count]) => sum + (own === label ? count : 0), 0)).toBe(10)
    const right = figures.confusion.reduce((sum, [label, predicted, count]) => sum + (label === predicted ? count : 0), 0)
    expect(figures.accuracy).toBeCloseTo(right / 40, 12)
    expect(figures.mistakes).toHaveLength(40 - right)
    for (const { index, label, predicted, confidence } of figures.mistakes) {
      // The labels of this data set are cyclic.
      expect(label).toBe(index % 4)
      expect(predicted).not.toBe(label)
      // The largest of four probabilities.
      expect(confidence).toBeGreaterThanOrEqual(0.25)
      expect(confidence).toBeLessThanOrEqual(1)
    }

    const told: string[] = []
    expect(await evaluated(join(run.folder, final.file), where.datasetFolder, told)).toEqual(figures)
    expect(told.at(-1)).toBe('40 of 40 test images 1')
    const start = await evaluated(join(run.folder, run.checkpoints[0]!.file), where.datasetFolder)
    expect(start.loss).not.toBe(figures.loss)
  },
)

it('is of the weights that validation selected', async () => {
  const where = await place('noise')
  // Every image is classified correctly before the end, and no later evaluation is better.
  const run = await trainHere(where, smallConfig({ steps: 24, evaluateEvery: 2, validation: 0.25, learningRate: 0.5 }))
  const [report] = reported(run)
  const best = run.checkpoints.findLast(({ checkpoint }) => checkpoint === 'best')!
  expect(best.step).toBeLessThan(24)
  expect(report).toMatchObject({ step: best.step, file: best.file })
  expect(await evaluated(join(run.folder, best.file), where.datasetFolder)).toEqual(report!.figures)
})

it('is refused where there is nothing to evaluate on', async () => {
  const where = await place('no test images')
  const run = await trainHere(where, smallConfig({ steps: 2 }))
  expect(reported(run)).toEqual([])
  await expect(evaluated(join(run.folder, run.checkpoints[0]!.file), where.datasetFolder)).rejects.toThrow(/noise has no test images/)
})

it('norms of a checkpoint are those of its tensors', async () => {
  const where = await place('noise')
  const run = await trainHere(where, smallConfig({ steps: 2 }))
  const path = join(run.folder, run.checkpoints.at(-1)!.file)
  const layers = await weightNorms(path)
  const { tensors } = await readSafetensors(path)
  expect(layers.map(({ name }) => `params/${name}`)).toEqual([...tensors.keys()].filter((name) => name.startsWith('params/')))
  const kernel = layers.find(({ name }) => name === 'stage2/unit1/kernel2')!
  const [one, two] = [1, 2].map((unit) => [...tensors.get(`params/stage2/unit${unit}/kernel2`)!.data])
  expect(kernel.norm).toBeCloseTo(Math.hypot(...one!), 5)
  expect(kernel.change).toBeCloseTo(Math.hypot(...one!.map((value, i) => two![i]! - value)), 5)
})
