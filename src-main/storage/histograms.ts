import { toBase64 } from '../contract/base64.js'
import { keptHistograms, type Histograms } from '../contract/histograms.js'
import type { HistogramStore } from '../features/runs/histogram-store.js'
import type { Database } from './database.js'
import type { RowOf } from './tables.js'
import { everySecond } from './thin.js'

type Row = RowOf<'histograms'>

const toHistograms = ({ parts, vals, ...row }: Row): Histograms => ({
  ...row,
  parts: JSON.parse(parts) as Histograms['parts'],
  values: toBase64(vals),
})

export function createHistogramStore(db: Database): HistogramStore {
  const put = db.prepare('INSERT OR REPLACE INTO histograms (runId, step, bins, parts, vals) VALUES (?, ?, ?, ?, ?)')
  const list = db.prepare<Row>('SELECT * FROM histograms WHERE runId = ? ORDER BY step')
  const count = db.prepare<{ count: number }>('SELECT count(*) AS count FROM histograms WHERE runId = ?')
  const thin = db.prepare(everySecond('histograms'))
  const truncate = db.prepare('DELETE FROM histograms WHERE runId = ? AND step > ?')
  return {
    put({ runId, step, bins, parts, values }) {
      const bytes = Buffer.from(values, 'base64')
      put.run(runId, step, bins, JSON.stringify(parts), bytes)
      if (count.get(runId)!.count > keptHistograms(bytes.length)) thin.run(runId, runId)
    },
    list: (runId) => list.all(runId).map(toHistograms),
    truncateAfter: (runId, step) => void truncate.run(runId, step),
  }
}
