import type Sqlite from 'better-sqlite3'
import { migrateTo, SCHEMA_VERSION } from './migrate.js'

/** "Rtrc" as SQLite's application id. */
export const APPLICATION_ID = 0x52747263

/** The last version of the format in which some databases have no application id. */
const LAST_UNNAMED = 14

/** Whether a database belongs to this program; `why` completes a sentence. */
export type Identity = { kind: 'ours' | 'empty' } | { kind: 'newer' | 'foreign'; why: string }

/**
 * Determines what a database is before anything in it is changed: one of Retrace, of this or an earlier version, with the tables and
 * columns of that version; a new one; or something else, which is not migrated.
 *
 * @param blank a connection to an empty in-memory database, in which the expected tables are created
 */
export function identify(db: Sqlite.Database, blank: Sqlite.Database): Identity {
  const version = Number(db.pragma('user_version', { simple: true }))
  const application = Number(db.pragma('application_id', { simple: true }))
  const found = columnsOf(db)
  if (version === 0 && application === 0 && found.size === 0) return { kind: 'empty' }
  const foreign = { kind: 'foreign', why: 'is not a Retrace database' } as const
  // Early databases have no application id.
  if (application !== APPLICATION_ID && (application !== 0 || version > LAST_UNNAMED)) return foreign
  if (version > SCHEMA_VERSION)
    return { kind: 'newer', why: `was written by a newer Retrace (format ${version}, this one supports ${SCHEMA_VERSION})` }
  if (version === 0) return foreign
  migrateTo(blank, version)
  for (const [table, columns] of columnsOf(blank)) {
    const there = found.get(table)
    if (!there) return { kind: 'foreign', why: `is not a Retrace database (it has no table ${table})` }
    const missing = columns.find((column) => !there.includes(column))
    if (missing) return { kind: 'foreign', why: `is not a Retrace database (its table ${table} has no column ${missing})` }
  }
  return { kind: 'ours' }
}

/** Columns by table. */
function columnsOf(db: Sqlite.Database): Map<string, string[]> {
  const rows = db
    .prepare(
      "SELECT t.name AS name, c.name AS col FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .all() as { name: string; col: string }[]
  const found = new Map<string, string[]>()
  for (const { name, col } of rows) found.set(name, [...(found.get(name) ?? []), col])
  return found
}
