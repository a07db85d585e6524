import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { placeNew, refuseExisting } from './new-file.js'
import { unfinishedFile } from './unfinished.js'

export interface Replacing {
  /** The temporary path: next to the file, so that the rename stays on one disk. */
  temporary?: string
  /** Called when the content is on the disk: throws if the file must no longer be placed. */
  mayPlace?: () => Promise<void>
  /** false: it is an error if the file exists, both before and after the work. */
  overwrite?: boolean
}

/**
 * Replaces the content of a file atomically, so that after kill -9 or a power failure either the old or the new content is there, complete:
 * it is written to a temporary file next to it, synced, renamed, and the folder is synced too. If something throws, no temporary file is
 * left.
 * @param write writes the whole content to the given path
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
    // An old temporary file may have other permissions.
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
  // Windows requires write access for this, which a copy of a read-only file does not grant elsewhere.
  const handle = await open(path, process.platform === 'win32' ? 'r+' : 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Syncs the entries of a folder: only then a renamed file is safe. Windows cannot open folders and journals its renames. */
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
