import { UserError } from '../../contract/errors.js'
import type { ByteReader } from '../byte-reader.js'
import type { DatasetFormat } from '../format.js'
import { datasetNameFrom } from '../names.js'
import type { SourceFolder } from '../source-folder.js'

const CHUNK_BYTES = 2 ** 22
const LABEL_LIMIT = 10 ** 8
const SIDE_LIMIT = 1024
const UINT8 = 0x08

const PATTERN = { train: 'train', test: '(?:t10k|test)' }
type LabelledPart = keyof typeof PATTERN

interface Pair {
  part: LabelledPart
  images: string
  labels: string
}

/** MNIST's format, also of Fashion-MNIST, KMNIST, EMNIST and others. LeCun, Cortes, Burges 1998. */
export const format: DatasetFormat = {
  id: 'idx',
  label: 'IDX (MNIST, Fashion-MNIST, KMNIST, ...)',
  files: 'train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (also with .gz)',
  async find(folder) {
    const parts = (Object.keys(PATTERN) as LabelledPart[]).map((part) => ({
      part,
      images: match(folder, part, 'images-?[.-]?idx[34]'),
      labels: match(folder, part, 'labels-?[.-]?idx1'),
    }))
    if (!parts.some(({ images }) => images)) return null
    const pairs = parts.filter((pair): pair is Pair => pair.images !== null && pair.labels !== null)
    let bytes = 0
    for (const { images } of pairs) bytes += await folder.unpackedSize(images)
    return {
      name: datasetNameFrom(folder.name, 'idx'),
      bytes,
      async read(sink, signal) {
        const labels = new Map<LabelledPart, Uint8Array>()
        for (const { part, labels: file } of pairs) labels.set(part, await readLabels(folder, file, signal))
        let classes = 2
        for (const array of labels.values()) for (const label of array) classes = Math.max(classes, label + 1)
        const missing = parts.flatMap(({ part, images, labels }) => [
          ...(images ? [] : [`the images of the ${part} part`]),
          ...(labels ? [] : [`the labels of the ${part} part`]),
        ])
        let begun: { file: string; image: { height: number; width: number; channels: number } } | null = null
        for (const { part, images: file } of pairs) {
          const reader = folder.reader(file, signal)
          try {
            const { count, ...image } = await readImageHeader(reader, file)
            const known = labels.get(part)!
            if (known.length !== count)
              throw new UserError('BAD_INPUT', `${file} has ${count} images and its labels are ${known.length}: get both files again.`)
            if (!begun) {
              begun = { file, image }
              sink.begin({ kind: 'images', image, classNames: Array.from({ length: classes }, (_, label) => String(label)) })
              if (missing.length) sink.note(`incomplete download: ${missing.join(', ')} missing; imported what is there`)
            } else if (JSON.stringify(begun.image) !== JSON.stringify(image))
              throw new UserError(
                'BAD_INPUT',
                `${begun.file} and ${file} have images of different shapes: they are no pair; get both again.`,
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

function match(folder: SourceFolder, part: LabelledPart, rest: string): string | null {
  const pattern = new RegExp(`(^|[-_.])${PATTERN[part]}[-_.]${rest}[-.]ubyte(\\.gz)?$`, 'i')
  return folder.names.find((name) => pattern.test(name)) ?? null
}

async function readHeader(reader: ByteReader, file: string, dimensions: readonly number[]): Promise<number[]> {
  const magic = await reader.read(4)
  const rank = magic[3]!
  if (magic[0] !== 0 || magic[1] !== 0 || magic[2] !== UINT8 || !dimensions.includes(rank))
    throw new UserError('BAD_INPUT', `${file} does not begin like an IDX file of bytes: it is damaged or of another format; get it again.`)
  const sizes = await reader.read(4 * rank)
  return Array.from({ length: rank }, (_, i) => sizes.readUInt32BE(4 * i))
}

async function readImageHeader(
  reader: ByteReader,
  file: string,
): Promise<{ count: number; height: number; width: number; channels: number }> {
  const [count = 0, height = 0, width = 0, channels = 1] = await readHeader(reader, file, [3, 4])
  if ([height, width, channels].some((side) => side < 1 || side > SIDE_LIMIT))
    throw new UserError('BAD_INPUT', `${file} says that its images are ${height}x${width}x${channels}: 1 to ${SIDE_LIMIT} is possible.`)
  return { count, height, width, channels }
}

async function readLabels(folder: SourceFolder, file: string, signal: AbortSignal): Promise<Uint8Array> {
  const reader = folder.reader(file, signal)
  try {
    const [count = 0] = await readHeader(reader, file, [1])
    if (count > LABEL_LIMIT)
      throw new UserError('BAD_INPUT', `${file} says that it has ${count} labels, more than a data set can: it is damaged; get it again.`)
    const labels = await reader.read(count)
    await reader.end()
    return labels
  } finally {
    reader.close()
  }
}
