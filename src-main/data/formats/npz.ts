import { join } from 'node:path'
import { ImageShapeSchema, type ImageShape } from '../../contract/config.js'
import type { Readings } from '../../contract/datasets.js'
import { UserError } from '../../contract/errors.js'
import type { DatasetFormat } from '../format.js'
import { datasetNameFrom } from '../names.js'
import { NpzFile } from '../npz.js'
import { channelsLast, chunks, pixelScale, type Pair } from '../npz-images.js'
import { severalSets } from '../readings.js'
import type { DatasetSink } from '../sink.js'
import { valuesPerItem } from '../shape.js'

const LABEL_LIMIT = 10 ** 8

const EXPECTED =
  'x_train, y_train, x_test, y_test (or train_images, train_labels, test_images, test_labels; or images, labels) with images of ' +
  'shape [n, height, width] or [n, height, width, 1 or 3], uint8 or float32 in 0..1 or 0..255, and integer labels of shape [n] from 0'

type Split = Pair['split']

/** Names of arrays, in lower case; the first one present is used. */
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

/** Arrays of images and labels as written by NumPy's savez and savez_compressed. */
export const format: DatasetFormat = {
  id: 'npz',
  label: 'NumPy arrays',
  files: `one .npz file with the arrays ${EXPECTED}`,
  async find(folder, _, readings) {
    const files = folder.names.filter((name) => /\.npz$/i.test(name))
    const stem = (name: string): string => name.replace(/\.npz$/i, '')
    const file = files.length > 1 ? files.find((name) => stem(name) === readings.only || name === readings.only) : files[0]
    if (!files.length) return null
    if (file === undefined) throw new UserError('BAD_INPUT', severalSets(files.map(stem)))
    const path = join(folder.path, file)
    const { pairs, notes } = await withNpz(path, (npz) => findPairs(npz, readings.channels))
    const count = pairs.reduce((sum, { header }) => sum + header.shape[0]!, 0)
    return {
      name: datasetNameFrom(stem(file), 'arrays'),
      bytes: count * (valuesPerItem({ image: pairs[0]!.shape }) + 2),
      files,
      read: (sink, signal) =>
        withNpz(path, (npz) => {
          if (files.length > 1)
            sink.assume(`Of ${files.length} files, ${file} was imported; ${files.filter((each) => each !== file).join(', ')} was skipped.`)
          return readPairs(npz, { pairs, notes, values: readings.values }, sink, signal)
        }),
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

async function findPairs(npz: NpzFile, channels: Readings['channels']): Promise<{ pairs: Pair[]; notes: string[] }> {
  const wrong = (why: string): UserError => new UserError('BAD_INPUT', `${npz.name} ${why}. Expected arrays: ${EXPECTED}.`)
  const byName = new Map(npz.names.map((name) => [name.toLowerCase(), name]))
  const first = (names: string[]): string | undefined => names.map((name) => byName.get(name)).find((name) => name !== undefined)
  const pairs: Pair[] = []
  const notes: string[] = []
  const hasTest = first(NAMES.test.images) !== undefined
  for (const split of ['train', 'validation', 'test'] as const) {
    const images = first(NAMES[split].images)
    const labels = first(NAMES[split].labels)
    if (images === undefined && labels === undefined) continue
    if (images === undefined) throw wrong(`has ${labels} but no matching images`)
    if (labels === undefined) throw wrong(`has ${images} but no matching labels`)
    const header = await npz.header(images)
    const said = `has ${images} of shape [${header.shape.join(', ')}]`
    const shape = shapeOf(header.shape, channels)
    if (shape === 'either')
      throw new UserError(
        'BAD_INPUT',
        `${npz.name} ${said}, in which the channels may be first or last. Choose with --channels first or --channels last (in the window: Channels of arrays).`,
      )
    if (!shape) throw wrong(said)
    if (pairs[0] && JSON.stringify(pairs[0].shape) !== JSON.stringify(shape.image))
      throw wrong(`has images of different shapes in ${pairs[0].images} and ${images}`)
    const part = split === 'train' || (split === 'validation' && hasTest) ? 'train' : 'test'
    if (split === 'validation')
      notes.push(
        part === 'train'
          ? `${images} was added to the training part, from which runs draw their validation split`
          : `${images} is used as the test part`,
      )
    pairs.push({ split, part, images, labels, header, shape: shape.image, channelsFirst: shape.channelsFirst })
  }
  if (!pairs.some(({ part }) => part === 'train')) throw wrong(`has the arrays ${npz.names.slice(0, 20).join(', ') || '(none)'}`)
  return { pairs, notes }
}

/** null: not a shape of images; 'either': the channels may be at either end. */
function shapeOf(shape: readonly number[], asked: Readings['channels']): { image: ImageShape; channelsFirst: boolean } | 'either' | null {
  const [, a = 0, b = 0, c = 1] = shape
  if (shape.length !== 3 && shape.length !== 4) return null
  const colours = (channels: number): boolean => channels === 1 || channels === 3
  const [first, last] = [shape.length === 4 && colours(a) && asked !== 'last', shape.length === 3 || (colours(c) && asked !== 'first')]
  // A single pixel has the same layout both ways.
  if (first && last && b * Math.max(a, c) > 1) return 'either'
  const image = last ? { height: a, width: b, channels: c } : first ? { height: b, width: c, channels: a } : null
  return image && ImageShapeSchema.safeParse(image).success ? { image, channelsFirst: !last } : null
}

interface Wanted {
  pairs: Pair[]
  notes: string[]
  values: Readings['values']
}

async function readPairs(npz: NpzFile, { pairs, notes, values: range }: Wanted, sink: DatasetSink, signal: AbortSignal): Promise<void> {
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
  const used = new Set(pairs.flatMap(({ images, labels: names }) => [images, names]))
  const left = [...npz.names.filter((name) => !used.has(name)), ...npz.others]
  if (left.length) sink.assume(`The arrays ${[...used].join(', ')} were imported; ${left.slice(0, 20).join(', ')} were skipped.`)
  const first = pairs.filter(({ channelsFirst }) => channelsFirst).map(({ images }) => images)
  if (first.length) sink.assume(`${first.join(', ')} was interpreted as [images, channels, height, width].`)
  const total = pairs.reduce((sum, { header }) => sum + header.length, 0)
  const toPixels = await pixelScale(npz, pairs, range, sink, signal)
  let before = 0
  for (const pair of pairs) {
    let read = 0
    for await (const { values, count } of chunks(npz, pair, signal)) {
      const pixels = pair.channelsFirst ? channelsLast(toPixels(pair, values), pair.shape) : toPixels(pair, values)
      await sink.write(pair.part, pixels, labels.get(pair)!.slice(read, read + count), pair.labels)
      read += count
      sink.progress((before + (read / pair.header.shape[0]!) * pair.header.length) / total, `reading ${pair.images}`)
    }
    before += pair.header.length
  }
}

async function readLabels(npz: NpzFile, { images, labels: name, header: { shape } }: Pair): Promise<number[]> {
  const count = shape[0]!
  const { header, reader } = await npz.reader(name)
  try {
    const wrong = (why: string): UserError => new UserError('BAD_INPUT', `${name} of ${npz.name} ${why}.`)
    if (header.shape.length > 2 || (header.shape.length === 2 && header.shape[1] !== 1))
      throw wrong(
        `has shape [${header.shape.join(', ')}], but labels must be one integer per image, for example np.argmax(${name}, axis=1)`,
      )
    if (header.length !== count || count > LABEL_LIMIT)
      throw wrong(`has ${header.length} labels, but ${images} has ${count} images. Save both again`)
    const labels = [...header.decode(await reader.read(header.length * header.itemBytes))]
    const bad = labels.find((label) => !Number.isInteger(label) || label < 0 || label > 65_535)
    if (bad !== undefined) throw wrong(`has the label ${bad}, but labels must be whole numbers from 0 to 65535`)
    return labels
  } finally {
    reader.close()
  }
}
