import { UserError } from '../../contract/errors.js'
import type { ByteReader } from '../byte-reader.js'
import type { DatasetFormat } from '../format.js'
import { datasetNameFrom } from '../names.js'
import { severalSets } from '../readings.js'
import type { SourceFolder } from '../source-folder.js'

const CHUNK_BYTES = 2 ** 22
const LABEL_LIMIT = 10 ** 8
const SIDE_LIMIT = 1024
const UINT8 = 0x08

type LabelledPart = 'train' | 'test'
const PARTS: readonly LabelledPart[] = ['train', 'test']

/** The parts of a file name: the prefix (`emnist-letters-`), the part, and the content. */
const NAME = /^(.*?)(train|t10k|test)[-_.](?:(images)-?[.-]?idx[34]|(labels)-?[.-]?idx1)[-.]ubyte(?:\.gz)?$/i

/** The files of one data set, which have a common prefix. */
interface IdxSet {
  prefix: string
  files: Record<LabelledPart, { images?: string; labels?: string }>
  /** Files whose part and content another file already provides. */
  twice: string[]
}

interface Pair {
  part: LabelledPart
  images: string
  labels: string
}

/** The name of a set in a folder with several sets. */
const called = ({ prefix }: IdxSet): string => prefix.replace(/[-_.]+$/, '') || 'the one without a prefix'

function setsOf(folder: SourceFolder): IdxSet[] {
  const sets = new Map<string, IdxSet>()
  for (const name of folder.names) {
    const [, prefix, word, images] = NAME.exec(name) ?? []
    if (prefix === undefined || word === undefined || (prefix !== '' && !/[-_.]$/.test(prefix))) continue
    const key = prefix.toLowerCase()
    const set = sets.get(key) ?? { prefix, files: { train: {}, test: {} }, twice: [] }
    sets.set(key, set)
    const part = word.toLowerCase() === 'train' ? 'train' : 'test'
    const what = images === undefined ? 'labels' : 'images'
    // If a file is there twice, the first by name is the unpacked one.
    if (set.files[part][what] === undefined) set.files[part][what] = name
    else set.twice.push(name)
  }
  const all = [...sets.values()]
  const withImages = all.filter(({ files }) => PARTS.some((part) => files[part].images))
  // Labels alone form a data set with missing images, which is reported.
  return withImages.length ? withImages : all
}

const filesOf = ({ files, twice }: IdxSet): string[] => [
  ...PARTS.flatMap((part) => [files[part].images, files[part].labels].flatMap((name) => name ?? [])),
  ...twice,
]

const pairsOf = ({ files }: IdxSet): Pair[] =>
  PARTS.flatMap((part) => {
    const { images, labels } = files[part]
    return images && labels ? [{ part, images, labels }] : []
  })

const trains = (set: IdxSet): boolean => pairsOf(set).some(({ part }) => part === 'train')

/** Chooses one of several sets: the requested one, otherwise the only one that has training data. @throws UserError BAD_INPUT */
function chooseSet(sets: readonly IdxSet[], only: string | undefined): IdxSet {
  const names = sets.map(called)
  const asked = sets.find((set) => called(set) === only)
  if (asked) return asked
  const [first, ...others] = sets.filter(trains).length ? sets.filter(trains) : sets
  if (first && !others.length) return first
  throw new UserError('BAD_INPUT', severalSets(names))
}

/** MNIST's format, also used by Fashion-MNIST, KMNIST, EMNIST and others. LeCun, Cortes, Burges 1998. */
export const format: DatasetFormat = {
  id: 'idx',
  label: 'IDX (MNIST, Fashion-MNIST, KMNIST, ...)',
  // Files of Fashion-MNIST cannot be distinguished from those of digits and letters.
  mirrored: 'doubtful',
  files: 'train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (also with .gz)',
  async find(folder, _, { only }) {
    const sets = setsOf(folder)
    if (!sets.length) return null
    const set = sets.length === 1 ? sets[0]! : chooseSet(sets, only)
    const pairs = pairsOf(set)
    let bytes = 0
    for (const { images } of pairs) bytes += await folder.unpackedSize(images)
    return {
      name: datasetNameFrom(sets.length === 1 ? folder.name : called(set), 'idx'),
      bytes,
      // Duplicates and other sets are reported below.
      files: [...pairs.flatMap(({ images, labels }) => [images, labels]), ...sets.flatMap(filesOf)],
      async read(sink, signal) {
        requireTraining(set)
        const labels = new Map<LabelledPart, Uint8Array>()
        for (const { part, labels: file } of pairs) labels.set(part, await readLabels(folder, file, signal))
        let classes = 2
        for (const array of labels.values()) for (const label of array) classes = Math.max(classes, label + 1)
        const missing = PARTS.flatMap((part) => [
          ...(set.files[part].images ? [] : [`the images of the ${part} part`]),
          ...(set.files[part].labels ? [] : [`the labels of the ${part} part`]),
        ])
        let begun: { file: string; image: { height: number; width: number; channels: number } } | null = null
        for (const { part, images: file } of pairs) {
          const reader = folder.reader(file, signal)
          try {
            const { count, ...image } = await readImageHeader(reader, file)
            const known = labels.get(part)!
            if (known.length !== count)
              throw new UserError('BAD_INPUT', `${file} has ${count} images but ${known.length} labels. Get both files again.`)
            if (!begun) {
              begun = { file, image }
              sink.begin({ kind: 'images', image, classNames: Array.from({ length: classes }, (_, label) => String(label)) })
              if (missing.length) sink.incomplete(missing.join(', '))
              if (set.twice.length) sink.assume(`${set.twice.join(', ')} was skipped because another file has the same part.`)
              const rest = sets.filter((other) => other !== set)
              if (rest.length)
                sink.assume(
                  `Of ${sets.length} data sets in the folder, ${called(set)} was imported; ${rest.map(called).join(', ')} was skipped.`,
                )
              if (/emnist/i.test(set.prefix))
                sink.assume('EMNIST files store images with rows and columns swapped; they were read as they are.')
            } else if (JSON.stringify(begun.image) !== JSON.stringify(image))
              throw new UserError(
                'BAD_INPUT',
                `${begun.file} and ${file} have images of different shapes and do not belong together. Get both again.`,
              )
            const size = image.height * image.width * image.channels
            const chunk = Math.max(1, Math.floor(CHUNK_BYTES / size))
            for (let read = 0; read < count;) {
              const now = Math.min(chunk, count - read)
              await sink.write(part, await reader.read(now * size), known.subarray(read, read + now), file)
              read += now
              sink.progress(progressOf(pairs, part, read / count), `reading ${file}`)
            }
            await reader.end()
          } finally {
            reader.close()
          }
        }
      },
    }
  },
}

const progressOf = (pairs: Pair[], part: LabelledPart, done: number): number =>
  (pairs.findIndex((pair) => pair.part === part) + done) / pairs.length

/** @throws UserError BAD_INPUT that names the missing file without which training is impossible */
function requireTraining({ files: { train }, prefix }: IdxSet): void {
  const { images, labels } = train
  if (images && labels) return
  const there = images ?? labels
  if (there === undefined) {
    const names = `${prefix}train-images-idx3-ubyte and ${prefix}train-labels-idx1-ubyte`
    throw new UserError('BAD_INPUT', `There are test files but no training files. Put ${names} next to them.`)
  }
  const wanted = images ? images.replace(/images(-?[.-]?)idx[34]/i, 'labels$1idx1') : there.replace(/labels(-?[.-]?)idx1/i, 'images$1idx3')
  throw new UserError(
    'BAD_INPUT',
    `${there} has no ${images ? 'labels' : 'images'}: ${wanted} is missing. Put it next to ${there} and import again.`,
  )
}

async function readHeader(reader: ByteReader, file: string, dimensions: readonly number[]): Promise<number[]> {
  const magic = await reader.read(4)
  const rank = magic[3]!
  if (magic[0] !== 0 || magic[1] !== 0 || magic[2] !== UINT8 || !dimensions.includes(rank))
    throw new UserError('BAD_INPUT', `${file} is not an IDX file of bytes: its header is invalid. Get it again, or choose another format.`)
  const sizes = await reader.read(4 * rank)
  return Array.from({ length: rank }, (_, i) => sizes.readUInt32BE(4 * i))
}

async function readImageHeader(
  reader: ByteReader,
  file: string,
): Promise<{ count: number; height: number; width: number; channels: number }> {
  const [count = 0, height = 0, width = 0, channels = 1] = await readHeader(reader, file, [3, 4])
  if ([height, width, channels].some((side) => side < 1 || side > SIDE_LIMIT))
    throw new UserError(
      'BAD_INPUT',
      `${file} has images of ${height}x${width}x${channels}, but sides must be from 1 to ${SIDE_LIMIT}. Get it again.`,
    )
  return { count, height, width, channels }
}

async function readLabels(folder: SourceFolder, file: string, signal: AbortSignal): Promise<Uint8Array> {
  const reader = folder.reader(file, signal)
  try {
    const [count = 0] = await readHeader(reader, file, [1])
    if (count > LABEL_LIMIT)
      throw new UserError('BAD_INPUT', `${file} is damaged: it claims ${count} labels, more than a data set can have. Get it again.`)
    const labels = await reader.read(count)
    await reader.end()
    return labels
  } finally {
    reader.close()
  }
}
