import { open, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Entry, ZipFile } from 'yauzl'
import { isUserError, UserError } from '../contract/errors.js'
import { makeFolderBelow } from '../durable/folders.js'
import { ArchiveTally, explainArchive, safePath, writeWhole, type UnpackOptions } from './archive-limits.js'
import { freeBytes } from './disk.js'
import { noEntryNames, zipName } from './entry-names.js'

/** Bits of a Unix mode for the file type. */
const KIND = 0o170000
const KINDS: Record<number, string> = {
  0o120000: 'symlink',
  0o020000: 'character device',
  0o060000: 'block device',
  0o010000: 'pipe',
  0o140000: 'socket',
}
const UNIX = 3

/** The file type of an entry, as far as the creating system states it. */
function kindOf({ fileName, versionMadeBy, externalFileAttributes }: Entry): string {
  const kind = versionMadeBy >> 8 === UNIX ? KINDS[(externalFileAttributes >>> 16) & KIND] : undefined
  return kind ?? (fileName.endsWith('/') ? 'directory' : 'file')
}

/**
 * Unpacks the folders and regular files of a .zip into a new, empty folder.
 * @throws UserError BAD_INPUT for links, devices, paths that leave the folder, duplicate names, overlapping entries, bombs, encrypted,
 *   damaged or truncated archives; DISK when it does not fit. The caller then removes the folder.
 */
export async function unpackZip(file: string, into: string, options: UnpackOptions): Promise<void> {
  const name = basename(file)
  const { names = noEntryNames() } = options
  const tally = new ArchiveTally(name, (await stat(file)).size, options.limits, await (options.free ?? freeBytes)(into))
  let zip: ZipFile | undefined
  try {
    zip = await openZip(file)
    // Stated at the end of the file, before the first entry is read.
    tally.expect(zip.entryCount)
    for await (const entry of zip.eachEntry()) {
      options.signal.throwIfAborted()
      tally.entry(entry.uncompressedSize, entry.compressedSize)
      const kind = kindOf(entry)
      const target = join(into, ...safePath({ name: zipName(entry, names), type: kind }, name))
      if (kind === 'directory') {
        await makeFolderBelow(into, target)
        continue
      }
      if (!entry.canDecodeFileData())
        throw new UserError(
          'BAD_INPUT',
          `${name} has entries that are encrypted or not compressed with deflate. Unpack it and give the folder.`,
        )
      await makeFolderBelow(into, dirname(target))
      const handle = await open(target, 'wx')
      try {
        // yauzl ends with an error if the size differs from the announced one.
        for await (const chunk of await zip.openReadStreamPromise(entry)) await writeWhole(handle, chunk as Uint8Array)
      } finally {
        await handle.close()
      }
      options.onProgress(tally.done)
    }
  } catch (error) {
    options.signal.throwIfAborted()
    if (isUserError(error)) throw error
    if (error instanceof Error && /relative path|absolute path|invalid characters in fileName/.test(error.message))
      throw new UserError(
        'BAD_INPUT',
        `Cannot unpack ${name}: an entry has a path outside the archive. Get the archive from its original source.`,
        {
          cause: error,
        },
      )
    throw explainArchive([error], name)
  } finally {
    zip?.close()
  }
}

/** Opens a zip; the library is loaded only when needed. */
export async function openZip(file: string): Promise<ZipFile> {
  const { openPromise } = await import('yauzl')
  return openPromise(file, { autoClose: false })
}
