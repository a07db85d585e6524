import superjson from 'superjson'
import { watchedRun, type Change, type Task } from '../contract/changes.js'
import type { Database } from './database.js'
import type { Journal } from '../features/home/changes.js'
import type { RowOf } from './tables.js'

type Row = RowOf<'journal'>

export interface JournalLimits {
  /** Number of changes to keep. */
  rows: number
  /** Total bytes of their bodies to keep. */
  bytes: number
}

const LIMITS: JournalLimits = { rows: 50_000, bytes: 64 * 2 ** 20 }

/** Number of appends between two trims: deleting many rows costs little more than deleting a few. */
const TRIM_EVERY = 500

/**
 * Every committed change in order, limited in rows and bytes. Sequence numbers are never reused, even when everything has been trimmed;
 * `oldest` reveals to a client that the changes it asks for no longer exist.
 */
export function createJournal(db: Database, limits: JournalLimits = LIMITS): Journal {
  const insert = db.prepare(
    `INSERT INTO journal (kind, runId, bytesUpTo, body)
     VALUES (?, ?, coalesce((SELECT bytesUpTo FROM journal ORDER BY seq DESC LIMIT 1), 0) + ?, ?)`,
  )
  const sequence = db.prepare<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'journal'")
  const oldest = db.prepare<{ seq: number | null }>('SELECT min(seq) AS seq FROM journal')
  const after = db.prepare<Pick<Row, 'seq' | 'body'>>(
    `SELECT seq, body FROM journal
     WHERE seq > ? AND (runId IS NULL OR runId IN (SELECT value FROM json_each(?))) ORDER BY seq LIMIT ?`,
  )
  const tasks = db.prepare<Pick<Row, 'body'>>("SELECT body FROM journal WHERE kind = 'task' ORDER BY seq")
  const trimRows = db.prepare('DELETE FROM journal WHERE seq <= ?')
  const firstWithin = db.prepare<{ seq: number }>(
    `SELECT seq FROM journal WHERE bytesUpTo > (SELECT bytesUpTo FROM journal ORDER BY seq DESC LIMIT 1) - ? ORDER BY seq LIMIT 1`,
  )
  const last = (): number => sequence.get()?.seq ?? 0

  function trim(newest: number): void {
    trimRows.run(newest - limits.rows)
    const first = firstWithin.get(limits.bytes)
    if (first) trimRows.run(first.seq - 1)
  }

  return {
    append(change) {
      const body = superjson.stringify(change)
      const seq = Number(insert.run(change.kind, watchedRun(change), body.length, body).lastInsertRowid)
      if (seq % TRIM_EVERY === 0) trim(seq)
      return seq
    },
    last,
    oldest: () => oldest.get()?.seq ?? null,
    tasks() {
      const newest = new Map<string, Task>()
      for (const { body } of tasks.all()) {
        const change = superjson.parse<Change>(body)
        if (change.kind === 'task') newest.set(change.task.id, change.task)
      }
      return [...newest.values()]
    },
    after: (seq, { detailOf, limit }) =>
      after.all(seq, JSON.stringify(detailOf), limit).map((row) => ({ seq: row.seq, change: superjson.parse<Change>(row.body) })),
  }
}
