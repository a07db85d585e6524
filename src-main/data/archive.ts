import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, gunzipSync, constants } from 'node:zlib'
import { extract, type Extract, type Header } from 'tar-stream'
import { isUserError, UserError } from '../contract/errors.js'
import { makeFolderBelow } from '../durable/folders.js'
import { ArchiveTally, explainArchive, safePath, writeWhole, type UnpackOptions } from './archive-limits.js'
import { freeBytes } from './disk.js'
import { noEntryNames, tarName } from './entry-names.js'

const BLOCK = 512

/** An option that its type declarations omit. */
const extractBytes = extract as (options: { filenameEncoding: 'latin1' }) => Extract

/** Magic numbers of a first file and of an empty archive. */
const ZIP = ['PK\x03\x04', 'PK\x05\x06']

/** The kind of an archive, detected from its content; null when it is not supported. */
export async function archiveKind(file: string): Promise<'tar' | 'tar.gz' | 'zip' | null> {
  const handle = await open(file, 'r')
  const head = Buffer.alloc(16_384)
  let length: number
  try {
    length = (await handle.read(head, 0, head.length, 0)).bytesRead
  } finally {
    await handle.close()
  }
  const bytes = head.subarray(0, length)
  if (isTarHeader(bytes)) return 'tar'
  if (ZIP.some((magic) => bytes.toString('latin1', 0, 4) === magic)) return 'zip'
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return null
  try {
    // Only the beginning of the stream is available: whatever can be unpacked of it is enough.
    const start = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 25 })
    return isTarHeader(start) ? 'tar.gz' : null
  } catch {
    // Damaged at its beginning: unpacking will report it, unless the file was never meant as an archive.
    return /\.(tar\.gz|tgz)$/i.test(file) ? 'tar.gz' : null
  }
}

const COMPRESSIONS: readonly { name: string; magic: number[] }[] = [
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68] },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: '7-Zip', magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] },
  { name: 'RAR', magic: [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07] },
]

/** Why a file is not a readable archive: identifies its compression by its first bytes. */
export async function noArchive(file: string): Promise<UserError> {
  const handle = await open(file, 'r')
  const head = Buffer.alloc(8)
  try {
    await handle.read(head, 0, head.length, 0)
  } finally {
    await handle.close()
  }
  const packed = COMPRESSIONS.find(({ magic }) => magic.every((byte, at) => head[at] === byte))
  return new UserError(
    'BAD_INPUT',
    packed
      ? `${file} is compressed with ${packed.name}, which is not supported. Unpack it and give the folder.`
      : `${file} is not a .tar, .tar.gz or .zip archive. Give an archive of a data set, or the folder with its files.`,
  )
}

/** Whether a block has a valid checksum (the sum of its bytes, with the checksum's own eight counted as spaces). */
function isTarHeader(block: Buffer): boolean {
  if (block.length < BLOCK) return false
  const stated = parseInt(block.toString('latin1', 148, 156).replace(/[\0 ]+$/, '').trim(), 8) // prettier-ignore
  let sum = 8 * 32
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i]!
  return stated === sum
}

/**
 * Unpacks the folders and regular files of a .tar or .tar.gz into a new, empty folder.
 * @throws UserError BAD_INPUT for links, devices, paths that leave the folder, duplicate names, bombs, and damaged or truncated archives;
 *   DISK when it does not fit. The caller then removes the folder.
 */
export async function unpackTar(file: string, into: string, options: UnpackOptions & { kind: 'tar' | 'tar.gz' }): Promise<void> {
  const name = basename(file)
  const { names = noEntryNames() } = options
  const { size } = await stat(file)
  const tally = new ArchiveTally(name, size, options.limits, await (options.free ?? freeBytes)(into))
  let packed = 0
  async function* counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      packed += chunk.length
      options.onProgress(packed / size)
      yield chunk
    }
  }
  const unpack = async (header: Header, content: AsyncIterable<unknown>): Promise<void> => {
    tally.entry(header.size)
    // A name from an extended header is already decoded.
    const { path: text } = (header.pax ?? {}) as { path?: string }
    const path = header.name === text ? text : tarName(header.name, names)
    const target = join(into, ...safePath({ name: path, type: header.type }, name))
    if (header.type === 'directory') {
      await makeFolderBelow(into, target)
      return
    }
    await makeFolderBelow(into, dirname(target))
    const handle = await open(target, 'wx')
    try {
      for await (const chunk of content) await writeWhole(handle, chunk as Uint8Array)
    } finally {
      await handle.close()
    }
  }
  const tar = extractBytes({ filenameEncoding: 'latin1' })
  const source = createReadStream(file, { highWaterMark: 2 ** 20 })
  const gunzip = options.kind === 'tar.gz' ? createGunzip({ chunkSize: 2 ** 18 }) : new PassThrough()
  const written = unpackEntries(tar, unpack)
  const watched = (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> => tally.watch(chunks, () => packed)
  const read = pipeline(source, counted, gunzip, watched, (chunks: AsyncIterable<Buffer>) => feed(chunks, tar), { signal: options.signal })
  // Whichever fails first ends the other.
  read.catch((error: Error) => tar.destroy(error))
  written.catch((error: Error) => source.destroy(error))
  const results = await Promise.allSettled([read, written])
  options.signal.throwIfAborted()
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  if (!errors.length) return
  throw errors.find(isUserError) ?? explainArchive(errors, name)
}

/**
 * Runs `work` for one entry after another. Node's pipeline is not used, because it waits forever on the streams of tar-stream, which have
 * another implementation, when one of them fails.
 */
function unpackEntries(tar: Extract, work: (header: Header, content: AsyncIterable<unknown>) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.on('entry', (header, entry, next) => {
      // Also reported by the iteration over it.
      entry.on('error', reject)
      // Only the first error counts: later errors of the destroyed streams would hide it.
      const failed = (error: Error): void => {
        reject(error)
        next(error)
      }
      work(header, entry).then(() => {
        entry.resume()
        next()
      }, failed)
    })
    tar.on('finish', resolve)
    tar.on('error', reject)
    tar.on('close', () => reject(new Error('the archive was closed early')))
  })
}

async function feed(chunks: AsyncIterable<Buffer>, tar: Extract): Promise<void> {
  let wake: () => void = () => undefined
  tar.on('drain', () => wake())
  tar.on('close', () => wake())
  for await (const chunk of chunks) {
    if (tar.destroyed) return
    if (!tar.write(chunk) && !tar.destroyed) await new Promise<void>((resolve) => (wake = (): void => resolve()))
  }
  tar.end(undefined)
}
