import { readdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '../contract/errors.js'
import type { FolderListing } from '../contract/folder-listing.js'

/** Maximum number of entries, because nobody reads more. */
const MOST = 1000

/** The content of a folder; hidden files and folders are left out, and links are resolved. */
export async function listFolder(wanted: string | null): Promise<FolderListing> {
  const given = resolve(wanted ?? homedir())
  try {
    const path = (await stat(given)).isDirectory() ? given : dirname(given)
    const names = (await readdir(path)).filter((name) => !name.startsWith('.'))
    const shown = names.sort((a, b) => a.localeCompare(b)).slice(0, MOST)
    const entries = await Promise.all(
      shown.map(async (name) => {
        // An entry that disappears meanwhile, or a broken link, is listed by name only.
        const found = await stat(join(path, name)).catch(() => null)
        return { name, folder: found?.isDirectory() ?? false, bytes: found?.isFile() ? found.size : null }
      }),
    )
    const parent = dirname(path)
    return {
      path,
      parent: parent === path ? null : parent,
      entries: entries.sort((a, b) => Number(b.folder) - Number(a.folder)),
      more: names.length - shown.length,
    }
  } catch (error) {
    throw new UserError(
      'NOT_FOUND',
      `${given} cannot be listed (${(error as NodeJS.ErrnoException).code ?? String(error)}). Choose another folder.`,
      {
        cause: error,
      },
    )
  }
}
