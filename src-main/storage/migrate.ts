import type Sqlite from 'better-sqlite3'
import { UserError } from '../contract/errors.js'

const files = import.meta.glob<string>('./migrations/*.sql', { query: '?raw', import: 'default', eager: true })

/** SQL of each version in order; the file `0003_name.sql` leads to version 3. */
const MIGRATIONS = Object.entries(files)
  .map(([path, sql]) => ({ version: Number(/\/(\d{4})_[^/]*\.sql$/.exec(path)?.[1]), sql }))
  .sort((a, b) => a.version - b.version)

if (MIGRATIONS.some(({ version }, at) => version !== at + 1)) throw new Error('migrations must be numbered 0001, 0002, ... without a gap')

export const SCHEMA_VERSION = MIGRATIONS.length

/**
 * Brings the database to this program's version: all missing migrations in one immediate transaction, so that a second
 * opener waits and then finds the work done, and a failure leaves the old version whole.
 *
 * @throws UserError DISK when a newer Retrace made the database
 */
export function migrate(db: Sqlite.Database, file: string): void {
  const upgrade = db.transaction(() => {
    const found = Number(db.pragma('user_version', { simple: true }))
    if (found > SCHEMA_VERSION)
      throw new UserError(
        'DISK',
        `${file} was made by a newer Retrace (format ${found}, this one knows ${SCHEMA_VERSION}): update Retrace, or choose another home folder with --home or RETRACE_HOME.`,
      )
    for (const { version, sql } of MIGRATIONS.slice(found)) {
      db.exec(sql)
      db.pragma(`user_version = ${version}`)
    }
  })
  upgrade.immediate()
}
