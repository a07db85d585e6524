import { UserError } from '../../contract/errors.js'
import type { DatasetFormat } from '../format.js'
import type { Part } from '../layout.js'
import type { SourceFolder } from '../source-folder.js'

const SIDE = 96
const PLANE = SIDE * SIDE
const PIXELS = 3 * PLANE
const CHUNK = 200

const CLASSES = ['airplane', 'bird', 'car', 'cat', 'deer', 'dog', 'horse', 'monkey', 'ship', 'truck']

const FILES: { part: Part; images: string; labels: string | null }[] = [
  { part: 'train', images: 'train_X.bin', labels: 'train_y.bin' },
  { part: 'test', images: 'test_X.bin', labels: 'test_y.bin' },
  { part: 'unlabelled', images: 'unlabeled_X.bin', labels: null },
]

/** STL-10 in its binary version: planes in column-major order, labels from 1. Coates, Ng, Lee 2011. */
export const format: DatasetFormat = {
  id: 'stl-10',
  label: 'STL-10 (binary version)',
  files: 'train_X.bin, train_y.bin, test_X.bin, test_y.bin, unlabeled_X.bin',
  async find(folder) {
    if (!FILES.some(({ images }) => folder.has(images))) return null
    const present = FILES.filter(({ images, labels }) => folder.has(images) && (labels === null || folder.has(labels)))
    const bytes = present.reduce((sum, { images }) => sum + folder.size(images), 0)
    return {
      name: 'stl-10',
      bytes,
      files: [...present.flatMap(({ images, labels }) => [images, ...(labels ? [labels] : [])]), 'class_names.txt'],
      async read(sink, signal) {
        const needed = ['train_X.bin', 'train_y.bin'].filter((name) => !folder.has(name))
        if (needed.length)
          throw new UserError('BAD_INPUT', `There are STL-10 files but no labelled training images. Put ${needed.join(', ')} next to them.`)
        const named = folder.has('class_names.txt') ? await folder.readLines('class_names.txt') : CLASSES
        const classNames = named.length === CLASSES.length ? named : CLASSES
        sink.begin({ kind: 'images', image: { height: SIDE, width: SIDE, channels: 3 }, classNames })
        if (named.length !== CLASSES.length)
          sink.note(`class_names.txt was ignored because it has ${named.length} names instead of ${CLASSES.length}`)
        const missing = FILES.flatMap(({ images, labels }) => [images, ...(labels ? [labels] : [])]).filter((name) => !folder.has(name))
        if (missing.length) sink.incomplete(missing.join(', '))
        let before = 0
        for (const { part, images, labels } of present) {
          const total = countImages(folder, images)
          const stated = labels ? await readLabels(folder, labels, total, images) : null
          const reader = folder.reader(images, signal)
          try {
            for (let read = 0; read < total;) {
              const count = Math.min(CHUNK, total - read)
              const pixels = transposeColumns(await reader.read(count * PIXELS))
              await sink.write(part, pixels, stated?.subarray(read, read + count) ?? null, labels ?? images)
              read += count
              sink.progress((before + read * PIXELS) / bytes, `reading ${images}`)
            }
          } finally {
            reader.close()
          }
          before += folder.size(images)
        }
      },
    }
  },
}

function countImages(folder: SourceFolder, images: string): number {
  const size = folder.size(images)
  if (!size || size % PIXELS)
    throw new UserError('BAD_INPUT', `${images} is truncated or damaged: ${size} bytes are not a whole number of images. Get it again.`)
  return size / PIXELS
}

/** Labels from 0. */
async function readLabels(folder: SourceFolder, file: string, count: number, images: string): Promise<Int16Array> {
  const bytes = await folder.readWhole(file, 2 ** 24)
  if (bytes.length !== count)
    throw new UserError('BAD_INPUT', `${file} has ${bytes.length} labels for the ${count} images of ${images}. Get both again.`)
  const wrong = bytes.findIndex((label) => label < 1 || label > CLASSES.length)
  if (wrong >= 0)
    throw new UserError(
      'BAD_INPUT',
      `${file} has the label ${bytes[wrong]} for image ${wrong + 1}, but STL-10 labels are from 1 to ${CLASSES.length}. Get it again.`,
    )
  return Int16Array.from(bytes, (label) => label - 1)
}

/** [n, channel, column, row] to [n, row, column, channel] */
function transposeColumns(planes: Uint8Array): Uint8Array {
  const out = new Uint8Array(planes.length)
  for (let image = 0; image < planes.length; image += PIXELS)
    for (let channel = 0; channel < 3; channel++)
      for (let column = 0; column < SIDE; column++) {
        const from = image + channel * PLANE + column * SIDE
        for (let row = 0; row < SIDE; row++) out[image + (row * SIDE + column) * 3 + channel] = planes[from + row]!
      }
  return out
}
