import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { ImageOptionsSchema, type ImageOptions } from '../../src-main/contract/datasets.js'
import { importDataset } from '../../src-main/data/import.js'
import { loadPart } from '../../src-main/data/stored.js'
import { folderWith, imported, importing, leftIn, noise, tarGzOf, temporaryFolder } from './helpers.js'

type Kind = 'png' | 'jpeg' | 'webp'
type Pixel = readonly [number, number, number]

const options = (some: Partial<ImageOptions>): ImageOptions => ImageOptionsSchema.parse(some)

const encode = (pixels: Uint8Array, width: number, height: number, channels: 1 | 3, kind: Kind): Promise<Buffer> => {
  const image = sharp(pixels, { raw: { width, height, channels } })
  const toned = channels === 1 ? image.toColourspace('b-w') : image
  return (kind === 'webp' ? toned.webp({ lossless: true }) : kind === 'png' ? toned.png() : toned.jpeg({ quality: 100 })).toBuffer()
}

/** A lossless image of noise, and its pixels. */
async function picture(name: string, width: number, height: number, kind: Kind = 'png'): Promise<{ pixels: Uint8Array; file: Buffer }> {
  const pixels = noise(name, width * height * 3)
  return { pixels, file: await encode(pixels, width, height, 3, kind) }
}

/** An image that is one colour on its left half and another on its right. */
async function halves(left: Pixel, right: Pixel, width: number, height: number): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const column = Math.floor(at / 3) % width
    return (column < width / 2 ? left : right)[at % 3]!
  })
  return encode(pixels, width, height, 3, 'png')
}

const pixelAt = (values: Uint8Array | Float32Array, width: number, channels: number, x: number, y: number): number[] => [
  ...values.subarray((y * width + x) * channels, (y * width + x + 1) * channels),
]

describe('a folder a class', () => {
  it('stores the pixels as they are, labelled by the names of the folders, from nested folders and whatever the ending', async () => {
    const [a, b, c, d] = await Promise.all([picture('a', 6, 4), picture('b', 6, 4, 'webp'), picture('c', 6, 4), picture('d', 6, 4)])
    const path = await folderWith({ 'dog/2.PNG': b.file, 'cat/images/1.png': a.file, 'dog/1.jpg': c.file, 'eel/1.webp': d.file })
    const { dataset, folder } = await imported(path)
    expect(dataset).toMatchObject({
      format: 'image-folders',
      image: { height: 4, width: 6, channels: 3 },
      classNames: ['cat', 'dog', 'eel'],
      counts: { train: 4, test: 0, unlabelled: 0 },
      report: { stored: 4, resized: 0, recoloured: 0, skipped: [] },
    })
    const { values, labels } = await loadPart(folder, dataset, 'train')
    expect([...labels]).toEqual([0, 1, 1, 2])
    expect(Buffer.from(values)).toEqual(Buffer.concat([a.pixels, c.pixels, b.pixels, d.pixels]))
  })

  it('follows no link to a folder, which may lead out or back up, and says so', async () => {
    const [inside, outside] = await Promise.all([picture('inside', 6, 4), picture('outside', 6, 4)])
    const path = await folderWith({ 'cat/1.png': inside.file, 'dog/1.png': inside.file })
    await symlink(await folderWith({ '1.png': outside.file }), join(path, 'elsewhere'))
    await symlink(path, join(path, 'cat', 'again'))
    const { dataset } = await imported(path)
    expect(dataset).toMatchObject({ classNames: ['cat', 'dog'], counts: { train: 2 }, report: { stored: 2 } })
    expect(dataset.report?.skipped.flatMap(({ examples }) => examples).sort()).toEqual(['cat/again', 'elsewhere'])
  })

  it('reads train, val and test folders, and an archive of them to the same content', async () => {
    const pictures = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => picture(name, 3, 3)))
    const [a, b, c, d, e, f] = pictures.map(({ file }) => file)
    const files = {
      'train/x/1.png': a!,
      'train/y/1.png': b!,
      'val/x/1.png': c!,
      'test/y/1.png': d!,
      'test/z/1.png': e!,
      'unlabeled/1.png': f!,
    }
    const { dataset, folder } = await imported(await folderWith(files))
    expect(dataset.counts).toEqual({ train: 3, test: 1, unlabelled: 1 })
    expect([...(await loadPart(folder, dataset, 'train')).labels]).toEqual([0, 1, 0])
    expect([...(await loadPart(folder, dataset, 'test')).labels]).toEqual([1])
    expect(dataset.notes.join()).toContain('1 images of val/ were added to the training part')
    expect(dataset.report?.skipped).toEqual([{ why: 'its class has no training images', count: 1, examples: ['test/z/1.png'] }])
    const entries = Object.entries(files).map(([name, content]) => ({ header: { name: `./${name}` }, content }))
    const archive = join(await folderWith({ 'My Set.tar.gz': await tarGzOf(entries) }), 'My Set.tar.gz')
    expect((await imported(archive)).dataset).toMatchObject({ name: 'my-set', hash: dataset.hash })
  })

  it('makes val the test part where there is no other', async () => {
    const { file } = await picture('a', 3, 3)
    const { dataset } = await imported(await folderWith({ 'train/x/1.png': file, 'train/y/1.png': file, 'val/y/1.png': file }))
    expect(dataset.counts).toEqual({ train: 2, test: 1, unlabelled: 0 })
    expect(dataset.notes.join()).toContain('the images of val/ are used as the test part')
  })

  it('draws a part of each class as the test part when asked', async () => {
    const { file } = await picture('a', 2, 2)
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${'xyz'[i % 3]}/${i}.png`, file]))
    const { dataset, folder } = await imported(await folderWith(files), { images: options({ testFraction: 0.2 }) })
    expect(dataset.counts).toEqual({ train: 24, test: 6, unlabelled: 0 })
    const count = [0, 0, 0]
    for (const label of (await loadPart(folder, dataset, 'test')).labels) count[label]!++
    expect(count).toEqual([2, 2, 2])
  })

  it('takes the size of most images and makes grey ones colour, and says so', async () => {
    const [big, small] = await Promise.all([picture('big', 8, 8), picture('small', 4, 4)])
    const grey = await encode(
      Uint8Array.from({ length: 16 }, (_, i) => i * 16),
      4,
      4,
      1,
      'png',
    )
    const { dataset, folder } = await imported(await folderWith({ 'x/1.png': small.file, 'x/2.png': big.file, 'y/1.png': grey }))
    expect(dataset.image).toEqual({ height: 4, width: 4, channels: 3 })
    expect(dataset.report).toMatchObject({ stored: 3, resized: 1, recoloured: 1 })
    expect(dataset.notes.join()).toMatch(/1 were resized to 4x4.*1 grey images were converted to colour/)
    const { values } = await loadPart(folder, dataset, 'train')
    expect([...values.slice(2 * 48)]).toEqual(Array.from({ length: 48 }, (_, i) => Math.floor(i / 3) * 16))
  })

  it('stays grey when every image is', async () => {
    const grey = await encode(
      Uint8Array.from({ length: 16 }, (_, i) => i * 16),
      4,
      4,
      1,
      'jpeg',
    )
    const { dataset } = await imported(await folderWith({ 'x/1.jpg': grey, 'y/1.jpg': grey }))
    expect(dataset).toMatchObject({ image: { channels: 1 }, report: { recoloured: 0 } })
  })

  it.each([
    ['cover', [220, 20, 20], [20, 20, 220], [220, 20, 20]],
    ['contain', [0, 0, 0], [0, 0, 0], [220, 20, 20]],
    ['stretch', [220, 20, 20], [20, 20, 220], [220, 20, 20]],
  ] as const)('fits images twice as wide by %s', async (fit, leftTop, rightTop, leftMiddle) => {
    const file = await halves([220, 20, 20], [20, 20, 220], 64, 32)
    const images = options({ size: { height: 16, width: 16 }, fit })
    const { dataset, folder } = await imported(await folderWith({ 'x/1.png': file, 'y/1.png': file }), { images })
    expect(dataset.image).toEqual({ height: 16, width: 16, channels: 3 })
    const { values } = await loadPart(folder, dataset, 'train')
    const close = (x: number, y: number, wanted: readonly number[]): void =>
      pixelAt(values, 16, 3, x, y).forEach((value, c) => expect(Math.abs(value - wanted[c]!)).toBeLessThanOrEqual(2))
    close(0, 0, leftTop)
    close(15, 0, rightTop)
    close(0, 8, leftMiddle)
  })

  it('makes images grey when asked: the luminance of their colours', async () => {
    const file = await halves([255, 0, 0], [0, 255, 0], 4, 4)
    const { dataset, folder } = await imported(await folderWith({ 'x/1.png': file, 'y/1.png': file }), {
      images: options({ colour: 'grey' }),
    })
    expect(dataset).toMatchObject({ image: { channels: 1 }, report: { recoloured: 2, resized: 0 } })
    const { values } = await loadPart(folder, dataset, 'train')
    // Green is brighter than red.
    expect(values[3]!).toBeGreaterThan(values[0]! + 50)
  })

  it('turns images upright, lays transparency on white, and reads 16 bits a channel', async () => {
    const tall = await sharp(await halves([200, 0, 0], [0, 0, 200], 4, 2)).withMetadata({ orientation: 6 }).png().toBuffer() // prettier-ignore
    const clear = await sharp({ create: { width: 2, height: 4, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } }).png().toBuffer() // prettier-ignore
    const deep = await sharp({ create: { width: 2, height: 4, channels: 3, background: '#405060' } }).toColourspace('rgb16').png().toBuffer() // prettier-ignore
    const { dataset, folder } = await imported(await folderWith({ 'a/1.png': tall, 'b/1.png': clear, 'c/1.png': deep }))
    expect(dataset).toMatchObject({ image: { height: 4, width: 2 }, report: { resized: 0 } })
    const { values } = await loadPart(folder, dataset, 'train')
    expect(pixelAt(values, 2, 3, 0, 0)).toEqual([200, 0, 0])
    expect(pixelAt(values, 2, 3, 0, 3)).toEqual([0, 0, 200])
    expect([...values.slice(24, 48)]).toEqual(Array.from({ length: 24 }, () => 255))
    expect([...values.slice(48, 51)]).toEqual([0x40, 0x50, 0x60])
  })

  it('skips and names what cannot be decoded: damaged, of another kind, too large, no image at all', async () => {
    const { file } = await picture('whole', 40, 40)
    const gif = await sharp({ create: { width: 4, height: 4, channels: 3, background: '#fff' } }).gif().toBuffer() // prettier-ignore
    const bomb = await sharp({ create: { width: 9000, height: 9000, channels: 3, background: '#fff' } }).png().toBuffer() // prettier-ignore
    const path = await folderWith({
      ...{ 'x/1.png': file, 'y/1.png': file, 'x/2.png': file.subarray(0, file.length / 2), 'x/3.jpg': gif, 'x/4.png': bomb },
      ...{ 'y/5.png': '<svg xmlns="http://www.w3.org/2000/svg"/>', 'y/6.webp': '', 'y/list.txt': 'text', 'stray.png': file },
    })
    const { dataset } = await imported(path)
    expect(dataset.counts.train).toBe(2)
    const why = Object.fromEntries(dataset.report!.skipped.map(({ why, examples }) => [why, examples]))
    expect(why).toEqual({
      'damaged or truncated': ['x/2.png'],
      'not a PNG, JPEG or WebP image': ['x/3.jpg', 'y/5.png'],
      'more than 64 megapixels': ['x/4.png'],
      empty: ['y/6.webp'],
      'not a .png, .jpg, .jpeg or .webp file': ['y/list.txt'],
      'not in a class folder': ['stray.png'],
    })
  })

  it('refuses images that are too large for a data set until it is told a size', async () => {
    const file = await sharp({ create: { width: 1100, height: 20, channels: 3, background: '#123' } }).png().toBuffer() // prettier-ignore
    const path = await folderWith({ 'x/1.png': file, 'y/1.png': file })
    const into = await temporaryFolder()
    await expect(importDataset({ path }, importing(into))).rejects.toThrow(/1100x20, but the maximum side length is 1024.*--size/)
    expect(await leftIn(into)).toEqual([])
    expect((await imported(path, { images: options({ size: { height: 8, width: 8 } }) })).dataset.counts.train).toBe(2)
  })

  it('ends soon when it is cancelled, and leaves nothing behind', async () => {
    const { file } = await picture('many', 64, 64)
    const path = await folderWith({ 'x/0.png': file, 'y/0.png': file })
    for (let i = 1; i < 200; i++) await writeFile(join(path, 'x', `${i}.png`), file)
    const into = await temporaryFolder()
    const controller = new AbortController()
    const onProgress = (_: number | null, message: string): void => {
      if (message.startsWith('decoding')) controller.abort(new Error('enough'))
    }
    await expect(importDataset({ path }, importing(into, { onProgress, signal: controller.signal }))).rejects.toThrow('enough')
    expect(await leftIn(into)).toEqual([])
  })

  it('is refused where the disk has not enough room', async () => {
    const { file } = await picture('a', 64, 64)
    const path = await folderWith({ 'x/1.png': file, 'y/1.png': file })
    await expect(importDataset({ path }, importing(await temporaryFolder(), { free: async () => 20_000 }))).rejects.toMatchObject({
      code: 'DISK',
    })
  })
})
