import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { estimateImport } from '../../src-main/data/estimate.js'
import { unpackTar } from '../../src-main/data/archive.js'
import { loadPart } from '../../src-main/data/stored.js'
import { CIFAR_PIXELS, cifarRecords, imported, noise, refused, temporaryFolder } from './helpers.js'

/** Real-world files, each of which was once read incorrectly. */
const CASES = join(import.meta.dirname, '..', 'fixtures', 'cases')
const at = (...names: string[]): string => join(CASES, ...names)

describe('arrays of floats', () => {
  const file = at('npz', 'float-01-overshoot.npz')

  it('have one scale in all parts, with a tolerance, and it is told for ever', async () => {
    const { dataset, folder } = await imported(file)
    for (const part of ['train', 'test'] as const) {
      const { values } = await loadPart(folder, dataset, part)
      expect(new Set(values).size).toBeGreaterThan(100)
      expect(Math.max(...values)).toBeGreaterThan(250)
    }
    expect(dataset.assumptions).toEqual([expect.stringMatching(/assumed to be in 0\.\.1, .* in all parts .*x_train from .*x_test from/)])
  })

  it('are what the user says, where that is possible', async () => {
    const { dataset, folder } = await imported(file, { readings: { values: '0..255' } })
    expect(new Set((await loadPart(folder, dataset, 'train')).values)).toEqual(new Set([0, 1]))
    expect(dataset.assumptions).toEqual([expect.stringMatching(/^Float values were in 0\.\.255/)])
  })
})

describe('folders of images', () => {
  it.each([
    [
      'lay-kaggle-catsdogs',
      ['cats', 'dogs'],
      /training_set\/training_set\/ was used as the training part, test_set\/test_set\/|test_set\/test_set\/ was used as the test part/,
    ],
    ['lay-flat-intel', ['forest', 'sea'], /seg_train\/ was used as the training part/],
  ])('%s are recognised as parts whose names have more to them, and it is told', async (name, classNames, assumption) => {
    const { dataset } = await imported(at(name))
    expect(dataset).toMatchObject({ classNames, counts: { train: 10, test: 6 } })
    expect(dataset.assumptions).toEqual([expect.stringMatching(assumption)])
  })

  it('are classes where the user says so', async () => {
    const { dataset } = await imported(at('lay-flat-intel'), { readings: { folders: 'classes' } })
    expect(dataset).toMatchObject({ classNames: ['seg_test', 'seg_train'], counts: { train: 16, test: 0 } })
    expect(dataset.assumptions).toEqual(['seg_test/, seg_train/ was treated as a class, not as a split.'])
  })

  it('are asked about where none of the parts is for training, or two are', async () => {
    const folder = await temporaryFolder()
    await cp(at('lay-flat-intel', 'seg_test'), join(folder, 'seg_test'), { recursive: true })
    await cp(at('lay-flat-intel', 'seg_test'), join(folder, 'seg_val'), { recursive: true })
    await refused(folder, /seg_test\/, seg_val\/ look like splits of one data set.*--folders splits or --folders classes/)
    await cp(at('lay-flat-intel', 'seg_train'), join(folder, 'train_a'), { recursive: true })
    await cp(at('lay-flat-intel', 'seg_train'), join(folder, 'train_b'), { recursive: true })
    await refused(folder, /train_a\/, train_b\/ all look like training folders/)
  })

  it('hold a class of which a part has no more than one folder, at any depth', async () => {
    const folder = await temporaryFolder()
    await cp(at('lay-flat-intel', 'seg_train'), join(folder, 'train'), { recursive: true })
    await cp(at('lay-flat-intel', 'seg_test'), join(folder, 'test', 'sea', 'deep'), { recursive: true })
    expect((await imported(folder)).dataset.counts).toEqual({ train: 10, test: 6, unlabelled: 0 })
  })

  it('skip and name a file whose name is not UTF-8, and read the others', async () => {
    const folder = await temporaryFolder()
    const bytes = Buffer.from(join(folder, 'cat', 'caf'))
    for (const name of ['cat', 'dog']) await mkdir(join(folder, name))
    const image = await readFile(at('lay-flat-intel', 'seg_test', 'sea', '0.png'))
    for (const name of ['cat/0.png', 'dog/0.png']) await writeFile(join(folder, name), image)
    await writeFile(Buffer.concat([bytes, Buffer.from([0xe9]), Buffer.from('.png')]), image)
    const { dataset } = await imported(folder)
    expect(dataset.counts.train).toBe(2)
    expect(dataset.report?.skipped).toEqual([{ why: 'its name is not UTF-8; rename it', count: 1, examples: ['cat/caf\ufffd.png'] }])
  })

  it('come out of an archive with such a name whole', async () => {
    const folder = await temporaryFolder()
    const rest = { signal: new AbortController().signal, onProgress: () => undefined }
    await unpackTar(at('non-utf8-name.tar'), folder, { kind: 'tar', ...rest })
    expect((await imported(folder)).dataset.counts.train).toBe(20)
  })
})

describe('IDX files', () => {
  it('are paired by what their names begin with; what is left out is named', async () => {
    const { dataset } = await imported(at('idx-emnist-mixed'))
    expect(dataset).toMatchObject({ name: 'emnist-letters', mirrored: 'doubtful' })
    expect(dataset.assumptions?.[0]).toBe('Of 2 data sets in the folder, emnist-letters was imported; emnist-balanced was skipped.')
  })

  it('of several data sets that can be trained on are asked about', async () => {
    const folder = await temporaryFolder()
    await cp(at('idx-emnist-mixed'), folder, { recursive: true })
    for (const what of ['images-idx3', 'labels-idx1'])
      await cp(at('idx-emnist-mixed', `emnist-balanced-test-${what}-ubyte.gz`), join(folder, `emnist-balanced-train-${what}-ubyte.gz`))
    await refused(folder, /2 data sets: emnist-balanced, emnist-letters\. Choose one with --only emnist-balanced/)
    expect((await imported(folder, { readings: { only: 'emnist-letters' } })).dataset.name).toBe('emnist-letters')
  })

  it('without their labels are refused for that', () =>
    refused(at('idx-images-only'), /train-images-idx3-ubyte has no labels: train-labels-idx1-ubyte is missing/))
})

describe("pickles of CIFAR's Python version", () => {
  it('have no labels that are not whole numbers', () =>
    refused(at('cifar-labels-none'), /^Image 1 has the label None in the "labels" of test_batch, but labels must be whole numbers/))

  it('may have whole numbers of NumPy', async () => {
    const { dataset, folder } = await imported(at('cifar-numpy-int-labels'))
    const { labels, count } = await loadPart(folder, dataset, 'train')
    expect(count).toBe(20)
    expect(new Set(labels).size).toBeGreaterThan(1)
  })
})

describe('archives', () => {
  it('are descended into through folders that hold nothing but another one', async () => {
    expect((await imported(at('archives', 'two-levels.zip'))).dataset).toMatchObject({ classNames: ['cat', 'dog'], counts: { train: 8 } })
  })

  it.each([
    ['xz.tar.xz', /is compressed with xz, which is not supported\. Unpack it/],
    ['bz2.tar.bz2', /is compressed with bzip2, which is not supported\. Unpack it/],
  ])('%s say which compression it is, before and at the import', async (name, message) => {
    await refused(at('archives', name), message)
    const options = { into: await temporaryFolder(), signal: new AbortController().signal }
    await expect(estimateImport({ path: at('archives', name) }, options)).rejects.toThrow(message)
  })
})

it('what is there twice or is not needed is left out, and named', async () => {
  const folder = await temporaryFolder()
  await cp(at('idx-emnist-mixed'), folder, { recursive: true })
  const packed = await readFile(join(folder, 'emnist-letters-train-labels-idx1-ubyte.gz'))
  await writeFile(join(folder, 'emnist-letters-train-labels-idx1-ubyte'), gunzipSync(packed))
  expect((await imported(folder)).dataset.assumptions).toContain(
    'emnist-letters-train-labels-idx1-ubyte.gz was skipped because another file has the same part.',
  )
  const both = await temporaryFolder()
  await cp(at('cifar-numpy-int-labels'), both, { recursive: true })
  await writeFile(join(both, 'data_batch_1.bin'), cifarRecords([[1], [2]], noise('both', 2 * CIFAR_PIXELS)))
  const { dataset } = await imported(both)
  expect(dataset.counts.train).toBe(20)
  expect(dataset.assumptions).toContainEqual(expect.stringMatching(/The Python version was read; data_batch_1\.bin were skipped/))
  for (const name of ['test_batch', 'data_batch_2'])
    await writeFile(join(both, `${name}.bin`), cifarRecords([[1], [2]], noise('both', 2 * CIFAR_PIXELS)))
  const binary = (await imported(both)).dataset
  expect(binary.counts.train).toBe(4)
  expect(binary.assumptions).toContainEqual(expect.stringMatching(/The binary version was read; data_batch_1, test_batch were skipped/))
})

it('several data sets in one folder are asked about', async () => {
  const folder = await temporaryFolder()
  await cp(at('cifar-numpy-int-labels'), join(folder, 'cifar'), { recursive: true })
  await cp(at('idx-emnist-mixed'), join(folder, 'letters'), { recursive: true })
  await refused(folder, /2 data sets: cifar, letters\. Choose one with --only cifar \(in the window: Which one\)/)
  const { dataset } = await imported(folder, { readings: { only: 'cifar' } })
  expect(dataset).toMatchObject({
    format: 'cifar-10',
    assumptions: expect.arrayContaining(['Of 2 data sets, cifar was imported; letters was skipped.']) as string[],
  })
})
