import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { placeNew, refuseExisting } from './new-file.js'
import { unfinishedFile } from './unfinished.js'

export interface Replacing {
  /** Where it is written first: beside the file, so that the rename stays on one disk. */
  temporary?: string
  /** Asked when the content is on the disk: throws where the file must not be placed any more. */
  mayPlace?: () => Promise<void>
  /** false: it is an error when something has the name already, before the work as well as after it. */
  overwrite?: boolean
}

/**
 * Puts a new content in the place of a file, so that after kill -9 or a power cut there is the old one or the new one, whole: it is
 * written beside the file, forced to the disk, renamed, and the folder's entry is forced to the disk too. Nothing is left beside the
 * file when something throws.
 * @param write writes all of the content to the path that it is given
 */
export async function replaceFile(
  path: string,
  write: (temporary: string) => Promise<void>,
  { temporary = unfinishedFile(path), mayPlace, overwrite = true }: Replacing = {},
): Promise<void> {
  if (!overwrite) await refuseExisting(path)
  try {
    await write(temporary)
    await syncFile(temporary)
    await mayPlace?.()
    if (overwrite) await rename(temporary, path)
    else await placeNew(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** The synchronous variant for a short text. */
export function replaceTextSync(path: string, text: string, { mode = 0o666 }: { mode?: number } = {}): void {
  const temporary = unfinishedFile(path)
  try {
    // An old one may have other permissions.
    rmSync(temporary, { force: true })
    const file = openSync(temporary, 'wx', mode)
    try {
      writeSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncFolderSync(dirname(path))
}

/** Syncs a file to the disk. */
async function syncFile(path: string): Promise<void> {
  // Windows asks for the right to write, which a copy of a read-only file does not have elsewhere.
  const handle = await open(path, process.platform === 'win32' ? 'r+' : 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Forces a folder's entries to the disk: a renamed file is only safe then. Windows cannot open folders and journals its renames. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The synchronous variant. */
export function syncFolderSync(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
