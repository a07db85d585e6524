import type { CheckpointStore } from '../experiments/ports.js'
import type { Database } from './database.js'
import { decodeNumbers, encodeNumbers } from './numbers.js'
import type { checkpoints } from './schema.js'

/** What is known of the checkpoint files of each run; the files lie in its folder. */
export function createCheckpointStore(db: Database): CheckpointStore {
  const put = db.prepare(
    `INSERT INTO checkpoints (runId, file, step, kind, bytes, createdAt, metrics, weightsHash, pinned) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (runId, file) DO UPDATE SET step = excluded.step, kind = excluded.kind, bytes = excluded.bytes,
       createdAt = excluded.createdAt, metrics = excluded.metrics, weightsHash = excluded.weightsHash, pinned = max(pinned, excluded.pinned)`,
  )
  const setPinned = db.prepare('UPDATE checkpoints SET pinned = ? WHERE runId = ? AND file = ?')
  const list = db.prepare<typeof checkpoints.$inferSelect>('SELECT * FROM checkpoints WHERE runId = ? ORDER BY step, createdAt')
  const remove = db.prepare('DELETE FROM checkpoints WHERE runId = ? AND file = ?')
  return {
    put({ runId, file, step, kind, bytes, createdAt, metrics, weightsHash, pinned = false }) {
      put.run(runId, file, step, kind, bytes, createdAt, encodeNumbers(metrics), weightsHash, Number(pinned))
    },
    list: (runId) =>
      list.all(runId).map(({ pinned, ...row }) => ({
        ...row,
        metrics: decodeNumbers(row.metrics),
        ...(pinned === 1 && { pinned: true as const }),
      })),
    setPinned: (runId, file, pinned) => void setPinned.run(Number(pinned), runId, file),
    remove: (runId, file) => void remove.run(runId, file),
  }
}
