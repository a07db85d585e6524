import { appendFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp, { type Create } from 'sharp'
import { describe, expect, it } from 'vitest'
import { loadPart } from '../../src-main/data/stored.js'
import { zipSync } from '../fixtures/zip.js'
import { CIFAR_PIXELS, cifarRecords, folderWith, idx, imported, noise, npy, refused, tarOf, temporaryFolder } from './helpers.js'

/** An import must not drop anything silently, must ask if files are ambiguous, and must give the actual reason for a rejection. */
const CASES = join(import.meta.dirname, '..', 'fixtures', 'cases')

const png = (value: number, extra: Partial<Create> = {}): Promise<Buffer> =>
  sharp({ create: { width: 4, height: 4, channels: 3, background: { r: value, g: value, b: 0 }, ...extra } }).png().toBuffer() // prettier-ignore

const photos = async (...paths: string[]): Promise<Record<string, Uint8Array>> =>
  Object.fromEntries(await Promise.all(paths.map(async (path, i) => [path, new Uint8Array(await png(i))] as const)))

const digits = (count = 4): Record<string, Uint8Array> => ({
  'train-images-idx3-ubyte': idx([count, 4, 4], noise('digits', count * 16)),
  'train-labels-idx1-ubyte': idx(
    [count],
    Uint8Array.from({ length: count }, (_, i) => i % 2),
  ),
})

const arrays = (content: Record<string, Uint8Array>): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(content).map(([key, bytes]) => [`${key}.npy`, bytes])))

const labels = npy('|u1', [4], Uint8Array.of(0, 1, 0, 1))

describe('files that are not of the data set', () => {
  it('are named, in its folder and in those beside it', async () => {
    const folder = await folderWith({ ...digits(), 'mapping.txt': 'a', 'more/notes.txt': 'b', '.hidden': 'c' })
    const { dataset } = await imported(folder)
    const [{ why, count, examples }] = dataset.report!.skipped as [(typeof dataset.report & object)['skipped'][number]]
    expect([count, examples]).toEqual([2, ['mapping.txt', 'more/notes.txt']])
    expect(why).toMatch(/^not part of IDX .* in retrace-data-/)
  })

  it('are named beside folders of images too', async () => {
    const folder = await folderWith({ ...(await photos('pictures/cat/0.png', 'pictures/dog/0.png')), 'about/readme.md': 'x' })
    expect((await imported(folder)).dataset.report!.skipped.flatMap(({ examples }) => examples)).toEqual(['about/readme.md'])
  })

  it('include everything else that a .npz holds', async () => {
    const content = zipSync({ 'images.npy': npy('|u1', [4, 2, 2], noise('n', 16)), 'labels.npy': labels, 'readme.txt': new Uint8Array(1) })
    const { dataset } = await imported(await folderWith({ 'a.npz': content, 'b.npz': content }), { readings: { only: 'a' } })
    expect(dataset.assumptions).toEqual([
      'Of 2 files, a.npz was imported; b.npz was skipped.',
      'The arrays images, labels were imported; readme.txt were skipped.',
    ])
  })
})

describe('several data sets in one place', () => {
  it('are asked about when one of them is folders of images', async () => {
    const folder = await folderWith({ ...digits(), ...(await photos('cat/0.png', 'dog/0.png')) })
    await refused(folder, /^There are 2 data sets: idx, image-folders\. Choose one with --only idx/)
    expect((await imported(folder, { readings: { only: 'image-folders' } })).dataset).toMatchObject({
      format: 'image-folders',
      assumptions: ['Of 2 data sets, image-folders was imported; idx was skipped.'],
    })
  })

  it('are asked about when one of them cannot be read', async () => {
    const features = arrays({ features: npy('<f4', [4, 8], new Float32Array(32)) })
    const folder = await folderWith({ 'features.npz': features, ...(await photos('cat/0.png', 'dog/0.png')) })
    await refused(
      folder,
      /^features\.npz has the arrays features\..* To import the image folders instead, use --only image-folders \(in the window/,
    )
    const { dataset } = await imported(folder, { readings: { only: 'image-folders' } })
    expect(dataset).toMatchObject({ format: 'image-folders', assumptions: [expect.stringMatching(/was skipped: features\.npz has/)] })
  })

  it('are the two versions of CIFAR: the one of which there is more is read', async () => {
    const folder = await temporaryFolder()
    await cp(join(CASES, 'cifar-numpy-int-labels'), folder, { recursive: true })
    await writeFile(join(folder, 'data_batch_3.bin'), cifarRecords([[1]], noise('one', CIFAR_PIXELS)))
    const { dataset } = await imported(folder)
    expect(dataset.counts).toMatchObject({ train: 20, test: 10 })
    expect(dataset.assumptions).toContainEqual(expect.stringMatching(/The Python version was read; data_batch_3\.bin were skipped/))
  })

  it('are images at the end of a file that was cut off between two of them', async () => {
    const batch = cifarRecords([[1], [2], [3]], noise('three', 3 * CIFAR_PIXELS))
    const { dataset } = await imported(
      await folderWith({ 'data_batch_1.bin': batch, 'test_batch.bin': batch.subarray(0, batch.length / 3) }),
    )
    expect(dataset.assumptions).toContain(
      'Some files have a different number of images than the published data set (in brackets): data_batch_1.bin 3 (10,000), test_batch.bin 1 (10,000).',
    )
  })
})

describe('classes', () => {
  it('without images are told', async () => {
    const content = { images: npy('|u1', [4, 2, 2], noise('n', 16)), labels: npy('|u1', [4], Uint8Array.of(1, 2, 4, 1)) }
    const { dataset } = await imported(await folderWith({ 'a.npz': arrays(content) }))
    expect(dataset.assumptions).toEqual(['The classes 0, 3 have no images but were kept.'])
  })

  it('are the outermost folders, which is told where there are others inside of them', async () => {
    const { dataset } = await imported(await folderWith(await photos('pets/cat/0.png', 'pets/dog/0.png', 'wild/fox/0.png')))
    expect(dataset.classNames).toEqual(['pets', 'wild'])
    expect(dataset.assumptions).toEqual([
      'The outermost folders (pets, wild) were treated as the classes, not the folders inside pets, wild.',
    ])
  })

  it('are not lost in a folder called extra without a word', async () => {
    const { dataset } = await imported(await folderWith(await photos('train/a/0.png', 'train/b/0.png', 'extra/a/1.png')))
    expect(dataset).toMatchObject({ counts: { train: 2, unlabelled: 1 }, assumptions: ['extra/ was used as the unlabelled part.'] })
  })
})

describe('what decoding takes from image files', () => {
  it('is told: transparency, further frames, depth, and that they were turned', async () => {
    const plain = { width: 4, height: 4, background: '#fff' } as const
    const clear = await png(1, { channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0.5 } })
    const deep = await sharp({ create: { ...plain, channels: 3 } }).toColourspace('rgb16').png().toBuffer() // prettier-ignore
    const turned = await sharp({ create: { ...plain, channels: 3 } }).withMetadata({ orientation: 6 }).jpeg().toBuffer() // prettier-ignore
    const frames = await sharp([{ create: { ...plain, channels: 3 } }, { create: { ...plain, channels: 3, background: '#000' } }] as never, {
      join: { animated: true },
    }).webp({ loop: 0 }).toBuffer() // prettier-ignore
    const folder = await folderWith({ 'a/0.png': clear, 'a/1.png': deep, 'b/0.jpg': turned, 'b/1.webp': frames, 'b/2.png': await png(3) })
    expect((await imported(folder)).dataset.notes.filter((note) => /^\d/.test(note)).sort()).toEqual([
      '1 images have an alpha channel and were composited on white',
      '1 images have more than 8 bits per channel and were rounded to 8',
      '1 images have several frames; only the first was read',
      '1 images were rotated or mirrored according to their EXIF orientation',
    ])
  })
})

describe('arrays of images', () => {
  const grey = (values: Uint8Array): Uint8Array => npy('|u1', [4, 2, 2], values)

  it('of whole numbers have one range in all parts as well', async () => {
    const train = grey(noise('n', 16))
    const dark = grey(Uint8Array.from({ length: 16 }, (_, i) => i % 2))
    const folder = await folderWith({ 'a.npz': arrays({ x_train: train, y_train: labels, x_test: dark, y_test: labels }) })
    await refused(folder, /The parts of a\.npz seem to have different ranges: x_train from \d+ to \d+, x_test from 0 to 1\. Save all/)
    const { dataset } = await imported(await folderWith({ 'a.npz': arrays({ images: dark, labels }) }))
    expect(dataset.assumptions).toEqual(['Integers were read as they are, with 255 as white (images from 0 to 1).'])
  })

  it('of truth values are black and white', async () => {
    const flags = Uint8Array.from({ length: 16 }, (_, i) => i % 2)
    const { dataset, folder } = await imported(await folderWith({ 'a.npz': arrays({ images: npy('|b1', [4, 2, 2], flags), labels }) }))
    expect([...(await loadPart(folder, dataset, 'train')).values]).toEqual([...flags].map((flag) => flag * 255))
    expect(dataset.assumptions).toEqual(['images is boolean: false is black and true is white.'])
  })

  it('whose channels may be first or last are asked about', async () => {
    const pixels = noise('n', 4 * 3 * 5 * 3)
    const folder = await folderWith({ 'a.npz': arrays({ images: npy('|u1', [4, 3, 5, 3], pixels), labels }) })
    await refused(
      folder,
      /has images of shape \[4, 3, 5, 3\], in which the channels may be first or last.*--channels first or --channels last/,
    )
    const shape = async (channels: 'first' | 'last') => (await imported(folder, { readings: { channels } })).dataset.image
    expect(await shape('last')).toEqual({ height: 3, width: 5, channels: 3 })
    expect(await shape('first')).toEqual({ height: 5, width: 3, channels: 3 })
  })
})

describe('names in archives', () => {
  const image = async () => new Uint8Array(await readFile(join(CASES, 'lay-flat-intel', 'seg_test', 'sea', '0.png')))

  it('that are not UTF-8 stay apart, and are told', async () => {
    const content = await image()
    const tar = await tarOf(
      ['caf\x01/0.png', 'caf\x02/0.png', 'tea/0.png'].map((name) => ({ header: { name, size: content.length }, content })),
    )
    // Two folders whose names differ in a byte that is not valid UTF-8; the checksum of a header is the sum of its bytes.
    for (const [byte, instead] of [
      [1, 0xe8],
      [2, 0xe9],
    ] as const) {
      // prettier-ignore
      const at = tar.indexOf(Buffer.from([0x63, 0x61, 0x66, byte]))
      tar[at + 3] = instead
      const sum = parseInt(tar.toString('latin1', at + 148, at + 154), 8) + instead - byte
      tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1')
    }
    const { dataset } = await imported(join(await folderWith({ 'a.tar': tar }), 'a.tar'))
    expect(dataset.classNames).toEqual(['caf%E8', 'caf%E9', 'tea'])
    expect(dataset.assumptions).toEqual([
      '2 names in the archive are not UTF-8; their bytes were escaped as %XX: caf%E8/0.png, caf%E9/0.png.',
    ])
  })

  it('of a zip that does not say its encoding are UTF-8 where they can be, else of code page 437, which is told', async () => {
    const content = await image()
    const zip = Buffer.from(zipSync({ 'café/0.png': content, 'tea/0.png': content }))
    const unflagged = (bytes: Buffer): Buffer => {
      const out = Buffer.from(bytes)
      for (const [magic, at] of [
        ['PK\x03\x04', 6],
        ['PK\x01\x02', 8],
      ] as const)
        // prettier-ignore
        for (let i = out.indexOf(magic); i >= 0; i = out.indexOf(magic, i + 1)) out.writeUInt16LE(out.readUInt16LE(i + at) & ~0x800, i + at)
      return out
    }
    const classes = async (bytes: Buffer) => (await imported(join(await folderWith({ 'a.zip': bytes }), 'a.zip'))).dataset
    expect((await classes(unflagged(zip))).classNames).toEqual(['café', 'tea'])
    const plain = Buffer.from(zipSync({ 'caf__/0.png': content, 'tea/0.png': content }))
    for (let i = plain.indexOf('caf__'); i >= 0; i = plain.indexOf('caf__', i + 1)) plain.write('\x82x', i + 3, 'latin1')
    const dataset = await classes(unflagged(plain))
    expect(dataset.classNames).toEqual(['caféx', 'tea'])
    expect(dataset.assumptions).toEqual([
      '1 names in the archive do not state their encoding and were decoded as code page 437: caféx/0.png.',
    ])
  })
})

describe('the reason of a refusal is the real one', () => {
  it('where images are in one folder, in none, or of another kind', async () => {
    await refused(await folderWith(await photos('cat/0.png', 'cat/1.png')), /There are 2 \.png\. All images are in one folder, cat\//)
    await refused(await folderWith(await photos('0.png', '1.png')), /There are 2 \.png\. Its images are not in class folders\./)
    await refused(await folderWith({ 'cat/0.bmp': 'x', 'dog/0.bmp': 'x', 'a.txt': '' }), /There are 2 \.bmp, 1 \.txt\. Supported files/)
  })

  it('where no image of the training part can be read', async () => {
    const folder = await folderWith({ 'train/a/0.png': 'no', 'train/b/0.png': 'no', ...(await photos('test/a/0.png')) })
    await refused(folder, /has no readable training images\. Skipped files: 2 not a PNG, JPEG or WebP image/)
  })

  it('where IDX labels have no images', async () => {
    const { 'train-labels-idx1-ubyte': only } = digits()
    await refused(await folderWith({ 'train-labels-idx1-ubyte': only! }), /has no images: train-images-idx3-ubyte is missing/)
  })

  it('where a .npz is encrypted', async () => {
    const zip = Buffer.from(arrays({ images: npy('|u1', [4, 2, 2], noise('n', 16)), labels }))
    for (const [magic, at] of [
      ['PK\x03\x04', 6],
      ['PK\x01\x02', 8],
    ] as const)
      // prettier-ignore
      for (let i = zip.indexOf(magic); i >= 0; i = zip.indexOf(magic, i + 1)) zip.writeUInt16LE(zip.readUInt16LE(i + at) | 1, i + at)
    await refused(
      join(await folderWith({ 'a.npz': zip }), 'a.npz'),
      /Cannot read images\.npy in a\.npz: it is encrypted or not compressed with deflate/,
    )
  })

  it('where a single file of a data set is given', async () => {
    const folder = await folderWith(digits())
    await refused(join(folder, 'train-images-idx3-ubyte'), /is not a \.tar, .*Give an archive of a data set, or the folder with its files/)
  })
})

it('images of EMNIST lie on their side, which is told', async () => {
  const { dataset } = await imported(join(CASES, 'idx-emnist-mixed'))
  expect(dataset.assumptions).toContainEqual(expect.stringMatching(/EMNIST files store images with rows and columns swapped/))
})

it('folders beyond those that are looked into are counted', async () => {
  const folder = await folderWith(digits())
  for (let i = 0; i < 260; i++) await mkdir(join(folder, `f${i}`))
  await appendFile(join(folder, 'f0', 'x.txt'), 'x')
  expect((await imported(folder)).dataset.assumptions).toEqual(['4 more folders were not searched.'])
})
