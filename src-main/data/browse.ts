import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  AugmentedRequest,
  ChosenRequest,
  ClassCounts,
  ImagesPage,
  ImagesRequest,
  Pixels,
  PointsPage,
  PointsRequest,
  SplitCounts,
  SplitRequest,
} from '../contract/dataset-views.js'
import type { Dataset } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'
import { randomFor } from '../numeric/random.js'
import { randomCrop, writeImage } from './augment.js'
import { explainFileError } from './disk.js'
import { valuesFile, type Part } from './layout.js'
import { valuesPerItem } from './shape.js'
import { splitTraining } from './split.js'
import { readLabels } from './stored.js'

/** Data sets whose labels are kept in memory: turning pages must not read them again. */
const KEPT = 4

interface Labels {
  labels: Uint16Array
  /** Places of each class, made when one is asked for. */
  byClass: Map<number, Uint32Array>
}

/** Looks into stored data sets without loading them. */
export class DatasetBrowser {
  private readonly known = new Map<string, Promise<Labels>>()

  /** Images of each class. */
  async classCounts(folder: string, dataset: Dataset): Promise<ClassCounts> {
    const count = async (part: 'train' | 'test'): Promise<number[]> =>
      countOf((await this.labels(folder, dataset, part)).labels, dataset.classNames.length)
    return { train: await count('train'), test: await count('test') }
  }

  /** @throws UserError BAD_INPUT for points */
  async images(folder: string, dataset: Dataset, { part, label, from, count, side }: Omit<ImagesRequest, 'name'>): Promise<ImagesPage> {
    requireImages(dataset)
    const known = part === 'unlabelled' ? null : await this.labels(folder, dataset, part)
    const places = label === null ? null : known ? placesOf(known, label) : new Uint32Array()
    const total = places?.length ?? dataset.counts[part]
    const length = Math.max(0, Math.min(count, total - from))
    const indices = Array.from({ length }, (_, i) => (places ? places[from + i]! : from + i))
    const images = await readItems(folder, dataset, part, indices)
    return {
      total,
      indices,
      labels: indices.map((index) => known?.labels[index] ?? null),
      ...shrink(images, dataset.image, side),
    }
  }

  /**
   * Single images by their places.
   * @throws UserError BAD_INPUT for points and for an image that is not there
   */
  async chosen(folder: string, dataset: Dataset, { part, indices, side }: Omit<ChosenRequest, 'name'>): Promise<Pixels> {
    requireImages(dataset)
    for (const index of indices) requirePlace(dataset, part, index)
    return shrink(await readItems(folder, dataset, part, indices), dataset.image, side)
  }

  /** @throws UserError BAD_INPUT for images */
  async points(folder: string, dataset: Dataset, { part, limit }: Omit<PointsRequest, 'name'>): Promise<PointsPage> {
    if (dataset.kind !== 'points') throw new UserError('BAD_INPUT', `${dataset.name} holds images, not points: ask for its images.`)
    const { labels } = await this.labels(folder, dataset, part)
    const total = dataset.counts[part]
    const length = Math.min(limit, total)
    const bytes = await readItems(folder, dataset, part, Array.from({ length }, (_, i) => i)) // prettier-ignore
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    const { channels } = dataset.image
    return {
      total,
      points: Array.from({ length }, (_, i) => ({ x: values[i * channels]!, y: values[i * channels + 1] ?? 0, label: labels[i]! })),
    }
  }

  /**
   * What training would make of one image, by the same code: drawn by a seed, padded with the channel means.
   * @throws UserError BAD_INPUT for points and for an image that is not there
   */
  async augmented(folder: string, dataset: Dataset, request: Omit<AugmentedRequest, 'name'>): Promise<Pixels> {
    requireImages(dataset)
    const { part, index, pad, flip, seed, count } = request
    requirePlace(dataset, part, index)
    const { image } = dataset
    const size = valuesPerItem(dataset)
    const original = await readItems(folder, dataset, part, [index])
    // What lies outside of the image is 0 in the normalised batch, hence the mean of its channel here.
    const table = Float32Array.from({ length: 256 * image.channels }, (_, i) => (i & 255) / 255 - dataset.channelMean[i >> 8]!)
    const one = new Float32Array(size)
    const pixels = new Uint8Array(count * size)
    const random = randomFor(seed, 'augment', 0)
    for (let i = 0; i < count; i++) {
      writeImage(original, 0, table, one, 0, image, randomCrop(random, { pad, flip }))
      for (let at = 0; at < size; at++) pixels[i * size + at] = Math.round(255 * (one[at]! + dataset.channelMean[at % image.channels]!))
    }
    return { ...image, pixels: Buffer.from(pixels.buffer).toString('base64') }
  }

  /** How a run divides the training images. */
  async split(folder: string, dataset: Dataset, request: Omit<SplitRequest, 'name'>): Promise<SplitCounts> {
    const { labels } = await this.labels(folder, dataset, 'train')
    const { train, validation } = splitTraining(labels, request)
    const count = (indices: Uint32Array): number[] =>
      countOf(
        Uint16Array.from(indices, (index) => labels[index]!),
        dataset.classNames.length,
      )
    return { train: count(train), validation: count(validation) }
  }

  private labels(folder: string, dataset: Dataset, part: 'train' | 'test'): Promise<Labels> {
    const key = `${dataset.hash}/${part}`
    const known = this.known.get(key)
    if (known) return known
    if (this.known.size >= 2 * KEPT) this.known.delete(this.known.keys().next().value!)
    const reading = readLabels(folder, dataset, part).then((labels) => ({ labels, byClass: new Map<number, Uint32Array>() }))
    this.known.set(key, reading)
    reading.catch(() => this.known.delete(key))
    return reading
  }
}

function requireImages({ kind, name }: Dataset): void {
  if (kind !== 'images') throw new UserError('BAD_INPUT', `${name} holds points, not images: ask for its points.`)
}

function requirePlace({ name, counts }: Dataset, part: Part, index: number): void {
  if (index >= counts[part])
    throw new UserError('BAD_INPUT', `The ${part} part of ${name} has ${counts[part]} images: there is no image ${index}.`)
}

function countOf(labels: Uint16Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0)
  for (const label of labels) counts[label]!++
  return counts
}

function placesOf({ labels, byClass }: Labels, label: number): Uint32Array {
  const known = byClass.get(label)
  if (known) return known
  const places: number[] = []
  labels.forEach((each, i) => each === label && places.push(i))
  const made = Uint32Array.from(places)
  byClass.set(label, made)
  return made
}

async function readItems(folder: string, dataset: Dataset, part: Part, indices: readonly number[]): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(folder, valuesFile(dataset.kind, part))
  const size = valuesPerItem(dataset) * (dataset.kind === 'images' ? 1 : 4)
  const bytes = new Uint8Array(indices.length * size)
  if (!indices.length) return bytes
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    for (let at = 0; at < indices.length;) {
      // Neighbours in the file are read at once.
      let end = at + 1
      while (end < indices.length && indices[end] === indices[end - 1]! + 1) end++
      const { bytesRead } = await handle.read(bytes, at * size, (end - at) * size, indices[at]! * size)
      if (bytesRead !== (end - at) * size)
        throw new UserError('DISK', `${path} is shorter than it should be: remove the data set ${dataset.name} and import it again.`)
      at = end
    }
  } catch (error) {
    throw explainFileError(error, path)
  } finally {
    await handle?.close()
  }
  return bytes
}

/** Means of squares of pixels, so that no side is longer than wanted; edges that do not fill a square are left out. */
export function shrink(
  images: Uint8Array<ArrayBuffer>,
  { height, width, channels }: { height: number; width: number; channels: number },
  side: number,
): Pixels {
  const by = Math.ceil(Math.max(height, width) / side)
  if (by <= 1) return { height, width, channels, pixels: Buffer.from(images.buffer).toString('base64') }
  const [rows, columns] = [Math.max(1, Math.floor(height / by)), Math.max(1, Math.floor(width / by))]
  const [tall, wide] = [Math.min(by, height), Math.min(by, width)]
  const size = height * width * channels
  const count = images.length / size
  const out = new Uint8Array(count * rows * columns * channels)
  let to = 0
  for (let image = 0; image < count; image++)
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++)
        for (let c = 0; c < channels; c++) {
          let sum = 0
          for (let dy = 0; dy < tall; dy++)
            for (let dx = 0; dx < wide; dx++) sum += images[image * size + ((y * by + dy) * width + x * by + dx) * channels + c]!
          out[to++] = Math.round(sum / (tall * wide))
        }
  return { height: rows, width: columns, channels, pixels: Buffer.from(out.buffer).toString('base64') }
}
