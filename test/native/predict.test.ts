import { join } from 'node:path'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import type { TestFigures } from '../../src-main/contract/evaluations.js'
import { topClasses, type Fit, type Prediction } from '../../src-main/contract/predictions.js'
import { readDataset, loadPart } from '../../src-main/data/stored.js'
import { evaluateCheckpoint } from '../../src-main/training/tools/evaluate.js'
import { fitImage } from '../../src-main/training/tools/fit-image.js'
import { predictImage } from '../../src-main/training/tools/predict.js'
import { place, smallConfig, trainHere, type Place } from './training.js'

const predicted = async ({ datasetFolder }: Place, checkpoint: string, image: string, fit: Fit = 'cover'): Promise<Prediction> => {
  const request = { checkpoint, datasetFolder, datasetHash: null, image, name: 'image', fit }
  return (await predictImage(request, () => undefined)).result as unknown as Prediction
}

it.each([
  ['running', { evaluationStatistics: 'running' }],
  ['re-estimated', {}],
] as const)('an image of the test part gets the prediction that the evaluation with %s statistics has for it', async (_, how) => {
  const where = await place('noise')
  const run = await trainHere(where, smallConfig({ steps: 6, ...how }))
  const checkpoint = join(run.folder, run.checkpoints.at(-1)!.file)
  const { result } = await evaluateCheckpoint({ checkpoint, datasetFolder: where.datasetFolder }, () => undefined)
  const { mistakes } = result as unknown as TestFigures
  expect(mistakes.length).toBeGreaterThan(0)
  const dataset = await readDataset(where.datasetFolder)
  const { values } = await loadPart(where.datasetFolder, dataset, 'test')
  for (const { index, predicted: label, confidence } of mistakes.slice(0, 3)) {
    const pixels = Buffer.from(values.slice(index * 192, (index + 1) * 192))
    const image = join(where.checkpointFolder, `${index}.png`)
    await sharp(pixels, { raw: { height: 8, width: 8, channels: 3 } })
      .png()
      .toFile(image)
    const prediction = await predicted(where, checkpoint, image)
    const [first] = topClasses(prediction, 2)
    expect(first!.name).toBe(dataset.classNames[label])
    expect(first!.probability).toBeCloseTo(confidence, 5)
    expect(prediction.classes.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5)
    expect(prediction.seen).toEqual({ height: 8, width: 8, channels: 3, pixels: pixels.toString('base64') })
    expect(prediction).toMatchObject({ step: 6, dataset: 'noise' })
    expect(prediction.changes[0]).toBe('8x8 pixels, as the images of noise: not resized.')
  }
})

it('another image is brought into the shape of the data set, and it is said how', async () => {
  const where = await place('noise')
  const run = await trainHere(where, smallConfig({ steps: 1 }))
  const checkpoint = join(run.folder, run.checkpoints.at(-1)!.file)
  const image = join(where.checkpointFolder, 'wide.png')
  // White in the middle, black on both sides.
  const grey = Buffer.from(Array.from({ length: 8 * 24 }, (_, at) => (at % 24 >= 8 && at % 24 < 16 ? 255 : 0)))
  await sharp(grey, { raw: { height: 8, width: 24, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(image)
  const bytes = ({ seen }: Prediction): number[] => [...Buffer.from(seen.pixels, 'base64')]
  const cropped = await predicted(where, checkpoint, image)
  expect(new Set(bytes(cropped))).toEqual(new Set([255]))
  expect(cropped.changes).toEqual([
    'Resized from 24x8 to 8x8 (Lanczos): scaled until it covers that size, then cropped at the centre.',
    'Converted from greyscale to RGB.',
    'Normalised by the channel means and deviations of the training images of noise.',
  ])
  expect(bytes(await predicted(where, checkpoint, image, 'stretch')).some((value) => value < 50)).toBe(true)
  // Instruments get it in the same shape, without a network.
  const fitted = await fitImage({ datasetFolder: where.datasetFolder, image, name: 'image', fit: 'cover' }, () => undefined)
  expect(fitted.result).toEqual({ seen: cropped.seen, changes: cropped.changes })
  const file = join(where.datasetFolder, 'dataset.json')
  await expect(predicted(where, checkpoint, file)).rejects.toMatchObject({ code: 'BAD_INPUT', message: /image cannot be used: not a PNG/ })
  await expect(predicted(where, checkpoint, join(where.checkpointFolder, 'none.png'))).rejects.toMatchObject({ name: 'UserError' })
})

it('points are no images', async () => {
  const where = await place('circles')
  const overrides = {
    dataset: 'circles',
    classes: 2,
    image: { height: 1, width: 1, channels: 2 },
    maps: 'dense' as const,
    unitNorm: 'none' as const,
    stages: [{ channels: 4, units: 2 }],
  }
  const run = await trainHere(where, smallConfig({ steps: 1, ...overrides }))
  await expect(predicted(where, join(run.folder, run.checkpoints.at(-1)!.file), '/none')).rejects.toThrow(/circles has points/)
})
