import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LabResult } from '../../../src-main/contract/lab.js'
import { loadPart, readDataset } from '../../../src-main/data/stored.js'
import { evaluateCheckpoint } from '../../../src-main/training/tools/evaluate.js'
import { runLab } from '../../../src-main/training/tools/lab.js'
import { npy } from '../../data/helpers.js'
import { place, smallConfig, trainHere } from '../training.js'
import { cells, column, said } from './support.js'

/** A run on noise of four classes, and its 40 test images at five severities in a folder in the format of CIFAR-10-C. */
async function withCorruptions() {
  const where = await place('noise')
  const run = await trainHere(where, smallConfig({ steps: 8 }))
  const dataset = await readDataset(where.datasetFolder)
  const { values, labels } = await loadPart(where.datasetFolder, dataset, 'test')
  const folder = join(where.checkpointFolder, 'noise-c')
  await mkdir(folder)
  const write = (name: string, shape: number[], numbers: Uint8Array) => writeFile(join(folder, `${name}.npy`), npy('|u1', shape, numbers))
  const all = new Uint8Array(5 * values.length)
  for (let severity = 0; severity < 5; severity++) all.set(values as Uint8Array, severity * values.length)
  // The two weakest severities change nothing, and the others erase everything.
  const fading = all.slice().fill(0, 2 * values.length)
  const shape = [200, 8, 8, 3]
  await write('identity', shape, all)
  await write('fading', shape, fading)
  await write(
    'labels',
    [200],
    Uint8Array.from({ length: 200 }, (_, at) => labels[at % 40]!),
  )
  await writeFile(join(folder, 'README.txt'), 'is no array')
  const checkpoint = join(run.folder, run.checkpoints.at(-1)!.file)
  const { datasetFolder } = where
  const measure = async (options = {}): Promise<LabResult> => {
    const source = { kind: 'checkpoint' as const, checkpoint, datasetFolder }
    const request = { diagnostic: 'corruptions', source, options: { folder, corruptedImages: 40, ...options }, speed: null }
    return (await runLab(request, () => undefined)).result as unknown as LabResult
  }
  return { folder, checkpoint, datasetFolder, write, measure }
}

test('accuracies under corruptions are those of the evaluation where nothing is corrupted, and one prediction where nothing is left', async () => {
  const { checkpoint, datasetFolder, measure } = await withCorruptions()
  const { result: figures } = await evaluateCheckpoint({ checkpoint, datasetFolder }, () => undefined)
  const result = await measure()
  const clean = said(result, 'clean')
  expect(clean).toBe(figures['accuracy'])
  expect(cells(result, 'accuracy', 'corruption')).toEqual([...Array(5).fill('fading'), ...Array(5).fill('identity')])
  expect(column(result, 'accuracy', 'severity')).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5])
  // All black images are assigned to the same one of four classes.
  expect(column(result, 'accuracy', 'accuracy')).toEqual([clean, clean, 0.25, 0.25, 0.25, ...Array(5).fill(clean)])
  expect(said(result, 'mean')).toBeCloseTo((7 * clean + 0.75) / 10, 12)
  // For a subset of the images, the same subset.
  const few = await measure({ corruptedImages: 7 })
  expect(column(few, 'accuracy', 'accuracy').slice(5)).toEqual(Array(5).fill(said(few, 'clean')))
})

test('what is no folder of corruptions of these test images is refused with what is wrong', async () => {
  const { folder, measure, write } = await withCorruptions()
  await expect(measure({ folder: '' })).rejects.toThrow(/folder=PATH/)
  await expect(measure({ folder: 'noise-c' })).rejects.toThrow(/whole path/)
  await expect(measure({ folder: join(folder, 'nothing') })).rejects.toMatchObject({ name: 'UserError' })
  await write('fading', [200, 8, 3, 8], new Uint8Array(200 * 192))
  await expect(measure()).rejects.toThrow(
    /no corruptions of the 40 test images of noise: fading.npy is an array of u1 of the shape \(200, 8, 3, 8\)/,
  )
  await write('fading', [200, 8, 8, 3], new Uint8Array(200 * 192))
  await truncate(join(folder, 'fading.npy'), 10_000)
  await expect(measure()).rejects.toThrow('fading.npy is truncated')
  await writeFile(join(folder, 'fading.npy'), 'no array at all')
  await expect(measure()).rejects.toThrow('fading.npy is not a NumPy array')
  await write(
    'labels',
    [200],
    Uint8Array.from({ length: 200 }, (_, at) => (at + 1) % 4),
  )
  await expect(measure()).rejects.toThrow('label 1 of labels.npy is 1, but that of the test image is 0')
  await write('labels', [199], new Uint8Array(199))
  await expect(measure()).rejects.toThrow('labels.npy has the shape (199)')
})
