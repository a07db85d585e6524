import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { replaceFile } from '../durable/replace-file.js'
import { CONTENT_VERSION, contentVersionOf } from '../contract/dataset-content.js'
import type { Dataset } from '../contract/datasets.js'
import { isUserError, UserError } from '../contract/errors.js'
import { explainFileError } from './disk.js'
import {
  belongsTogether,
  contentHash,
  DESCRIPTION,
  descriptionOf,
  expectedFiles,
  labelsFile,
  StoredDatasetSchema,
  valuesFile,
  type Part,
  type StoredDataset,
} from './layout.js'

/** One part of a data set in memory that threads can share. */
export interface Loaded {
  count: number
  /** uint8 pixels [count, height, width, channels], or float32 coordinates [count, channels]. */
  values: Uint8Array<SharedArrayBuffer> | Float32Array<SharedArrayBuffer>
  labels: Uint16Array<SharedArrayBuffer>
}

const changed = (path: string): string => `${path} has changed since it was imported`

const again = (folder: string): string => `Remove the data set ${basename(folder)} and import it again`

/**
 * The description of a stored data set, after checking the lengths of its files.
 * @throws UserError NOT_FOUND, or DISK naming the file that is missing or damaged
 */
export async function readDataset(folder: string): Promise<Dataset> {
  const stored = await readStored(folder)
  for (const [name, bytes] of expectedFiles(stored)) {
    const problem = await lengthProblem(join(folder, name), bytes)
    if (problem) throw new UserError('DISK', `${problem}. ${again(folder)}.`)
  }
  return descriptionOf(stored)
}

/**
 * Reads one labelled part into shared memory, and verifies the hash recorded when it was written.
 * @throws UserError DISK naming the file that is missing or damaged
 */
export async function loadPart(folder: string, dataset: Dataset, part: Exclude<Part, 'unlabelled'>): Promise<Loaded> {
  const count = dataset.counts[part]
  const { files } = await readStored(folder)
  const read = async (name: string): Promise<SharedArrayBuffer> => {
    if (!count) return new SharedArrayBuffer(0)
    const buffer = await readShared(join(folder, name), expectedFiles(dataset).get(name)!, folder)
    if (createHash('sha256').update(new Uint8Array(buffer)).digest('hex') !== files[name]?.sha256)
      throw new UserError('DISK', `${changed(join(folder, name))}. ${again(folder)}.`)
    return buffer
  }
  const values = await read(valuesFile(dataset.kind, part))
  const labels = checkedLabels(await read(labelsFile(part)), folder, dataset, part)
  return { count, values: dataset.kind === 'images' ? new Uint8Array(values) : new Float32Array(values), labels }
}

/**
 * Reads only the labels of one part.
 * @throws UserError DISK naming the file that is missing or damaged
 */
export async function readLabels(folder: string, dataset: Dataset, part: Exclude<Part, 'unlabelled'>): Promise<Uint16Array> {
  if (!dataset.counts[part]) return new Uint16Array()
  return checkedLabels(await readShared(join(folder, labelsFile(part)), dataset.counts[part] * 2, folder), folder, dataset, part)
}

function checkedLabels(buffer: SharedArrayBuffer, folder: string, dataset: Dataset, part: Part): Uint16Array<SharedArrayBuffer> {
  const labels = new Uint16Array(buffer)
  const bad = labels.findIndex((label) => label >= dataset.classNames.length)
  if (bad >= 0)
    throw new UserError('DISK', `${join(folder, labelsFile(part))} is damaged (label ${labels[bad]} at ${bad}). ${again(folder)}.`)
  return labels
}

export interface VerifyOptions {
  /** Fraction of the bytes, 0..1. */
  onProgress?(progress: number, message: string): void
  signal?: AbortSignal
}

/**
 * Verifies every file of a stored data set against the hash recorded when it was written.
 * @throws AbortError when the signal ends it
 */
export async function verifyDataset(
  folder: string,
  { onProgress, signal }: VerifyOptions = {},
): Promise<{ ok: boolean; problems: string[] }> {
  let stored: StoredDataset
  try {
    stored = await readStored(folder)
  } catch (error) {
    if (isUserError(error)) return { ok: false, problems: [error.message] }
    throw error
  }
  const problems: string[] = []
  const files = [...expectedFiles(stored)]
  const total = files.reduce((sum, [, bytes]) => sum + bytes, 0) || 1
  let before = 0
  for (const [name, bytes] of files) {
    signal?.throwIfAborted()
    const path = join(folder, name)
    const read = (done: number): void => onProgress?.(Math.min(1, (before + done) / total), `reading ${name}`)
    const wrong = await lengthProblem(path, bytes)
    const problem = wrong ?? ((await sha256(path, read, signal)) === stored.files[name]?.sha256 ? null : changed(path))
    if (problem) problems.push(`${problem}. ${again(folder)}.`)
    before += bytes
  }
  return { ok: problems.length === 0, problems }
}

/**
 * Changes the name in the description of a stored data set; the caller renames its folder. Does nothing if it already has the name.
 * @throws UserError NOT_FOUND or DISK
 */
export async function renameStored(folder: string, name: string): Promise<void> {
  const stored = await readStored(folder)
  if (stored.name !== name) await describeAnew(folder, { ...stored, name })
}

/**
 * Updates the hash of a stored data set to the current version, which covers more content.
 * @throws UserError NOT_FOUND or DISK
 */
export async function renewHash(folder: string): Promise<Dataset> {
  const stored = await readStored(folder)
  if (contentVersionOf(stored.hash) >= CONTENT_VERSION) return descriptionOf(stored)
  const renewed = { ...stored, hash: contentHash(stored) }
  await describeAnew(folder, renewed)
  return descriptionOf(renewed)
}

async function describeAnew(folder: string, stored: StoredDataset): Promise<void> {
  const path = join(folder, DESCRIPTION)
  try {
    await replaceFile(path, (temporary) => writeFile(temporary, `${JSON.stringify(stored, null, 2)}\n`))
  } catch (error) {
    throw explainFileError(error, path)
  }
}

async function readStored(folder: string): Promise<StoredDataset> {
  const path = join(folder, DESCRIPTION)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw explainFileError(error, path)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new UserError('DISK', `${path} is damaged. ${again(folder)}.`, { cause: error })
  }
  const parsed = StoredDatasetSchema.safeParse(json)
  if (!parsed.success)
    throw new UserError('DISK', `${path} is damaged or was written by another version of Retrace. ${again(folder)}.`, {
      cause: parsed.error,
    })
  if (!belongsTogether(parsed.data))
    throw new UserError('DISK', `${path} has changed or does not match the files next to it. ${again(folder)}.`)
  return parsed.data
}

async function lengthProblem(path: string, bytes: number): Promise<string | null> {
  try {
    const { size } = await stat(path)
    return size === bytes ? null : `${path} is damaged (${size} bytes instead of ${bytes})`
  } catch (error) {
    const explained = explainFileError(error, path)
    if (isUserError(explained)) return explained.code === 'NOT_FOUND' ? `${path} is missing` : explained.message
    throw error
  }
}

/** Maximum size of one read call. */
const READ_BYTES = 2 ** 28

async function readShared(path: string, bytes: number, folder: string): Promise<SharedArrayBuffer> {
  const problem = await lengthProblem(path, bytes)
  if (problem) throw new UserError('DISK', `${problem}. ${again(folder)}.`)
  const buffer = new SharedArrayBuffer(bytes)
  const view = new Uint8Array(buffer)
  const handle = await open(path, 'r')
  try {
    for (let at = 0; at < bytes;) {
      const { bytesRead } = await handle.read(view, at, Math.min(READ_BYTES, bytes - at), at)
      if (!bytesRead) throw new UserError('DISK', `${path} was truncated while it was read. ${again(folder)}.`)
      at += bytesRead
    }
  } catch (error) {
    throw explainFileError(error, path)
  } finally {
    await handle.close()
  }
  return buffer
}

async function sha256(path: string, onRead: (bytes: number) => void, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  let done = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20, signal }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    onRead((done += chunk.length))
  }
  return hash.digest('hex')
}
