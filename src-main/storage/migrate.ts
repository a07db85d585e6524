import type Sqlite from 'better-sqlite3'
import { decodeNumbers, encodeNumbers } from './numbers.js'
import { countUpTo, fromBlob } from './points.js'

const files = import.meta.glob<string>('./migrations/*.sql', { query: '?raw', import: 'default', eager: true })

/** SQL of each version in order; the file `0003_name.sql` migrates to version 3. */
const MIGRATIONS = Object.entries(files)
  .map(([path, sql]) => ({ version: Number(/\/(\d{4})_[^/]*\.sql$/.exec(path)?.[1]), sql }))
  .sort((a, b) => a.version - b.version)

if (MIGRATIONS.some(({ version }, at) => version !== at + 1)) throw new Error('migrations must be numbered 0001, 0002, ... without a gap')

export const SCHEMA_VERSION = MIGRATIONS.length

/**
 * Migrates a database that is ours or empty (see `identify`) to this program's version: all missing migrations run in one immediate
 * transaction, so that a concurrent opener waits and then finds them done, and a failure leaves the old version intact.
 */
export function migrate(db: Sqlite.Database): void {
  db.transaction(() => migrateTo(db, SCHEMA_VERSION)).immediate()
}

/** Runs the missing migrations up to a version. */
export function migrateTo(db: Sqlite.Database, target: number): void {
  const found = Number(db.pragma('user_version', { simple: true }))
  if (found < target) defineFunctions(db)
  for (const { version, sql } of MIGRATIONS.slice(found, target)) {
    db.exec(sql)
    db.pragma(`user_version = ${version}`)
  }
}

/** SQL functions that migrations need. */
export function defineFunctions(db: Sqlite.Database): void {
  db.function('has_step', { deterministic: true }, (steps: Buffer, step: number) => {
    const all = fromBlob(steps)
    return Number(all[countUpTo(all, step) - 1] === step)
  })
  db.function('keep_keys', { deterministic: true }, (numbers: string, keys: string) => {
    const kept = new Set(JSON.parse(keys) as string[])
    return encodeNumbers(Object.fromEntries(Object.entries(decodeNumbers(numbers)).filter(([key]) => kept.has(key))))
  })
}
