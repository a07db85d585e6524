import { open, readdir, type FileHandle } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { Readable } from 'node:stream'
import type { Dataset } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'
import { UNTOUCHED } from './augment.js'
import type { HeldOutBatch } from './batches.js'
import { ByteReader } from './byte-reader.js'
import { explainFileError } from './disk.js'
import { HEAD_BYTES, readNpyHeader, type NpyHeader } from './npy.js'
import { Normaliser } from './prepare.js'
import { readLabels } from './stored.js'

/** Number of blocks in a file, one for each severity, the weakest first. Source: Hendrycks and Dietterich 2019, "CIFAR-10-C". */
export const SEVERITIES = 5
const LABELS = 'labels.npy'
/** The published sets have 19 files. */
const MOST_FILES = 100
const NAME = /^[\w-]{1,80}\.npy$/

/** Corrupted copies of the test images of a data set. */
export interface Corruptions {
  /** Names of the files without extension, in order. */
  names: string[]
  /** The first images of one corruption at a severity from 1 to SEVERITIES; the views are overwritten by the next batch. */
  read(name: string, severity: number, options: { batch: number; limit: number }): AsyncIterable<HeldOutBatch>
}

/**
 * Opens a folder in the format of CIFAR-10-C: `labels.npy`, and for each corruption a `.npy` with all test images five times, once per
 * severity.
 * @param folder an absolute path
 * @param stored folder of the data set whose test images these are, which their labels must confirm
 * @throws UserError BAD_INPUT when it is another kind of folder, or contains other images
 */
export async function openCorruptions(folder: string, stored: string, dataset: Dataset): Promise<Corruptions> {
  if (!isAbsolute(folder)) throw new UserError('BAD_INPUT', `Give the whole path of the folder of corruptions, not ${folder}.`)
  try {
    const files = (await readdir(folder)).filter((name) => NAME.test(name) && name !== LABELS).sort()
    if (files.length === 0 || files.length > MOST_FILES)
      throw new UserError('BAD_INPUT', `${folder} has ${files.length} .npy files of corruptions. Give the unpacked folder of CIFAR-10-C.`)
    const test = await readLabels(stored, dataset, 'test')
    await requireLabels(folder, dataset, test)
    return {
      names: files.map((file) => file.slice(0, -4)),
      read: (name, severity, how) => readImages(folder, `${name}.npy`, severity, { dataset, test }, how),
    }
  } catch (error) {
    throw explainFileError(error, folder)
  }
}

/** The labels of all blocks must be those of the test part, in its order. */
async function requireLabels(folder: string, dataset: Dataset, test: Uint16Array): Promise<void> {
  const { handle, header } = await openArray(folder, LABELS)
  try {
    const count = SEVERITIES * test.length
    if (header.shape.length !== 1 || header.length !== count) throw other(dataset, `${LABELS} has the shape (${header.shape.join(', ')})`)
    const labels = header.decode(await readAt(handle, LABELS, header.offset, count * header.itemBytes))
    const wrong = labels.findIndex((label, at) => label !== test[at % test.length])
    if (wrong >= 0)
      throw other(
        dataset,
        `label ${wrong + 1} of ${LABELS} is ${labels[wrong]}, but that of the test image is ${test[wrong % test.length]}`,
      )
  } finally {
    await handle.close()
  }
}

const other = ({ name, counts }: Dataset, what: string): UserError =>
  new UserError(
    'BAD_INPUT',
    `These are no corruptions of the ${counts.test} test images of ${name}: ${what}. Use the folder that was made from this data set.`,
  )

async function* readImages(
  folder: string,
  name: string,
  severity: number,
  { dataset, test }: { dataset: Dataset; test: Uint16Array },
  { batch, limit }: { batch: number; limit: number },
): AsyncGenerator<HeldOutBatch> {
  const { height, width, channels } = dataset.image
  const { handle, header } = await openArray(folder, name)
  try {
    const { type, shape, offset } = header
    if (type !== 'u1' || shape.join() !== [SEVERITIES * test.length, height, width, channels].join())
      throw other(dataset, `${name} is an array of ${type} of the shape (${shape.join(', ')})`)
    const normaliser = new Normaliser(dataset)
    const { size } = normaliser
    const wanted = Math.min(limit || Infinity, test.length)
    const images = new Float32Array(Math.min(batch, wanted) * size)
    for (let at = 0; at < wanted; at += batch) {
      const count = Math.min(batch, wanted - at)
      const pixels = await readAt(handle, name, offset + ((severity - 1) * test.length + at) * size, count * size)
      for (let i = 0; i < count; i++) normaliser.write(pixels, i, images, i, UNTOUCHED)
      yield { images: images.subarray(0, count * size), labels: Int32Array.from(test.subarray(at, at + count)), count }
    }
  } finally {
    await handle.close()
  }
}

interface OpenArray {
  handle: FileHandle
  header: NpyHeader
}

/** @throws UserError BAD_INPUT when it is not an array */
async function openArray(folder: string, name: string): Promise<OpenArray> {
  const handle = await open(join(folder, name), 'r')
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    const head = Readable.from([buffer.subarray(0, bytesRead)]) as AsyncIterable<Buffer>
    return { handle, header: await readNpyHeader(new ByteReader(name, head, () => undefined), name) }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function readAt(handle: FileHandle, name: string, from: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes)
  let done = 0
  while (done < bytes) {
    const { bytesRead } = await handle.read(buffer, done, bytes - done, from + done)
    if (bytesRead === 0) throw new UserError('BAD_INPUT', `${name} is truncated. Get it again.`)
    done += bytesRead
  }
  return buffer
}
