import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { importDataset } from '../../src-main/data/import.js'
import { SourceFolder } from '../../src-main/data/source-folder.js'
import { loadPart, verifyDataset } from '../../src-main/data/stored.js'
import {
  channelsLast,
  CIFAR_PIXELS,
  cifarRecords,
  folderWith,
  idx,
  imported,
  importing,
  leftIn,
  noise,
  tarGzOf,
  tarOf,
  temporaryFolder,
} from './helpers.js'

const PICKLES = join(import.meta.dirname, 'pickles')
const STL = 3 * 96 * 96

/** The source of the images in the recorded pickles; see pickles/make.py. */
const recordedPlanes = Uint8Array.from({ length: 2 * CIFAR_PIXELS }, (_, at) => {
  const [i, j] = [Math.floor(at / CIFAR_PIXELS), at % CIFAR_PIXELS]
  return (i * 7 + j * 13) % 251
})

/** The pickle written by Python 2's cPickle for CIFAR-10: byte strings, GLOBAL, numpy's state with the pixels as a string. */
function python2Pickle(labels: number[], planes: Uint8Array): Buffer {
  const short = (text: string): Buffer => Buffer.concat([Buffer.from([0x55, text.length]), Buffer.from(text)])
  const number = (value: number): Buffer => Buffer.from([0x4b, value])
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    return bytes
  }
  const u16 = (value: number): Buffer => Buffer.from([0x4d, value & 255, value >> 8])
  return Buffer.concat([
    Buffer.from([0x80, 2, 0x7d, 0x71, 1, 0x28]),
    ...[short('batch_label'), short('training batch 1 of 5'), short('labels'), Buffer.from([0x5d, 0x71, 2, 0x28])],
    ...labels.map(number),
    ...[Buffer.from([0x65]), short('data'), Buffer.from('cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04', 'latin1')],
    ...[number(0), Buffer.from([0x85]), short('b'), Buffer.from([0x87, 0x52, 0x71, 5, 0x28]), number(1)],
    ...[u16(labels.length), u16(CIFAR_PIXELS), Buffer.from([0x86]), Buffer.from('cnumpy\ndtype\n'), short('u1'), number(0), number(1)],
    ...[Buffer.from([0x87, 0x52, 0x28]), number(3), short('|'), Buffer.from('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff', 'latin1'), number(0)],
    ...[Buffer.from([0x74, 0x62, 0x89, 0x54]), u32(planes.length), Buffer.from(planes), Buffer.from([0x74, 0x62])],
    ...[short('filenames'), Buffer.from([0x5d, 0x28]), ...labels.map((label) => short(`image${label}.png`)), Buffer.from([0x65])],
    Buffer.from([0x75, 0x2e]),
  ])
}

describe('CIFAR-10', () => {
  const train = noise('train', 7 * CIFAR_PIXELS)
  const test = noise('test', 3 * CIFAR_PIXELS)
  const trainLabels = [0, 9, 4, 4, 1, 2, 3]
  const testLabels = [7, 8, 9]
  const one = (labels: number[]): number[][] => labels.map((label) => [label])
  const binary = {
    'data_batch_1.bin': cifarRecords(one(trainLabels.slice(0, 4)), train.subarray(0, 4 * CIFAR_PIXELS)),
    'data_batch_3.bin': cifarRecords(one(trainLabels.slice(4)), train.subarray(4 * CIFAR_PIXELS)),
    'test_batch.bin': cifarRecords(one(testLabels), test),
  }

  it('reads the binary version, and notes which files are missing', async () => {
    const { dataset, folder } = await imported(await folderWith(binary))
    expect(dataset).toMatchObject({
      name: 'cifar-10',
      kind: 'images',
      format: 'cifar-10',
      image: { height: 32, width: 32, channels: 3 },
      counts: { train: 7, test: 3, unlabelled: 0 },
      bytes: 10 * (CIFAR_PIXELS + 2),
    })
    expect(dataset.classNames).toHaveLength(10)
    expect(dataset.notes.join()).toMatch(/data_batch_2.bin, data_batch_4.bin, data_batch_5.bin missing.*30,000 training images/)
    const loaded = await loadPart(folder, dataset, 'train')
    expect([...loaded.labels]).toEqual(trainLabels)
    expect(Buffer.from(loaded.values)).toEqual(Buffer.from(channelsLast(train, [3, 32, 32])))
    expect(Buffer.from((await loadPart(folder, dataset, 'test')).values)).toEqual(Buffer.from(channelsLast(test, [3, 32, 32])))
    expect(await verifyDataset(folder)).toEqual({ ok: true, problems: [] })
  })

  it('has the channel means and deviations of its training images', async () => {
    const { dataset } = await imported(await folderWith(binary))
    for (let c = 0; c < 3; c++) {
      const values = [...train].filter((_, at) => Math.floor((at % CIFAR_PIXELS) / 1024) === c).map((value) => value / 255)
      const mean = values.reduce((a, b) => a + b) / values.length
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
      expect(dataset.channelMean[c]).toBeCloseTo(mean, 12)
      expect(dataset.channelDeviation[c]).toBeCloseTo(deviation, 12)
    }
  })

  it('gives the same content hash from a folder, a .tar.gz, a .tar and Python 2 pickles', async () => {
    const entries = Object.entries(binary).map(([name, content]) => ({ header: { name: `cifar-10-batches-bin/${name}` }, content }))
    const pickles = {
      data_batch_1: python2Pickle(trainLabels.slice(0, 4), train.subarray(0, 4 * CIFAR_PIXELS)),
      data_batch_3: python2Pickle(trainLabels.slice(4), train.subarray(4 * CIFAR_PIXELS)),
      test_batch: python2Pickle(testLabels, test),
    }
    const folder = await temporaryFolder()
    const paths = [
      await folderWith(binary),
      join(
        await folderWith({ 'a.tar.gz': await tarGzOf([{ header: { name: 'cifar-10-batches-bin/', type: 'directory' } }, ...entries]) }),
        'a.tar.gz',
      ),
      join(await folderWith({ 'b.tar': await tarOf(entries) }), 'b.tar'),
      await folderWith(pickles),
    ]
    const hashes = []
    for (const [i, path] of paths.entries()) hashes.push((await importDataset({ path, name: `copy-${i}` }, importing(folder))).hash)
    expect(new Set(hashes).size).toBe(1)
  })

  it('takes the names of the classes from the files, unless their number is wrong', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `class ${i}`)
    const right = await imported(await folderWith({ ...binary, 'batches.meta.txt': `${names.join('\n')}\n\n` }))
    expect(right.dataset.classNames).toEqual(names)
    const wrong = await imported(await folderWith({ ...binary, 'batches.meta.txt': 'one\ntwo\n' }))
    expect(wrong.dataset.classNames).toContain('frog')
    expect(wrong.dataset.notes.join()).toContain('2 names instead of 10')
  })

  it('imports without test images, and says so', async () => {
    const { dataset } = await imported(await folderWith({ 'data_batch_1.bin': binary['data_batch_1.bin'] }))
    expect(dataset.counts).toEqual({ train: 4, test: 0, unlabelled: 0 })
    expect(dataset.notes.join()).toContain('no test images')
  })

  it.each([
    ['cut off', { 'data_batch_1.bin': binary['data_batch_1.bin'].subarray(0, 5000) }, /data_batch_1.bin is truncated or damaged/],
    ['empty', { 'data_batch_1.bin': new Uint8Array() }, /data_batch_1.bin is truncated or damaged/],
    ['with an impossible label', { 'data_batch_1.bin': cifarRecords([[1], [10]], train) }, /image 2 of the train part has the label 10/],
    [
      'without training images',
      { 'test_batch.bin': binary['test_batch.bin'] },
      /the training files of CIFAR-10 .*are missing.*data_batch_1\.bin, /,
    ],
  ])('refuses a download %s, and leaves nothing behind', async (_, files, message) => {
    const into = await temporaryFolder()
    await expect(importDataset({ path: await folderWith(files) }, importing(into))).rejects.toThrow(message)
    expect(await leftIn(into)).toEqual([])
  })
})

describe('CIFAR-100', () => {
  it('reads the fine labels of the binary version', async () => {
    const planes = noise('fine', 2 * CIFAR_PIXELS)
    const { dataset, folder } = await imported(await folderWith({ 'train.bin': cifarRecords([[3, 99], [19, 0]], planes) })) // prettier-ignore
    const { labels, values } = await loadPart(folder, dataset, 'train')
    expect([...labels]).toEqual([99, 0])
    expect(Buffer.from(values)).toEqual(Buffer.from(channelsLast(planes, [3, 32, 32])))
    expect(dataset).toMatchObject({ name: 'cifar-100', counts: { train: 2, test: 0 } })
    expect(dataset.classNames).toHaveLength(100)
    expect(dataset.notes.join()).toContain('test.bin missing')
  })

  it.each([
    'numpy1-protocol2',
    'numpy1-protocol4',
    'numpy1-protocol5',
    'numpy2-protocol2',
    'numpy2-protocol3',
    'numpy2-protocol4',
    'numpy2-protocol5',
    'numpy2-array-labels',
  ])('reads the pickle of Python 3 with %s', async (name) => {
    const bytes = await readFile(join(PICKLES, `${name}.pickle`))
    const { dataset, folder } = await imported(await folderWith({ train: bytes, test: bytes }))
    for (const part of ['train', 'test'] as const) {
      const { labels, values } = await loadPart(folder, dataset, part)
      expect([...labels]).toEqual([3, 99])
      expect(Buffer.from(values)).toEqual(Buffer.from(channelsLast(recordedPlanes, [3, 32, 32])))
    }
  })
})

describe('STL-10', () => {
  /** Planes in column-major order. */
  const columns = (planes: Uint8Array): Uint8Array =>
    planes.map((_, at) => {
      const [base, column, row] = [Math.floor(at / 9216) * 9216, Math.floor((at % 9216) / 96), at % 96]
      return planes[base + row * 96 + column]!
    })
  const train = noise('stl train', 2 * STL)
  const unlabelled = noise('stl unlabelled', STL)
  const files = {
    'train_X.bin': columns(train),
    'train_y.bin': Uint8Array.from([1, 10]),
    'unlabeled_X.bin': columns(unlabelled),
    'class_names.txt': 'airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n',
  }

  it('turns columns into rows, counts labels from 0, and keeps the unlabelled images', async () => {
    const { dataset, folder } = await imported(await folderWith(files))
    expect(dataset).toMatchObject({ name: 'stl-10', counts: { train: 2, test: 0, unlabelled: 1 } })
    const { labels, values } = await loadPart(folder, dataset, 'train')
    expect([...labels]).toEqual([0, 9])
    expect(Buffer.from(values)).toEqual(Buffer.from(channelsLast(train, [3, 96, 96])))
    expect(await readFile(join(folder, 'unlabelled.images.u8'))).toEqual(Buffer.from(channelsLast(unlabelled, [3, 96, 96])))
    expect(dataset.notes.join()).toContain('test_X.bin, test_y.bin missing')
  })

  it.each([
    ['too few labels', { 'train_y.bin': Uint8Array.from([1]) }, /train_y.bin has 1 labels for the 2 images of train_X.bin/],
    ['a label 0', { 'train_y.bin': Uint8Array.from([0, 1]) }, /has the label 0 for image/],
    ['half an image', { 'train_X.bin': files['train_X.bin'].subarray(0, STL + 5) }, /train_X.bin is truncated or damaged/],
  ])('refuses %s', async (_, changed, message) => {
    await expect(imported(await folderWith({ ...files, ...changed }))).rejects.toThrow(message)
  })
})

describe('IDX', () => {
  const pixels = noise('idx', 5 * 6 * 4)
  const labels = Uint8Array.from([0, 4, 1, 1, 2])
  const files = {
    'train-images-idx3-ubyte': idx([5, 6, 4], pixels),
    'train-labels-idx1-ubyte': idx([5], labels),
    't10k-images-idx3-ubyte': idx([1, 6, 4], pixels.subarray(24, 48)),
    't10k-labels-idx1-ubyte': idx([1], labels.subarray(1, 2)),
  }

  it('reads images and labels, packed or not, under the name of the folder', async () => {
    const plain = await imported(await folderWith(files), { name: 'plain' })
    expect(plain.dataset).toMatchObject({ image: { height: 6, width: 4, channels: 1 }, counts: { train: 5, test: 1, unlabelled: 0 } })
    expect(plain.dataset.classNames).toEqual(['0', '1', '2', '3', '4'])
    const { values, labels: read } = await loadPart(plain.folder, plain.dataset, 'train')
    expect(Buffer.from(values)).toEqual(Buffer.from(pixels))
    expect([...read]).toEqual([...labels])
    const packed = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`My Digits/${name}.gz`, gzipSync(bytes)]))
    const unpacked = await imported(await folderWith(packed))
    expect(unpacked.dataset).toMatchObject({ name: 'my-digits', hash: plain.dataset.hash })
  })

  it('reads colour images (four dimensions)', async () => {
    const colour = { 'train-images.idx4-ubyte': idx([5, 2, 4, 3], pixels), 'train-labels.idx1-ubyte': idx([5], labels) }
    const { dataset, folder } = await imported(await folderWith(colour))
    expect(dataset.image).toEqual({ height: 2, width: 4, channels: 3 })
    expect(dataset.notes.join()).toContain('the images of the test part, the labels of the test part missing')
    expect(Buffer.from((await loadPart(folder, dataset, 'train')).values)).toEqual(Buffer.from(pixels))
  })

  it.each([
    ['images cut off', { 'train-images-idx3-ubyte': files['train-images-idx3-ubyte'].subarray(0, 100) }, /is truncated/],
    ['images that go on', { 'train-images-idx3-ubyte': Buffer.concat([files['train-images-idx3-ubyte'], Buffer.alloc(1)]) }, /is longer/],
    ['floating point', { 'train-images-idx3-ubyte': idx([5, 6, 4], pixels, 0x0d) }, /is not an IDX file of bytes/],
    ['another number of labels', { 'train-labels-idx1-ubyte': idx([4], labels.subarray(0, 4)) }, /5 images but 4 labels/],
    ['too many labels', { 'train-labels-idx1-ubyte': idx([2 ** 31], labels) }, /more than a data set can/],
    ['too large images', { 'train-images-idx3-ubyte': idx([5, 2 ** 30, 4], pixels) }, /from 1 to 1024/],
    ['parts of different shapes', { 't10k-images-idx3-ubyte': idx([1, 4, 6], pixels.subarray(0, 24)) }, /different shapes/],
  ])('refuses %s', async (_, changed, message) => {
    const into = await temporaryFolder()
    await expect(importDataset({ path: await folderWith({ ...files, ...changed }) }, importing(into))).rejects.toThrow(message)
    expect(await leftIn(into)).toEqual([])
  })

  it('is not named after the folder of an upload, which is named by chance', async () => {
    const upload = join(await temporaryFolder(), crypto.randomUUID())
    await cp(await folderWith(files), upload, { recursive: true })
    expect((await imported(upload)).dataset.name).toBe('idx')
  })

  it('refuses a packed file that unpacks to much more than its size', async () => {
    const folder = await SourceFolder.open(await folderWith({ 'zeros.gz': gzipSync(new Uint8Array(2 ** 21)) }))
    const { signal } = new AbortController()
    const bomb = folder.reader('zeros.gz', signal, { ratioFrom: 2 ** 20 })
    await expect(bomb.read(2 ** 21)).rejects.toThrow(
      /zeros.gz unpacks to more than 100 times its size and was rejected as a decompression bomb/,
    )
    bomb.close()
    const allowed = folder.reader('zeros.gz', signal, { ratioFrom: 2 ** 22 })
    expect(await allowed.read(2 ** 21)).toHaveLength(2 ** 21)
    allowed.close()
  })

  it('refuses packed images that are cut off or no gzip at all', async () => {
    const { 'train-images-idx3-ubyte': images, ...rest } = files
    for (const bytes of [gzipSync(images).subarray(0, 40), images])
      await expect(imported(await folderWith({ ...rest, 'train-images-idx3-ubyte.gz': bytes }))).rejects.toThrow(
        /train-images-idx3-ubyte.gz is (damaged or )?truncated/,
      )
  })
})
