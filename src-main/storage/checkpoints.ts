import type { Database } from './database.js'
import { decodeNumbers, encodeNumbers } from './numbers.js'
import type { CheckpointStore } from '../features/runs/checkpoint-store.js'
import type { RowOf } from './tables.js'

/** The checkpoints of each run; the files are in the run's folder. */
export function createCheckpointStore(db: Database): CheckpointStore {
  const put = db.prepare(
    `INSERT INTO checkpoints (runId, file, step, kind, bytes, createdAt, metrics, weightsHash, pinned, contentHash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (runId, file) DO UPDATE SET step = excluded.step, kind = excluded.kind, bytes = excluded.bytes,
       createdAt = excluded.createdAt, metrics = excluded.metrics, weightsHash = excluded.weightsHash,
       contentHash = excluded.contentHash, pinned = max(pinned, excluded.pinned)`,
  )
  const setPinned = db.prepare('UPDATE checkpoints SET pinned = ? WHERE runId = ? AND file = ?')
  const list = db.prepare<RowOf<'checkpoints'>>('SELECT * FROM checkpoints WHERE runId = ? ORDER BY step, rowid')
  const remove = db.prepare('DELETE FROM checkpoints WHERE runId = ? AND file = ?')
  return {
    put({ runId, file, step, kind, bytes, createdAt, metrics, weightsHash, pinned = false, contentHash }) {
      put.run(runId, file, step, kind, bytes, createdAt, encodeNumbers(metrics), weightsHash, Number(pinned), contentHash ?? null)
    },
    list: (runId) =>
      list.all(runId).map(({ pinned, contentHash, ...row }) => ({
        ...row,
        metrics: decodeNumbers(row.metrics),
        ...(contentHash !== null && { contentHash }),
        ...(pinned === 1 && { pinned: true as const }),
      })),
    setPinned: (runId, file, pinned) => void setPinned.run(Number(pinned), runId, file),
    remove: (runId, file) => void remove.run(runId, file),
  }
}
