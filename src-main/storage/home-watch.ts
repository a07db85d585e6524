import { closeSync, fstatSync, openSync, readlinkSync, statSync, type BigIntStats } from 'node:fs'
import { UserError } from '../contract/errors.js'
import { databaseFile } from './home-files.js'
import type { HomeLoss, HomeWatch } from '../features/home/home-watch.js'

type Identity = Pick<BigIntStats, 'dev' | 'ino'>

const same = (a: Identity, b: Identity): boolean => a.dev === b.dev && a.ino === b.ino

/**
 * The current status of a path; null if nothing has this name. Undefined if that cannot be determined, which is no reason to stop anything.
 */
function look(path: string): BigIntStats | null | undefined {
  try {
    return statSync(path, { bigint: true })
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code)) ? null : undefined
  }
}

export interface WatchOptions {
  /**
   * Writes data that are only in the write-ahead log into the database, which still belongs to this host as long as only the log is
   * missing.
   */
  emptyLog(): boolean
}

/**
 * Watches whether the paths of a home still lead to what this process has open: the folder, the database, and SQLite's auxiliary files.
 * Writing to an open file succeeds even if it was renamed or deleted, so that nothing else would reveal this.
 */
export function watchHome(home: string, { emptyLog }: WatchOptions): HomeWatch {
  // Held open, so that no other folder can get its inode number.
  const folder = openFolder(home)
  const file = databaseFile(home)
  const [log, index] = [`${file}-wal`, `${file}-shm`]
  const known = new Map<string, Identity>()
  let loss: HomeLoss | null = null

  /** How an existing file has changed; null if it has not. */
  function change(path: string): 'removed' | 'replaced' | null {
    const [before, now] = [known.get(path), look(path)]
    if (now === undefined) return null
    if (before === undefined) {
      if (now) known.set(path, now)
      return null
    }
    return now === null ? 'removed' : same(before, now) ? null : 'replaced'
  }

  function find(): HomeLoss | null {
    if (change(home)) return lostFolder()
    const [database, itsLog, itsIndex] = [change(file), change(log), change(index)]
    if (database === 'removed')
      return lost(
        `The database ${file} was removed`,
        'quit Retrace, put the file back or restore a backup, and start again. What windows show can still be exported from them',
        home,
      )
    if (database === 'replaced')
      return lost(
        `Another file was put in the place of the database ${file}`,
        'quit Retrace; the next start opens the file that is there now',
        home,
      )
    if (itsLog === 'removed' && itsIndex !== 'replaced')
      return lost(
        `The file ${log}, which holds the newest part of the database, was removed`,
        emptyLog()
          ? 'quit Retrace and start it again. Its contents were written to the database, so nothing is missing'
          : 'quit Retrace and run `retrace home check`; the newest changes may be missing',
        home,
      )
    if (itsLog ?? itsIndex)
      return lost(
        `${itsLog ? log : index}, which is part of the database, was ${itsLog ?? itsIndex}`,
        'quit Retrace and run `retrace home check`; the newest changes may be missing',
        home,
      )
    return null
  }

  function lostFolder(): HomeLoss {
    const now = placeOf(folder)
    if (now === null)
      return lost(
        `The home folder ${home} was removed`,
        'quit Retrace and restore a backup if there is one. What windows show can still be exported from them',
        null,
      )
    if (now === undefined) return lost(`The home folder ${home} was moved`, 'quit Retrace, move it back, and start again', null)
    return lost(`The home folder ${home} was moved to ${now}`, `quit Retrace, then move it back or start with --home ${now}`, now)
  }

  known.set(home, folder === null ? statSync(home, { bigint: true }) : fstatSync(folder, { bigint: true }))
  for (const path of [file, log, index]) change(path)

  const lookNow = (): HomeLoss | null => (loss ??= find())
  return {
    look: lookNow,
    require() {
      const found = lookNow()
      if (found) throw new UserError('DISK', found.message)
    },
    close() {
      if (folder !== null) closeSync(folder)
    },
  }
}

const lost = (what: string, remedy: string, folder: string | null): HomeLoss => ({
  what,
  message: `${what} while Retrace was using it. Nothing is stored any more, and runs were asked to write a checkpoint and exit. To continue, ${remedy}.`,
  folder,
})

/** null on Windows, which cannot open folders, and does not allow moving one that contains an open file. */
function openFolder(home: string): number | null {
  return process.platform === 'win32' ? null : openSync(home, 'r')
}

/** The current path of an open folder: null if it was removed, undefined if the system does not report it. */
function placeOf(folder: number | null): string | null | undefined {
  if (folder === null) return undefined
  const self = fstatSync(folder, { bigint: true })
  if (self.nlink === 0n) return null
  try {
    const path = readlinkSync(`/proc/self/fd/${folder}`)
    if (path.endsWith(' (deleted)')) return null
    const found = look(path)
    return found && same(found, self) ? path : undefined
  } catch {
    // Only Linux reports it.
    return undefined
  }
}
