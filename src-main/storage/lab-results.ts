import type { LabEntry, LabOptions, LabResult } from '../contract/lab.js'
import type { LabStore } from '../features/lab/lab-store.js'
import type { Database } from './database.js'
import type { RowOf } from './tables.js'

type EntryRow = Omit<RowOf<'lab_results'>, 'result'>

const COLUMNS = 'runId, file, step, at, diagnostic, title, options, seconds'

const toEntry = ({ options, ...row }: EntryRow): LabEntry => ({ ...row, options: JSON.parse(options) as LabOptions })

/** Options in canonical order, so that a repeated request replaces its result. */
const ordered = (options: LabOptions): string =>
  JSON.stringify(Object.fromEntries(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))))

/** Results of diagnostics; tables and figures are read only when a result is shown. */
export function createLabStore(db: Database): LabStore {
  const put = db.prepare<EntryRow>(
    `INSERT OR REPLACE INTO lab_results (${COLUMNS}, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number, ${COLUMNS}`,
  )
  const get = db.prepare<{ result: string }>('SELECT result FROM lab_results WHERE number = ?')
  const list = db.prepare<EntryRow>(`SELECT number, ${COLUMNS} FROM lab_results WHERE runId = ? ORDER BY number DESC`)
  const latest = db.prepare<{ summary: string; tables: string }>(
    "SELECT json_extract(result, '$.summary') AS summary, json_extract(result, '$.tables') AS tables FROM lab_results WHERE runId = ? AND diagnostic = ? ORDER BY step DESC, number DESC LIMIT 1",
  )
  const truncate = db.prepare('DELETE FROM lab_results WHERE runId = ? AND step > ?')
  return {
    put({ runId, file, step, at, diagnostic, title, options, seconds }, result) {
      return toEntry(put.get(runId, file, step, at, diagnostic, title, ordered(options), seconds, JSON.stringify(result))!)
    },
    get(number) {
      const row = get.get(number)
      return row && (JSON.parse(row.result) as LabResult)
    },
    findingsOf(runId, diagnostic) {
      const row = latest.get(runId, diagnostic)
      if (!row) return null
      return { summary: JSON.parse(row.summary) as LabResult['summary'], tables: JSON.parse(row.tables) as LabResult['tables'] }
    },
    list: (runId) => list.all(runId).map(toEntry),
    truncateAfter: (runId, step) => void truncate.run(runId, step),
  }
}
