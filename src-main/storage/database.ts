import type Sqlite from 'better-sqlite3'
import { explainDiskError } from './disk-errors.js'
import { openDriver } from './driver.js'
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
  /** All of the work is kept, or none; nested work joins the outer transaction. */
  immediate<T>(work: () => T): T
  /** What SQLite's own checks find, see `problemsOf`; a host that others wait for uses `findProblems`. */
  problems(): string[]
  /** Copies the database to a new file as of one moment, while it is being used. */
  backup(path: string): Promise<void>
  close(): void
}

/**
 * Opens the database, making and migrating it as needed. Every commit is synced to the disk before it returns
 * (synchronous=FULL: in WAL mode NORMAL may lose the last commits at a power cut).
 *
 * @param options.nativeBinding the driver's build for Node 20, see `driver.ts`
 * @throws UserError DISK or UNAVAILABLE when it cannot be opened, read, written, or is from a newer version
 */
export async function openDatabase(file: string, options: { nativeBinding?: string | undefined } = {}): Promise<Database> {
  const guard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw explainDiskError(error, file)
    }
  }
  let connection: Sqlite.Database | undefined
  try {
    connection = await openDriver(file, options.nativeBinding)
    connection.pragma('journal_mode = WAL')
    connection.pragma('synchronous = FULL')
    connection.pragma('foreign_keys = ON')
    connection.pragma('journal_size_limit = 67108864')
    migrate(connection, file)
  } catch (error) {
    connection?.close()
    throw explainDiskError(error, file)
  }
  return wrap(connection, file, guard)
}

function wrap(connection: Sqlite.Database, file: string, guard: <T>(work: () => T) => T): Database {
  const transaction = connection.transaction((work: () => unknown) => work())
  return {
    file,
    prepare<Row>(sql: string): Statement<Row> {
      const statement = guard(() => connection.prepare<Value[], Row>(sql))
      return {
        run: (...values) => guard(() => statement.run(...values)),
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
    immediate: <T>(work: () => T): T => guard(() => transaction.immediate(work) as T),
    problems: () => guard(() => problemsOf(connection)),
    async backup(path) {
      try {
        await connection.backup(path)
      } catch (error) {
        throw explainDiskError(error, path)
      }
    },
    close() {
      if (connection.open) guard(() => connection.close())
    },
  }
}
