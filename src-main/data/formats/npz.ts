import { join } from 'node:path'
import { ImageShapeSchema, type ImageShape } from '../../contract/config.js'
import { UserError } from '../../contract/errors.js'
import type { DatasetFormat } from '../format.js'
import { datasetNameFrom } from '../names.js'
import type { NpyHeader } from '../npy.js'
import { NpzFile } from '../npz.js'
import type { DatasetSink } from '../sink.js'
import { valuesPerItem } from '../shape.js'

const CHUNK_BYTES = 2 ** 22
const LABEL_LIMIT = 10 ** 8

const EXPECTED =
  'x_train, y_train, x_test, y_test (or train_images, train_labels, test_images, test_labels; or images, labels) with images of the ' +
  'shape [n, height, width] or [n, height, width, 1 or 3], uint8 or float32 in 0..1 or 0..255, and labels of the shape [n], whole numbers from 0'

type Split = 'train' | 'validation' | 'test'

/** Names of arrays, in lower case; the first that is there counts. */
const NAMES: Record<Split, { images: string[]; labels: string[] }> = {
  train: {
    images: ['x_train', 'train_x', 'train_images', 'images_train', 'images', 'x', 'data'],
    labels: ['y_train', 'train_y', 'train_labels', 'labels_train', 'labels', 'y', 'targets'],
  },
  validation: {
    images: ['x_val', 'val_x', 'val_images', 'images_val', 'x_valid', 'x_validation'],
    labels: ['y_val', 'val_y', 'val_labels', 'labels_val', 'y_valid', 'y_validation'],
  },
  test: {
    images: ['x_test', 'test_x', 'test_images', 'images_test'],
    labels: ['y_test', 'test_y', 'test_labels', 'labels_test'],
  },
}

interface Pair {
  split: Split
  part: 'train' | 'test'
  images: string
  labels: string
  header: NpyHeader
  shape: ImageShape
  /** [n, channels, height, width] */
  channelsFirst: boolean
}

/** Arrays of images and labels as NumPy's savez and savez_compressed write them. */
export const format: DatasetFormat = {
  id: 'npz',
  label: 'NumPy arrays',
  files: `one .npz with the arrays ${EXPECTED}`,
  async find(folder) {
    const files = folder.names.filter((name) => /\.npz$/i.test(name))
    const [file] = files
    if (file === undefined || files.length > 1) return null
    const path = join(folder.path, file)
    const { pairs, notes } = await withNpz(path, findPairs)
    const count = pairs.reduce((sum, { header }) => sum + header.shape[0]!, 0)
    return {
      name: datasetNameFrom(file.replace(/\.npz$/i, ''), 'arrays'),
      bytes: count * (valuesPerItem({ image: pairs[0]!.shape }) + 2),
      read: (sink, signal) => withNpz(path, (npz) => readPairs(npz, pairs, notes, sink, signal)),
    }
  },
}

async function withNpz<T>(path: string, work: (npz: NpzFile) => Promise<T>): Promise<T> {
  const npz = await NpzFile.open(path)
  try {
    return await work(npz)
  } finally {
    npz.close()
  }
}

async function findPairs(npz: NpzFile): Promise<{ pairs: Pair[]; notes: string[] }> {
  const wrong = (why: string): UserError => new UserError('BAD_INPUT', `${npz.name} ${why}. Expected are ${EXPECTED}.`)
  const byName = new Map(npz.names.map((name) => [name.toLowerCase(), name]))
  const first = (names: string[]): string | undefined => names.map((name) => byName.get(name)).find((name) => name !== undefined)
  const pairs: Pair[] = []
  const notes: string[] = []
  const hasTest = first(NAMES.test.images) !== undefined
  for (const split of ['train', 'validation', 'test'] as const) {
    const images = first(NAMES[split].images)
    const labels = first(NAMES[split].labels)
    if (images === undefined && labels === undefined) continue
    if (images === undefined) throw wrong(`has ${labels}, but no images to it`)
    if (labels === undefined) throw wrong(`has ${images}, but no labels to it`)
    const header = await npz.header(images)
    const shape = shapeOf(header.shape)
    if (!shape) throw wrong(`has ${images} of the shape [${header.shape.join(', ')}]`)
    if (pairs[0] && JSON.stringify(pairs[0].shape) !== JSON.stringify(shape.image))
      throw wrong(`has images of different shapes in ${pairs[0].images} and ${images}`)
    const part = split === 'train' || (split === 'validation' && hasTest) ? 'train' : 'test'
    if (split === 'validation')
      notes.push(
        part === 'train'
          ? `${images} was added to the training part, from which runs draw their validation part`
          : `${images} is the test part`,
      )
    pairs.push({ split, part, images, labels, header, shape: shape.image, channelsFirst: shape.channelsFirst })
  }
  if (!pairs.some(({ part }) => part === 'train')) throw wrong(`has the arrays ${npz.names.slice(0, 20).join(', ') || '(none)'}`)
  return { pairs, notes }
}

function shapeOf(shape: readonly number[]): { image: ImageShape; channelsFirst: boolean } | null {
  const [, a = 0, b = 0, c = 1] = shape
  if (shape.length !== 3 && shape.length !== 4) return null
  const colours = (channels: number): boolean => channels === 1 || channels === 3
  const image = colours(c) ? { height: a, width: b, channels: c } : colours(a) ? { height: b, width: c, channels: a } : null
  return image && ImageShapeSchema.safeParse(image).success ? { image, channelsFirst: !colours(c) } : null
}

async function readPairs(npz: NpzFile, pairs: Pair[], notes: string[], sink: DatasetSink, signal: AbortSignal): Promise<void> {
  const labels = new Map<Pair, number[]>()
  for (const pair of pairs) labels.set(pair, await readLabels(npz, pair))
  let classes = 2
  for (const known of labels.values()) for (const label of known) classes = Math.max(classes, label + 1)
  sink.begin({
    kind: 'images',
    image: pairs[0]!.shape,
    classNames: Array.from({ length: classes }, (_, label) => String(label)),
  })
  for (const note of notes) sink.note(note)
  const total = pairs.reduce((sum, { header }) => sum + header.length, 0)
  let before = 0
  for (const pair of pairs) {
    const toPixels = await pixelScale(npz, pair, signal)
    let read = 0
    for await (const { values, count } of chunks(npz, pair, signal)) {
      const pixels = pair.channelsFirst ? channelsLast(toPixels(values), pair.shape) : toPixels(values)
      await sink.write(pair.part, pixels, labels.get(pair)!.slice(read, read + count), pair.labels)
      read += count
      sink.progress((before + (read / pair.header.shape[0]!) * pair.header.length) / total, `reading ${pair.images}`)
    }
    before += pair.header.length
  }
}

async function* chunks(
  npz: NpzFile,
  pair: Pair,
  signal: AbortSignal,
): AsyncGenerator<{ values: Uint8Array | Float64Array; count: number }> {
  const { header, reader } = await npz.reader(pair.images)
  const bytes = valuesPerItem({ image: pair.shape }) * header.itemBytes
  const capacity = Math.max(1, Math.floor(CHUNK_BYTES / bytes))
  try {
    for (let read = 0; read < header.shape[0]!;) {
      signal.throwIfAborted()
      const count = Math.min(capacity, header.shape[0]! - read)
      const piece = await reader.read(count * bytes)
      yield { values: header.type === 'u1' ? piece : header.decode(piece), count }
      read += count
    }
    await reader.end()
  } finally {
    reader.close()
  }
}

/** How numbers become pixels: as they are, or rounded, or from 0..1. */
async function pixelScale(npz: NpzFile, pair: Pair, signal: AbortSignal): Promise<(values: Uint8Array | Float64Array) => Uint8Array> {
  if (pair.header.type === 'u1') return (values) => values as Uint8Array
  let [low, high] = [Infinity, -Infinity]
  for await (const { values } of chunks(npz, pair, signal))
    for (const value of values) {
      if (value < low || Number.isNaN(value)) low = value
      if (value > high) high = value
      // Nothing is below NaN, so it would be forgotten again.
      if (Number.isNaN(low)) break
    }
  if (!(low >= 0 && high <= 255))
    throw new UserError(
      'BAD_INPUT',
      `${pair.images} of ${npz.name} has values from ${low} to ${high}: images have values in 0..1 or 0..255; undo the normalisation and save it again.`,
    )
  const factor = pair.header.type.startsWith('f') && high <= 1 ? 255 : 1
  return (values) => Uint8Array.from(values, (value) => Math.round(value * factor))
}

/** [n, channels, height, width] to [n, height, width, channels] */
function channelsLast(planes: Uint8Array, { height, width, channels }: ImageShape): Uint8Array {
  const plane = height * width
  const out = new Uint8Array(planes.length)
  for (let image = 0; image < planes.length; image += plane * channels)
    for (let i = 0; i < plane; i++) for (let c = 0; c < channels; c++) out[image + i * channels + c] = planes[image + c * plane + i]!
  return out
}

async function readLabels(npz: NpzFile, { images, labels: name, header: { shape } }: Pair): Promise<number[]> {
  const count = shape[0]!
  const { header, reader } = await npz.reader(name)
  try {
    const wrong = (why: string): UserError => new UserError('BAD_INPUT', `${name} of ${npz.name} ${why}.`)
    if (header.shape.length > 2 || (header.shape.length === 2 && header.shape[1] !== 1))
      throw wrong(
        `has the shape [${header.shape.join(', ')}]: labels are one whole number an image, for example np.argmax(${name}, axis=1)`,
      )
    if (header.length !== count || count > LABEL_LIMIT)
      throw wrong(`has ${header.length} labels, and ${images} has ${count} images: save both again`)
    const labels = [...header.decode(await reader.read(header.length * header.itemBytes))]
    const bad = labels.find((label) => !Number.isInteger(label) || label < 0 || label > 65_535)
    if (bad !== undefined) throw wrong(`has the label ${bad}: labels are whole numbers from 0 to 65535`)
    return labels
  } finally {
    reader.close()
  }
}
