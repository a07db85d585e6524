import type { FileHandle } from 'node:fs/promises'
import { UserError } from '../contract/errors.js'
import type { freeBytes } from './disk.js'
import type { EntryNames } from './entry-names.js'

export interface ArchiveLimits {
  entries: number
  /** Maximum unpacked bytes of all files together. */
  bytes: number
  /** Maximum ratio of unpacked to packed bytes, checked from `ratioFrom` unpacked bytes on. */
  ratio: number
  ratioFrom: number
}

/** Options for unpacking an archive of any kind. */
export interface UnpackOptions {
  signal: AbortSignal
  /** Receives remarks on ambiguous names. */
  names?: EntryNames
  onProgress(done: number): void
  limits?: Partial<ArchiveLimits>
  free?: typeof freeBytes
}

export const LIMITS: ArchiveLimits = { entries: 500_000, bytes: 2 ** 36, ratio: 100, ratioFrom: 2 ** 27 }

/** Writes all bytes at the end of a file. */
export async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done)).bytesWritten
}

/**
 * The parts of an entry's path.
 * @throws UserError BAD_INPUT for anything other than files and folders, and for a path that leaves the folder
 */
export function safePath({ name, type }: { name: string; type?: string | null | undefined }, archive: string): string[] {
  const refuse = (why: string): UserError =>
    new UserError(
      'BAD_INPUT',
      `Cannot unpack ${archive}: its entry ${JSON.stringify(name.slice(0, 200))} ${why}. Get the archive from its original source.`,
    )
  if (!['file', 'contiguous-file', 'directory'].includes(type ?? 'file'))
    throw refuse(`is a ${type}, but only files and folders are allowed`)
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) throw refuse('has an absolute path')
  if (/[\0\\]/.test(name)) throw refuse('has a null character or a backslash in its path')
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw refuse('has a path outside the archive')
  if (parts.length > 32 || parts.some((part) => Buffer.byteLength(part) > 255)) throw refuse('has a path that is too long')
  return parts
}

const mebibytes = (value: number): string => `${(value / 2 ** 20).toFixed(0)} MiB`

/**
 * Checks the actual and announced size of an archive's content against its limits and the disk. Throws a UserError if they are exceeded.
 */
export class ArchiveTally {
  private readonly limits: ArchiveLimits
  private entries = 0
  private packed = 0
  private announced = 0

  /**
   * @param name name of the archive, for messages
   * @param size size of the archive in bytes
   * @param available bytes available on the disk for its content
   */
  constructor(
    private readonly name: string,
    private readonly size: number,
    limits: Partial<ArchiveLimits> = {},
    private readonly available = Infinity,
  ) {
    this.limits = { ...LIMITS, ...limits }
  }

  /** Registers the announced number of entries. */
  expect(entries: number): void {
    if (entries > this.limits.entries)
      throw this.refused(`has ${entries} entries, more than the limit of ${this.limits.entries}. Divide it.`)
  }

  /** Registers an entry with its size in bytes and, for archives of individually packed entries, its packed size. */
  entry(bytes: number, packed?: number): void {
    const { limits } = this
    if (++this.entries > limits.entries) throw this.refused(`has more than ${limits.entries} entries, the limit. Divide it.`)
    this.announced += bytes
    if (this.announced > Math.min(limits.bytes, this.available)) throw this.tooLarge(this.announced)
    if (packed === undefined) return
    this.packed += packed
    // Entries that share their bytes would allow a small file to unpack to almost anything.
    if (this.packed > this.size) throw this.refused('has overlapping entries and was rejected as a decompression bomb.')
    this.unpacked(this.announced, this.packed)
  }

  /** Registers unpacked bytes together with the packed bytes that they came from. */
  unpacked(bytes: number, packed: number): void {
    const { ratio, ratioFrom } = this.limits
    if (bytes > ratioFrom && bytes > ratio * packed)
      throw this.refused(`unpacks to more than ${ratio} times its size and was rejected as a decompression bomb.`)
  }

  /** Passes on the chunks of a stream that is being unpacked; `packed` is the number of packed bytes read so far. */
  async *watch(chunks: AsyncIterable<Buffer>, packed: () => number): AsyncGenerator<Buffer> {
    let bytes = 0
    for await (const chunk of chunks) {
      bytes += chunk.length
      this.unpacked(bytes, packed())
      yield chunk
    }
  }

  /** The fraction of the archive taken by the entries so far, 0 to 1. */
  get done(): number {
    return Math.min(1, this.packed / this.size)
  }

  private refused(why: string): UserError {
    return new UserError('BAD_INPUT', `${this.name} ${why}`)
  }

  /** Too large in general, or for this disk. */
  private tooLarge(bytes: number): UserError {
    if (bytes > this.limits.bytes) return this.refused(`unpacks to more than ${mebibytes(this.limits.bytes)}, the limit. Divide it.`)
    return new UserError(
      'DISK',
      `${this.name} unpacks to at least ${mebibytes(bytes)}, but the disk has only ${mebibytes(this.available)} free. Free some space.`,
    )
  }
}

/** The error for an archive that contains a file twice, so that it is ambiguous which one is meant. */
export const sameTwice = (name: string, cause?: unknown): UserError =>
  new UserError('BAD_INPUT', `Cannot unpack ${name}: it contains the same file twice. Get the archive from its original source.`, { cause })

/** Converts errors of an archive's streams to messages for users. */
export function explainArchive(errors: unknown[], name: string): unknown {
  const codes = errors.map((error) => (error instanceof Error && 'code' in error ? String(error.code) : ''))
  const disk = codes.findIndex((code) => /^E[A-Z]+$/.test(code) && code !== 'EEXIST')
  if (disk >= 0) return errors[disk]
  const cause = errors.find((error) => !(error instanceof Error && /premature|closed early|destroyed/i.test(error.message))) ?? errors[0]
  if (codes.includes('EEXIST')) return sameTwice(name, cause)
  return new UserError('BAD_INPUT', `${name} is damaged or truncated. Get it again.`, { cause })
}
