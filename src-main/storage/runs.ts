import type { Environment, RunResult, RunSummary } from '../contract/runs.js'
import type { RunConfig } from '../contract/config.js'
import type { RunStore } from '../experiments/ports.js'
import type { Database } from './database.js'
import { decodeNumbers, encodeNumbers } from './numbers.js'
import type { runRecords, runs } from './schema.js'

type Row = Omit<typeof runs.$inferSelect, 'number' | 'queueOrder'>
type RecordRow = typeof runRecords.$inferSelect

// prettier-ignore
const COLUMNS = [
  'id', 'name', 'preset', 'dataset', 'status', 'phase', 'reason', 'seed', 'parameters', 'createdAt', 'startedAt', 'endedAt', 'step',
  'totalSteps', 'stepsPerEpoch', 'activeSeconds', 'remainingSeconds', 'latest', 'lease', 'parentId',
] as const satisfies readonly (keyof RunSummary)[]

const encode = (key: string, value: unknown): string | number | null =>
  key === 'latest' ? encodeNumbers(value as Record<string, number>) : (value as string | number | null)

const decode = (row: Row): RunSummary => ({ ...row, latest: decodeNumbers(row.latest) })

/** The rows of the table of runs, and apart from them what only one run's page needs. */
export function createRunStore(db: Database): RunStore {
  const columns = COLUMNS.join(', ')
  const nextOrder = '(SELECT coalesce(max(queueOrder), 0) + 1 FROM runs)'
  const insert = db.prepare(`INSERT INTO runs (${columns}, queueOrder) VALUES (${COLUMNS.map(() => '?').join(', ')}, ${nextOrder})`)
  const insertRecord = db.prepare(
    'INSERT INTO run_records (runId, config, environment, result, weightsFile, pid) VALUES (?, ?, ?, NULL, ?, NULL)',
  )
  const byId = db.prepare<Row>(`SELECT ${columns} FROM runs WHERE id = ?`)
  const newestFirst = db.prepare<Row>(`SELECT ${columns} FROM runs ORDER BY number DESC`)
  const byStatus = db.prepare<Row>(`SELECT ${columns} FROM runs WHERE status IN (SELECT value FROM json_each(?)) ORDER BY queueOrder`)
  const record = db.prepare<RecordRow>('SELECT * FROM run_records WHERE runId = ?')
  const enqueue = db.prepare(`UPDATE runs SET queueOrder = ${nextOrder} WHERE id = ?`)
  const remove = db.prepare('DELETE FROM runs WHERE id = ?')
  const highest = db.prepare<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'runs'")
  // One statement a set of changed columns; callers use a handful of sets.
  const updates = new Map<string, ReturnType<typeof db.prepare>>()

  function set(table: string, key: string, id: string, patch: Record<string, string | number | null>): void {
    const names = Object.keys(patch)
    if (names.length === 0) return
    const sql = `UPDATE ${table} SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE ${key} = ?`
    let statement = updates.get(sql)
    if (!statement) updates.set(sql, (statement = db.prepare(sql)))
    statement.run(...Object.values(patch), id)
  }

  return {
    insert({ summary, config, environment, weightsFile }) {
      insert.run(...COLUMNS.map((key) => encode(key, summary[key])))
      insertRecord.run(summary.id, JSON.stringify(config), JSON.stringify(environment), weightsFile)
    },
    get(id) {
      const row = byId.get(id)
      return row && decode(row)
    },
    list: () => newestFirst.all().map(decode),
    inStatus: (statuses) => byStatus.all(JSON.stringify(statuses)).map(decode),
    update(id, patch) {
      const known = Object.entries(patch).filter(([key]) => (COLUMNS as readonly string[]).includes(key))
      set('runs', 'id', id, Object.fromEntries(known.map(([key, value]) => [key, encode(key, value)])))
    },
    record(id) {
      const row = record.get(id)
      return (
        row && {
          config: JSON.parse(row.config) as RunConfig,
          environment: JSON.parse(row.environment) as Environment,
          result: row.result === null ? null : (JSON.parse(row.result) as RunResult),
          weightsFile: row.weightsFile,
          pid: row.pid,
        }
      )
    },
    updateRecord(id, { environment, result, pid }) {
      set('run_records', 'runId', id, {
        ...(environment && { environment: JSON.stringify(environment) }),
        ...(result !== undefined && { result: result && JSON.stringify(result) }),
        ...(pid !== undefined && { pid }),
      })
    },
    enqueue: (id) => void enqueue.run(id),
    remove: (id) => void remove.run(id),
    nextNumber: () => (highest.get()?.seq ?? 0) + 1,
  }
}
