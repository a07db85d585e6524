import { UserError } from '../contract/errors.js'
import type { DatasetFormat, Found } from './format.js'
import { NumpyArray, parseNumpyPickle } from './numpy-pickle.js'
import type { PickleValue } from './pickle.js'
import type { DatasetSink } from './sink.js'
import type { SourceFolder } from './source-folder.js'

const SIDE = 32
const PLANE = SIDE * SIDE
const PIXELS = 3 * PLANE

/** Number of images that are converted at a time. */
const CHUNK = 1000

/** Maximum size of a pickle in bytes: CIFAR-100's training file has 155 MB. */
const PICKLE_LIMIT = 2 ** 30

/** The differences between CIFAR-10 and CIFAR-100. Source: the description of both formats by A. Krizhevsky, 2009. */
export interface CifarVariant {
  id: string
  label: string
  /** Names of the batches without extension, which is `.bin` in the binary version. */
  train: string[]
  test: string[]
  /** Number of images per training file as published. */
  imagesPerTrainFile: number
  imagesPerTestFile: number
  /** Number of label bytes before the pixels of an image, and the index of the label among them. */
  labelBytes: number
  labelAt: number
  pickledLabels: string
  classNames: string[]
  /** The file with the names of the classes. */
  namesFile: string
  pickledNames: { file: string; key: string }
  note?: string
}

/** The binary version and the Python version of a CIFAR data set. */
export function cifarFormat(variant: CifarVariant): DatasetFormat {
  const all = [...variant.train, ...variant.test]
  const find = async (folder: SourceFolder): Promise<Found | null> => {
    const versions = [binary, pickled].map((version) => ({
      version,
      present: all.filter((name) => version.looksRight(folder, name, variant)),
    }))
    // The version with more files present; if equal, the binary one, which is read in chunks.
    const order = versions[1]!.present.length > versions[0]!.present.length ? [...versions].reverse() : versions
    for (const { version, present } of order) {
      if (!present.length) continue
      const [left] = versions.filter((each) => each.version !== version)
      const { namesFile, pickledNames } = variant
      const total = present.reduce((sum, name) => sum + folder.size(version.file(name)), 0)
      return {
        name: variant.id,
        bytes: total,
        files: [...present.map(version.file), version === binary ? namesFile : pickledNames.file],
        read: async (sink, signal) => {
          requireTraining(variant, present, version.file)
          await begin(variant, await version.names(folder, variant), sink)
          noteMissing(variant, present, version.file, sink)
          if (left?.present.length)
            sink.assume(
              `The folder contains both the binary and the Python version. The ${version === binary ? 'binary' : 'Python'} version was read; ${left.present.map(left.version.file).join(', ')} were skipped.`,
            )
          let before = 0
          const lengths: { file: string; images: number; published: number }[] = []
          for (const name of present) {
            const file = version.file(name)
            const part = variant.train.includes(name) ? 'train' : 'test'
            const tell = (fraction: number): void => sink.progress((before + fraction * folder.size(file)) / total, `reading ${file}`)
            let images = 0
            for await (const { planes, labels, done } of version.read(folder, file, variant, signal)) {
              await sink.write(part, interleave(planes), labels, file)
              images += labels.length
              tell(done)
            }
            lengths.push({ file, images, published: part === 'train' ? variant.imagesPerTrainFile : variant.imagesPerTestFile })
            before += folder.size(file)
          }
          noteOtherLengths(lengths, sink)
        },
      }
    }
    return null
  }
  return { id: variant.id, label: variant.label, files: `${all.map((name) => `${name}.bin`).join(', ')} (or the same without .bin)`, find }
}

interface Batch {
  /** [count, 3, 32, 32] */
  planes: Uint8Array
  labels: number[]
  /** The fraction of the file read so far, 0..1. */
  done: number
}

interface Version {
  file(name: string): string
  looksRight(folder: SourceFolder, name: string, variant: CifarVariant): boolean
  names(folder: SourceFolder, variant: CifarVariant): Promise<string[] | null>
  read(folder: SourceFolder, file: string, variant: CifarVariant, signal: AbortSignal): AsyncIterable<Batch>
}

const binary: Version = {
  file: (name) => `${name}.bin`,
  looksRight: (folder, name) => folder.has(`${name}.bin`),
  names: async (folder, { namesFile }) => (folder.has(namesFile) ? folder.readLines(namesFile) : null),
  async *read(folder, file, { labelBytes, labelAt }, signal) {
    const record = labelBytes + PIXELS
    const size = folder.size(file)
    if (!size || size % record)
      throw new UserError('BAD_INPUT', `${file} is truncated or damaged: ${size} bytes are not a whole number of images. Get it again.`)
    const reader = folder.reader(file, signal)
    try {
      const total = size / record
      for (let read = 0; read < total;) {
        const count = Math.min(CHUNK, total - read)
        const bytes = await reader.read(count * record)
        const planes = new Uint8Array(count * PIXELS)
        const labels: number[] = []
        for (let i = 0; i < count; i++) {
          labels.push(bytes[i * record + labelAt]!)
          planes.set(bytes.subarray(i * record + labelBytes, (i + 1) * record), i * PIXELS)
        }
        read += count
        yield { planes, labels, done: read / total }
      }
      await reader.end()
    } finally {
      reader.close()
    }
  },
}

const PICKLE_PROTOCOL = 0x80

const pickled: Version = {
  file: (name) => name,
  looksRight: (folder, name) => folder.has(name),
  async names(folder, { pickledNames: { file, key } }) {
    if (!folder.has(file)) return null
    const names = entry(parseNumpyPickle(await folder.readWhole(file, 2 ** 20), file), key)
    return Array.isArray(names) ? names.map((name) => (Buffer.isBuffer(name) ? name.toString('utf8') : String(name))) : null
  },
  async *read(folder, file, { pickledLabels }) {
    const bytes = await folder.readWhole(file, PICKLE_LIMIT)
    if (bytes[0] !== PICKLE_PROTOCOL)
      throw new UserError(
        'BAD_INPUT',
        `${file} is not a pickle of the Python version of CIFAR. Choose another format, or get the file again.`,
      )
    const content = parseNumpyPickle(bytes, file)
    const data = entry(content, 'data')
    const stated = entry(content, pickledLabels)
    if (!(data instanceof NumpyArray) || data.itemType !== 'u1' || data.shape.length !== 2 || data.shape[1] !== PIXELS)
      throw new UserError(
        'BAD_INPUT',
        `${file} is not a file of the Python version of CIFAR: its "data" is ${described(data)}, not a byte array of shape [n, ${PIXELS}]. Get the file again.`,
      )
    const count = data.shape[0]!
    if (!(Array.isArray(stated) || stated instanceof NumpyArray) || stated.length !== count)
      throw new UserError(
        'BAD_INPUT',
        `${file} has ${labelsDescribed(stated)} under "${pickledLabels}" for its ${count} images. It must have one whole number for each.`,
      )
    const labels =
      stated instanceof NumpyArray
        ? stated.numbers()
        : stated.map((label, at) => wholeLabel(label, at, `the "${pickledLabels}" of ${file}`))
    for (let at = 0; at < count; at += CHUNK) {
      const end = Math.min(count, at + CHUNK)
      yield { planes: data.bytes.subarray(at * PIXELS, end * PIXELS), labels: labels.slice(at, end), done: end / count }
    }
  },
}

const described = (data: PickleValue | undefined): string =>
  data instanceof NumpyArray
    ? `an array of ${data.itemType} of shape [${data.shape.join(', ')}]`
    : data === undefined
      ? 'missing'
      : 'not an array'

const labelsDescribed = (stated: PickleValue | undefined): string =>
  Array.isArray(stated) || stated instanceof NumpyArray ? `${stated.length} labels` : 'something other than a list of labels'

/** @throws UserError BAD_INPUT for anything but a class number: an empty text is not a number, and None is not 0 */
function wholeLabel(label: PickleValue, at: number, where: string): number {
  if (typeof label === 'number' && Number.isInteger(label) && label >= 0) return label
  const shown = label === null ? 'None' : typeof label === 'object' ? 'not a number' : JSON.stringify(String(label))
  throw new UserError(
    'BAD_INPUT',
    `Image ${at + 1} has the label ${shown} in ${where}, but labels must be whole numbers from 0. Save the file again with a label for each image.`,
  )
}

const entry = (content: PickleValue, key: string): PickleValue | undefined => (content instanceof Map ? content.get(key) : undefined)

async function begin(variant: CifarVariant, names: string[] | null, sink: DatasetSink): Promise<void> {
  const right = names?.length === variant.classNames.length
  sink.begin({
    kind: 'images',
    image: { height: SIDE, width: SIDE, channels: 3 },
    classNames: right ? names : variant.classNames,
  })
  if (names && !right)
    sink.note(`the file of class names was ignored because it has ${names.length} names instead of ${variant.classNames.length}`)
  if (variant.note) sink.note(variant.note)
}

/** @throws UserError BAD_INPUT that names the missing files without which training is impossible */
function requireTraining({ label, train }: CifarVariant, present: string[], file: (name: string) => string): void {
  if (present.some((name) => train.includes(name))) return
  throw new UserError(
    'BAD_INPUT',
    `${present.map(file).join(', ')} exists, but the training files of ${label} are missing. Put ${train.map(file).join(', ')} next to it.`,
  )
}

function noteMissing(
  { train, test, imagesPerTrainFile }: CifarVariant,
  present: string[],
  file: (name: string) => string,
  sink: DatasetSink,
): void {
  const missing = [...train, ...test].filter((name) => !present.includes(name))
  if (!missing.length) return
  const absent = missing.filter((name) => train.includes(name)).length * imagesPerTrainFile
  const without = absent ? `${absent.toLocaleString('en')} training images` : undefined
  sink.incomplete(missing.map(file).join(', '), without)
}

/** A file that was truncated between two images looks complete. */
function noteOtherLengths(lengths: readonly { file: string; images: number; published: number }[], sink: DatasetSink): void {
  const others = lengths.filter(({ images, published }) => images !== published)
  if (others.length === 0) return
  const each = others.map(({ file, images, published }) => `${file} ${images.toLocaleString('en')} (${published.toLocaleString('en')})`)
  sink.assume(`Some files have a different number of images than the published data set (in brackets): ${each.join(', ')}.`)
}

/** [n, 3, 32, 32] to [n, 32, 32, 3] */
export function interleave(planes: Uint8Array): Uint8Array {
  const out = new Uint8Array(planes.length)
  for (let image = 0; image < planes.length; image += PIXELS)
    for (let i = 0, to = image; i < PLANE; i++) {
      out[to++] = planes[image + i]!
      out[to++] = planes[image + PLANE + i]!
      out[to++] = planes[image + 2 * PLANE + i]!
    }
  return out
}
