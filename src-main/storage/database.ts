import type Sqlite from 'better-sqlite3'
import { UserError } from '../contract/errors.js'
import { obstacleOf } from '../contract/errors.js'
import { explainDiskError } from './disk-errors.js'
import { openDriver } from '../sqlite/driver.mjs'
import { APPLICATION_ID, identify, type Identity } from './identity.js'
import { problemsOf } from './integrity.js'
import { migrate } from './migrate.js'

type Value = string | number | bigint | Buffer | null

/** A prepared statement whose failures are explained to the user where the user can mend them. */
export interface Statement<Row> {
  run(...values: Value[]): { changes: number; lastInsertRowid: number | bigint }
  get(...values: Value[]): Row | undefined
  all(...values: Value[]): Row[]
  iterate(...values: Value[]): Generator<Row>
}

export interface Database {
  readonly file: string
  prepare<Row = unknown>(sql: string): Statement<Row>
  /** Runs work in a transaction; nested work joins the outer one. */
  immediate<T>(work: () => T): T
  /** What SQLite's own checks find, see `problemsOf`; a host that others wait for uses `findProblems`. */
  problems(): string[]
  /** Copies the database to a new file as of one moment, while it is being used. */
  backup(path: string): Promise<void>
  /** Writes all of what is only in the log into the database's own file; false when that could not be done. */
  emptyLog(): boolean
  close(): void
}

export interface DatabaseOptions {
  /** Called when the disk is full, at most once for each piece of work, which is tried again when it answers that it made room. */
  makeRoom?: (() => boolean) | undefined
  /**
   * Asked before every transaction and every write outside of one: true once the files are no longer those that were opened. From then on
   * whatever is written is seen by this connection and kept by none: it is part of one transaction that never ends.
   */
  isLost?: (() => boolean) | undefined
}

/** Milliseconds that a statement waits for a lock of another program. */
const BUSY_MS = 500

/** So far apart that no change which was kept has the number of one that was not: clients that saw such a number are told to begin anew. */
const NUMBERS_APART = 1e12

/**
 * Opens the database, making and migrating it as needed. Every commit is synced to the disk before it returns
 * (synchronous=FULL: in WAL mode NORMAL may lose the last commits at a power cut).
 *
 * @throws UserError DISK or UNAVAILABLE when it cannot be opened, read, written, or is from a newer version
 */
export async function openDatabase(file: string, { makeRoom, isLost }: DatabaseOptions = {}): Promise<Database> {
  const explained = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw explainDiskError(error, file)
    }
  }
  const guard = <T>(work: () => T): T => {
    try {
      return explained(work)
    } catch (error) {
      // Inside of a transaction it is the whole of that which is tried again.
      if (obstacleOf(error) !== 'full' || connection?.inTransaction || !makeRoom?.()) throw error
      return explained(work)
    }
  }
  let connection: Sqlite.Database | undefined
  try {
    connection = await openDriver(file)
    requireOurs(await identityOf(connection), file)
    const opened = connection
    guard(() => opened.pragma('journal_mode = WAL'))
    connection.pragma('synchronous = FULL')
    connection.pragma('foreign_keys = ON')
    connection.pragma('journal_size_limit = 67108864')
    guard(() => migrate(opened))
    if (Number(connection.pragma('application_id', { simple: true })) !== APPLICATION_ID)
      connection.pragma(`application_id = ${APPLICATION_ID}`)
    // From now on many wait for this thread; what runs report is tried again, see `Obstacle`.
    connection.pragma(`busy_timeout = ${BUSY_MS}`)
  } catch (error) {
    connection?.close()
    throw explainDiskError(error, file)
  }
  return wrap(connection, file, guard, isLost ?? (() => false))
}

/** Whose a database file is; it is only read. @throws what SQLite throws where it is none */
export async function identifyFile(file: string): Promise<Identity> {
  const connection = await openDriver(file)
  try {
    return await identityOf(connection)
  } finally {
    connection.close()
  }
}

async function identityOf(connection: Sqlite.Database): Promise<Identity> {
  const blank = await openDriver(':memory:')
  try {
    // As of one moment: another process may be making the database.
    return connection.transaction(() => identify(connection, blank))()
  } finally {
    blank.close()
  }
}

/** @throws UserError DISK */
function requireOurs(identity: Identity, file: string): void {
  if (identity.kind === 'newer')
    throw new UserError('DISK', `${file} ${identity.why}. Update Retrace, or choose another home folder with --home or RETRACE_HOME.`)
  if (identity.kind === 'foreign')
    throw new UserError(
      'DISK',
      `${file} ${identity.why} and was not changed. Move it away, or choose another home folder with --home or RETRACE_HOME.`,
    )
}

function wrap(connection: Sqlite.Database, file: string, guard: <T>(work: () => T) => T, isLost: () => boolean): Database {
  const transaction = connection.transaction((work: () => unknown) => work())
  let detached = false
  /** The check of `DatabaseOptions.isLost`. */
  const beforeWrite = (): void => {
    if (detached || connection.inTransaction || !isLost()) return
    guard(() => {
      // Not even pages that nobody will ever read are written to files that are somebody else's by now.
      connection.pragma('cache_spill = OFF')
      connection.exec('BEGIN IMMEDIATE')
    })
    detached = true
    connection.exec(`UPDATE sqlite_sequence SET seq = seq + ${NUMBERS_APART}`)
  }
  return {
    file,
    prepare<Row>(sql: string): Statement<Row> {
      const statement = guard(() => connection.prepare<Value[], Row>(sql))
      return {
        run: (...values) => {
          beforeWrite()
          return guard(() => statement.run(...values))
        },
        get: (...values) => guard(() => statement.get(...values)),
        all: (...values) => guard(() => statement.all(...values)),
        *iterate(...values) {
          try {
            yield* statement.iterate(...values)
          } catch (error) {
            throw explainDiskError(error, file)
          }
        },
      }
    },
    immediate<T>(work: () => T): T {
      beforeWrite()
      return guard(() => transaction.immediate(work) as T)
    },
    problems: () => guard(() => problemsOf(connection)),
    async backup(path) {
      try {
        await connection.backup(path)
      } catch (error) {
        throw explainDiskError(error, path)
      }
    },
    emptyLog() {
      try {
        const [done] = connection.pragma('wal_checkpoint(FULL)') as { busy: number; log: number; checkpointed: number }[]
        return done !== undefined && done.busy === 0 && done.log === done.checkpointed
      } catch {
        // Whatever it was: it is in the log alone.
        return false
      }
    },
    close() {
      // SQLite would remove the log by its name, which may be that of another database by now; the end of the process closes the rest.
      if (connection.open && !detached) guard(() => connection.close())
    },
  }
}
