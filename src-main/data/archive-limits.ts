import type { FileHandle } from 'node:fs/promises'
import { UserError } from '../contract/errors.js'

export interface ArchiveLimits {
  entries: number
  /** Of all files together, unpacked. */
  bytes: number
  /** Unpacked over packed bytes, looked at from `ratioFrom` unpacked bytes on. */
  ratio: number
  ratioFrom: number
}

export const LIMITS: ArchiveLimits = { entries: 500_000, bytes: 2 ** 36, ratio: 100, ratioFrom: 2 ** 27 }

/** Writes all bytes at the end of a file. */
export async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done)).bytesWritten
}

/**
 * The parts of an entry's path.
 * @throws UserError BAD_INPUT for what is neither file nor folder, and for a path that leaves the folder
 */
export function safePath({ name, type }: { name: string; type?: string | null | undefined }, archive: string): string[] {
  const refuse = (why: string): UserError =>
    new UserError('BAD_INPUT', `${archive} is refused: its entry ${JSON.stringify(name.slice(0, 200))} ${why}. Get it from its origin.`)
  if (!['file', 'contiguous-file', 'directory'].includes(type ?? 'file')) throw refuse(`is a ${type}, and only files and folders are read`)
  if (/[\0\\]/.test(name) || name.startsWith('/') || /^[a-z]:/i.test(name)) throw refuse('has a path that is not relative')
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw refuse('leaves the folder')
  if (parts.length > 32 || parts.some((part) => Buffer.byteLength(part) > 255)) throw refuse('has too long a path')
  return parts
}

/** That an archive unpacks to too much: for anyone, or for this disk. */
export function tooLarge(name: string, bytes: number, limit: number, available: number): UserError {
  const mebibytes = (value: number): string => `${(value / 2 ** 20).toFixed(0)} MiB`
  return bytes > limit
    ? new UserError('BAD_INPUT', `${name} unpacks to more than ${mebibytes(limit)}: refused.`)
    : new UserError(
        'DISK',
        `${name} unpacks to at least ${mebibytes(bytes)}, and the disk has ${mebibytes(available)} left: free some space.`,
      )
}

/** What an archive's own streams say, as a user can use it. */
export function explainArchive(errors: unknown[], name: string): unknown {
  const codes = errors.map((error) => (error instanceof Error && 'code' in error ? String(error.code) : ''))
  const disk = codes.findIndex((code) => /^E[A-Z]+$/.test(code) && code !== 'EEXIST')
  if (disk >= 0) return errors[disk]
  const cause = errors.find((error) => !(error instanceof Error && /premature|closed early|destroyed/i.test(error.message))) ?? errors[0]
  if (codes.includes('EEXIST'))
    return new UserError('BAD_INPUT', `${name} is refused: it holds the same file twice. Get it from its origin.`, { cause })
  return new UserError('BAD_INPUT', `${name} is damaged or cut off: get it again.`, { cause })
}
