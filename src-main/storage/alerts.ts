import type { Database } from './database.js'
import type { AlertStore } from '../features/home/alerts.js'
import type { RowOf } from './tables.js'

/** Number of alerts to keep. */
const KEEP = 500

export function createAlertStore(db: Database): AlertStore {
  const insert = db.prepare('INSERT INTO alerts (at, kind, level, runId, message, read) VALUES (?, ?, ?, ?, ?, 0)')
  const trim = db.prepare('DELETE FROM alerts WHERE id <= ?')
  const list = db.prepare<RowOf<'alerts'>>(
    'SELECT * FROM alerts WHERE runId IS NULL OR runId IN (SELECT id FROM runs WHERE removedAt IS NULL) ORDER BY id DESC',
  )
  const read = db.prepare('UPDATE alerts SET read = 1 WHERE id <= ? AND read = 0')
  return {
    add({ at, kind, level, runId, message }) {
      const id = Number(insert.run(at, kind, level, runId, message).lastInsertRowid)
      trim.run(id - KEEP)
      return { id, at, kind, level, runId, message, read: false }
    },
    list: () => list.all().map((row) => ({ ...row, read: row.read === 1 })),
    markRead: (upTo) => void read.run(upTo),
  }
}
