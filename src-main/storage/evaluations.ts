import type { ConfusionCell, Evaluation, EvaluationSummary, Mistake } from '../contract/evaluations.js'
import type { Database } from './database.js'
import type { EvaluationStore } from '../features/evaluations/keep-evaluation.js'
import type { RowOf } from './tables.js'

type Row = RowOf<'evaluations'>
type SummaryRow = Omit<Row, 'confusion' | 'mistakes'>

const COLUMNS = 'runId, file, step, at, datasetHash, images, accuracy, loss'

const toSummary = ({ loss, ...row }: SummaryRow): EvaluationSummary => ({ ...row, loss: loss ?? NaN })

/** Evaluations of checkpoints; matrices and mistakes are read only when an evaluation is shown. */
export function createEvaluationStore(db: Database): EvaluationStore {
  const put = db.prepare(`INSERT OR REPLACE INTO evaluations (${COLUMNS}, confusion, mistakes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const get = db.prepare<Row>('SELECT * FROM evaluations WHERE runId = ? AND file = ?')
  const list = db.prepare<SummaryRow>(`SELECT ${COLUMNS} FROM evaluations WHERE runId = ? ORDER BY step, rowid`)
  const truncate = db.prepare('DELETE FROM evaluations WHERE runId = ? AND step > ?')
  return {
    put({ runId, file, step, at, datasetHash, images, accuracy, loss, confusion, mistakes }: Evaluation) {
      put.run(runId, file, step, at, datasetHash, images, accuracy, loss, JSON.stringify(confusion), JSON.stringify(mistakes))
    },
    get(runId, file) {
      const row = get.get(runId, file)
      if (!row) return undefined
      const { confusion, mistakes, ...summary } = row
      return {
        ...toSummary(summary),
        confusion: JSON.parse(confusion) as ConfusionCell[],
        mistakes: JSON.parse(mistakes) as Mistake[],
      }
    },
    list: (runId) => list.all(runId).map(toSummary),
    truncateAfter: (runId, step) => void truncate.run(runId, step),
  }
}
