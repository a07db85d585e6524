import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { ImageShapeSchema, type ImageShape } from '../../contract/config.js'
import type { ImageOptions } from '../../contract/datasets.js'
import { UserError } from '../../contract/errors.js'
import type { DatasetFormat } from '../format.js'
import {
  decodeImage,
  LOST,
  readImageHeader,
  requireSide,
  Undecodable,
  type Decoded,
  type ImageHeader,
  type Lost,
  type Target,
} from '../image-decoder.js'
import { readImageTree, type ImageFile, type ImageTree } from '../image-tree.js'
import { PARTS, type Part } from '../layout.js'
import { datasetNameFrom } from '../names.js'
import type { DatasetSink } from '../sink.js'
import { stratifiedOrder } from '../split.js'

const SIDE_LIMIT = ImageShapeSchema.shape.height.maxValue ?? 1024
const SEED = 1

/** Number of headers that are read for the estimate. */
const SAMPLE = 50

/** Bytes of pixels that are collected before they are written. */
const CHUNK_BYTES = 2 ** 22

/** Fraction of the progress for reading headers. */
const LOOKING = 0.15

/** One folder per class with PNG, JPEG or WebP files, optionally inside train, val and test folders. */
export const format: DatasetFormat = {
  id: 'image-folders',
  label: 'Image files, one folder per class',
  files: 'CLASS/*.png, .jpg, .jpeg or .webp in two or more folders, or the same inside of train/, val/ and test/',
  lastResort: true,
  async find(folder, images, { folders }) {
    const tree = await readImageTree(folder.path, folders)
    if (!tree) return null
    const files = PARTS.flatMap((part) => tree.files[part])
    const headers = await readHeaders(folder.path, spread(files, SAMPLE), new AbortController().signal, () => undefined)
    const shape = headers.length ? shapeOf(headers, images) : null
    return {
      name: datasetNameFrom(folder.name, 'images'),
      bytes: shape ? files.length * (shape.height * shape.width * shape.channels + 2) : 0,
      async read(sink, signal) {
        for (const { path, why } of tree.skipped) sink.skip(path, why)
        const target = await chooseTarget(folder.path, tree, images, sink, signal)
        sink.begin({ kind: 'images', image: shapeFrom(target), classNames: tree.classNames })
        for (const note of tree.notes) sink.note(note)
        for (const assumption of tree.assumptions) sink.assume(assumption)
        holdOut(tree, images.testFraction, sink)
        const total = files.length
        let done = 0
        const lost = new Map<Lost, number>()
        const onRead = (path: string, without: readonly Lost[]): void => {
          for (const what of without) lost.set(what, (lost.get(what) ?? 0) + 1)
          sink.progress(LOOKING + (1 - LOOKING) * (++done / total), `decoding ${dirname(path)}`)
        }
        for (const part of PARTS) await readPart(folder.path, part, tree.files[part], target, sink, signal, onRead)
        for (const [what, count] of lost) sink.note(`${count} images ${LOST[what]}`)
      },
    }
  },
}

const shapeFrom = ({ height, width, channels }: Target): ImageShape => ({ height, width, channels })

/** At most `count` items, evenly spaced. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items]
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!)
}

/** Headers of the readable files; the others are reported when they are decoded. */
async function readHeaders(
  root: string,
  files: readonly ImageFile[],
  signal: AbortSignal,
  onRead: (done: number) => void,
): Promise<ImageHeader[]> {
  const headers: ImageHeader[] = []
  let done = 0
  await inOrder(
    files,
    async ({ path }) => {
      try {
        return await readImageHeader(join(root, path))
      } catch (error) {
        if (error instanceof Undecodable) return null
        throw error
      }
    },
    (header) => {
      signal.throwIfAborted()
      if (header) headers.push(header)
      onRead(++done)
    },
  )
  return headers
}

/** The most frequent size, and grey if all files are, unless the user has chosen. */
function shapeOf(headers: readonly ImageHeader[], { size, colour }: ImageOptions): ImageShape {
  const channels = (colour ?? (headers.every(({ grey }) => grey) ? 'grey' : 'rgb')) === 'grey' ? 1 : 3
  if (size) return { ...size, channels }
  const counts = new Map<string, { header: ImageHeader; count: number }>()
  for (const header of headers) {
    const key = `${header.width}x${header.height}`
    const known = counts.get(key) ?? { header, count: 0 }
    counts.set(key, known)
    known.count++
  }
  const { header } = [...counts.values()].reduce((best, next) => (next.count > best.count ? next : best))
  return { height: header.height, width: header.width, channels }
}

async function chooseTarget(root: string, tree: ImageTree, images: ImageOptions, sink: DatasetSink, signal: AbortSignal): Promise<Target> {
  if (images.size && images.colour) return { ...images.size, channels: images.colour === 'grey' ? 1 : 3, fit: images.fit }
  const files = PARTS.flatMap((part) => tree.files[part])
  const headers = await readHeaders(root, files, signal, (done) =>
    sink.progress((LOOKING * done) / files.length, `reading the sizes of ${files.length} images`),
  )
  if (!headers.length) throw new UserError('BAD_INPUT', `None of the ${files.length} image files can be read. Get them again.`)
  const shape = shapeOf(headers, images)
  requireSide(shape, SIDE_LIMIT)
  const others = headers.filter(({ width, height }) => width !== shape.width || height !== shape.height).length
  if (!images.size && others)
    sink.note(
      `the images have several sizes: ${others} were resized to ${shape.width}x${shape.height}, the most frequent size (${images.fit})`,
    )
  const grey = headers.filter((header) => header.grey).length
  if (!images.colour && shape.channels === 3 && grey) sink.note(`${grey} grey images were converted to colour`)
  return { height: shape.height, width: shape.width, channels: shape.channels === 1 ? 1 : 3, fit: images.fit }
}

/** Moves a fraction of each class from the training to the test part if there is no test part. */
function holdOut(tree: ImageTree, fraction: number, sink: DatasetSink): void {
  const { files } = tree
  if (files.test.length || !fraction) return
  const labels = files.train.map(({ label }) => label!)
  const held = new Set(
    stratifiedOrder(labels, SEED)
      .slice(0, Math.round(fraction * labels.length))
      .map(({ index }) => index),
  )
  files.test = files.train.filter((_, i) => held.has(i))
  files.train = files.train.filter((_, i) => !held.has(i))
  sink.note(`no test folder: ${files.test.length} images, the same fraction of every class, were held out as the test part (seed ${SEED})`)
}

async function readPart(
  root: string,
  part: Part,
  files: readonly ImageFile[],
  target: Target,
  sink: DatasetSink,
  signal: AbortSignal,
  onRead: (path: string, without: readonly Lost[]) => void,
): Promise<void> {
  const size = target.height * target.width * target.channels
  const capacity = Math.max(1, Math.floor(CHUNK_BYTES / size))
  const pixels = new Uint8Array(capacity * size)
  let labels: number[] = []
  const flush = async (): Promise<void> => {
    const count = labels.length
    if (count) await sink.write(part, pixels.subarray(0, count * size), part === 'unlabelled' ? null : labels, part)
    labels = []
  }
  await inOrder(
    files,
    async ({ path, label }): Promise<{ path: string; label: number | null; decoded: Decoded } | { path: string; why: string }> => {
      try {
        return { path, label, decoded: await decodeImage(join(root, path), target) }
      } catch (error) {
        if (error instanceof Undecodable) return { path, why: error.message }
        throw error
      }
    },
    async (result) => {
      signal.throwIfAborted()
      if ('why' in result) sink.skip(result.path, result.why)
      else {
        const { pixels: image, resized, recoloured } = result.decoded
        sink.converted({ resized: Number(resized), recoloured: Number(recoloured) })
        pixels.set(image, labels.length * size)
        labels.push(result.label ?? 0)
        if (labels.length === capacity) await flush()
      }
      onRead(result.path, 'why' in result ? [] : result.decoded.lost)
    },
  )
  await flush()
}

/** Processes several items concurrently, and passes the results on one after another in the order of the items. */
async function inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>, use: (result: R) => void | Promise<void>): Promise<void> {
  const going: Promise<R>[] = []
  let next = 0
  const start = (): void => {
    const result = work(items[next++]!)
    // Reported when its turn comes; until then it must not count as unhandled.
    result.catch(() => undefined)
    going.push(result)
  }
  const width = 2 * availableParallelism()
  while (going.length || next < items.length) {
    while (next < items.length && going.length < width) start()
    await use(await going.shift()!)
  }
}
