import type { CheckpointStore } from '../experiments/ports.js'
import type { Database } from './database.js'
import { decodeNumbers, encodeNumbers } from './numbers.js'
import type { checkpoints } from './schema.js'

/** What is known of the checkpoint files of each run; the files lie in its folder. */
export function createCheckpointStore(db: Database): CheckpointStore {
  const put = db.prepare(
    'INSERT OR REPLACE INTO checkpoints (runId, file, step, kind, bytes, createdAt, metrics, weightsHash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const list = db.prepare<typeof checkpoints.$inferSelect>('SELECT * FROM checkpoints WHERE runId = ? ORDER BY step, createdAt')
  const remove = db.prepare('DELETE FROM checkpoints WHERE runId = ? AND file = ?')
  return {
    put({ runId, file, step, kind, bytes, createdAt, metrics, weightsHash }) {
      put.run(runId, file, step, kind, bytes, createdAt, encodeNumbers(metrics), weightsHash)
    },
    list: (runId) => list.all(runId).map((row) => ({ ...row, metrics: decodeNumbers(row.metrics) })),
    remove: (runId, file) => void remove.run(runId, file),
  }
}
