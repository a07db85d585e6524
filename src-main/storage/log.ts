import type { Database } from './database.js'
import type { LogStore } from '../features/runs/log-store.js'
import type { RowOf } from './tables.js'

/** Number of entries to keep per run, so that a trainer that warns at every step cannot fill the disk. */
const KEEP = 20_000
const TRIM_EVERY = 1000

export function createLogStore(db: Database): LogStore {
  const insert = db.prepare('INSERT INTO log (runId, at, level, message) VALUES (?, ?, ?, ?)')
  const tail = db.prepare<Omit<RowOf<'log'>, 'id'>>(
    'SELECT runId, at, level, message FROM (SELECT * FROM log WHERE runId = ? ORDER BY id DESC LIMIT ?) ORDER BY id',
  )
  const trim = db.prepare(
    'DELETE FROM log WHERE runId = ? AND id <= (SELECT id FROM log WHERE runId = ? ORDER BY id DESC LIMIT 1 OFFSET ?)',
  )
  return {
    append({ runId, at, level, message }) {
      const id = Number(insert.run(runId, at, level, message).lastInsertRowid)
      if (id % TRIM_EVERY === 0) trim.run(runId, runId, KEEP)
    },
    tail: (runId, limit) => tail.all(runId, limit),
  }
}
