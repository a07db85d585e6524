import type Sqlite from 'better-sqlite3'
import { UserError } from '../contract/errors.js'
import { obstacleOf } from '../contract/errors.js'
import { explainDiskError } from './disk-errors.js'
import { openDriver } from '../sqlite/driver.mjs'
import { APPLICATION_ID, identify, type Identity } from './identity.js'
import { problemsOf } from './integrity.js'
import { migrate, SCHEMA_VERSION } from './migrate.js'

type Value = string | number | bigint | Buffer | null

/** A prepared statement whose errors are explained to the user if they can be fixed. */
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
  /** The findings of SQLite's own checks, see `problemsOf`; a host that serves others uses `findProblems`. */
  problems(): string[]
  /** Copies a snapshot of the database to a new file while it is in use. */
  backup(path: string): Promise<void>
  /** Writes everything that is only in the write-ahead log into the database file; false if that was not possible. */
  emptyLog(): boolean
  close(): void
}

export interface DatabaseOptions {
  /** Called when the disk is full, at most once per operation; the operation is retried if it returns that it has made room. */
  makeRoom?: (() => boolean) | undefined
  /**
   * Called before every transaction and every write outside of one: true once the files are no longer those that were opened. From then on,
   * writes are visible on this connection but never stored: they are part of one transaction that never ends.
   */
  isLost?: (() => boolean) | undefined
  /** Called with the schema version of a database that is about to be migrated. If it throws, nothing is migrated. */
  beforeMigration?: ((db: Sqlite.Database, version: number) => void) | undefined
}

/** Milliseconds that a statement waits for a lock held by another program. */
const BUSY_MS = 500

/**
 * Large enough that no stored change has the number of one that was not stored: clients that have seen such a number are told to start
 * over.
 */
const NUMBERS_APART = 1e12

/**
 * Opens the database, creating and migrating it as needed. Every commit is synced to the disk before it returns (synchronous=FULL: in WAL
 * mode, NORMAL may lose the last commits in a power failure).
 *
 * @throws UserError DISK or UNAVAILABLE when it cannot be opened, read, written, or is from a newer version
 */
export async function openDatabase(file: string, { makeRoom, isLost, beforeMigration }: DatabaseOptions = {}): Promise<Database> {
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
      // Inside a transaction, the whole transaction is retried.
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
    const version = Number(opened.pragma('user_version', { simple: true }))
    // An empty database needs no copy.
    if (version > 0 && version < SCHEMA_VERSION) guard(() => beforeMigration?.(opened, version))
    guard(() => migrate(opened))
    if (Number(connection.pragma('application_id', { simple: true })) !== APPLICATION_ID)
      connection.pragma(`application_id = ${APPLICATION_ID}`)
    // From now on, this thread serves many clients; reports of runs are retried, see `Obstacle`.
    connection.pragma(`busy_timeout = ${BUSY_MS}`)
  } catch (error) {
    connection?.close()
    throw explainDiskError(error, file)
  }
  return wrap(connection, file, guard, isLost ?? (() => false))
}

/** Determines which program a database file belongs to, without writing. @throws SQLite's error if it is not a database */
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
    // In one snapshot, because another process may be creating the database.
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
      // Prevents even the spilling of cached pages to files that belong to others by now.
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
        // Whatever the error was, the data are still only in the log.
        return false
      }
    },
    close() {
      // SQLite would delete the log by its name, which may belong to another database by now; the end of the process releases the rest.
      if (connection.open && !detached) guard(() => connection.close())
    },
  }
}
