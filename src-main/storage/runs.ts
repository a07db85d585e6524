import { LOGGED, type Environment, type LoggedConfig, type RunResult, type RunSummary } from '../contract/runs.js'
import { storeConfig } from '../contract/stored-config.js'
import type { Database } from './database.js'
import { decodeNumbers, encodeNumbers } from './numbers.js'
import type { RunStore } from '../features/runs/run-store.js'
import type { RowOf } from './tables.js'

type Row = Omit<RowOf<'runs'>, 'number' | 'removedAt' | 'removedAfter'>
type RecordRow = RowOf<'run_records'>

// prettier-ignore
const COLUMNS = [
  'id', 'name', 'preset', 'dataset', 'status', 'phase', 'reason', 'seed', 'parameters', 'createdAt', 'startedAt', 'endedAt', 'step',
  'totalSteps', 'stepsPerEpoch', 'activeSeconds', 'remainingSeconds', 'latest', 'best', 'reported', 'gradients', 'lease', 'parentId', 'studyId',
  'projectId', 'tags', 'note',
  'colour', 'pinned', 'baseline', 'archived', 'queueOrder',
] as const satisfies readonly (keyof RunSummary)[]

/** The order of the queue is set by the store. */
const INSERTED = COLUMNS.filter((key) => key !== 'queueOrder')

const JSON_COLUMNS: ReadonlySet<string> = new Set(['tags', 'best', 'reported', 'gradients'])

function encode(key: string, value: unknown): string | number | null {
  if (key === 'latest') return encodeNumbers(value as Record<string, number>)
  if ((key === 'reported' || key === 'gradients') && value === null) return null
  if (JSON_COLUMNS.has(key)) return JSON.stringify(value)
  return typeof value === 'boolean' ? Number(value) : (value as string | number | null)
}

const decode = (row: Row): RunSummary => ({
  ...row,
  latest: decodeNumbers(row.latest),
  best: JSON.parse(row.best) as RunSummary['best'],
  gradients: row.gradients === null ? null : (JSON.parse(row.gradients) as RunSummary['gradients']),
  reported: row.reported === null ? null : (JSON.parse(row.reported) as RunSummary['reported']),
  tags: JSON.parse(row.tags) as string[],
  pinned: row.pinned === 1,
  baseline: row.baseline === 1,
  archived: row.archived === 1,
})

const REALS: ReadonlySet<string> = new Set(['createdAt', 'startedAt', 'endedAt', 'activeSeconds', 'remainingSeconds'])
const FLAGS: ReadonlySet<string> = new Set(['pinned', 'baseline', 'archived'])

/** The SQL of a column as JSON: for thousands of rows, SQLite writes JSON several times as fast as the rows can be read one by one. */
function jsonOf(key: string): string {
  if (key === 'latest' || JSON_COLUMNS.has(key)) return `json(${key})`
  if (FLAGS.has(key)) return `json(iif(${key}, 'true', 'false'))`
  // 17 digits represent a number exactly; by default SQLite writes 15.
  if (REALS.has(key)) return `iif(${key} IS NULL, NULL, json(printf('%!.17g', ${key})))`
  return key
}

/** The rows of the table of runs, and separately what only the page of a run needs. */
export function createRunStore(db: Database): RunStore {
  const columns = COLUMNS.join(', ')
  const nextOrder = '(SELECT coalesce(max(queueOrder), 0) + 1 FROM runs)'
  const insert = db.prepare(
    `INSERT INTO runs (${INSERTED.join(', ')}, queueOrder) VALUES (${INSERTED.map(() => '?').join(', ')}, ${nextOrder})`,
  )
  const insertRecord = db.prepare(
    "INSERT INTO run_records (runId, config, configVersion, environment, result, weightsFile, pid, notes, pauseAt) VALUES (?, ?, ?, ?, NULL, ?, NULL, '', ?)",
  )
  const byId = db.prepare<Row>(`SELECT ${columns} FROM runs WHERE id = ? AND removedAt IS NULL`)
  const newestFirst = db.prepare<Row>(`SELECT ${columns} FROM runs WHERE removedAt IS NULL ORDER BY number DESC`)
  const packed = db.prepare<{ rows: string }>(
    `SELECT json_group_array(json_array(${COLUMNS.map(jsonOf).join(', ')})) AS rows
     FROM (SELECT ${columns} FROM runs WHERE removedAt IS NULL ORDER BY number DESC)`,
  )
  const byStatus = db.prepare<Row>(
    `SELECT ${columns} FROM runs WHERE status IN (SELECT value FROM json_each(?)) AND removedAt IS NULL ORDER BY queueOrder`,
  )
  const configsAfter = db.prepare<{ number: number; id: string; version: number; text: string; logged: string | null }>(
    `SELECT runs.number, runs.id, run_records.configVersion AS version, run_records.config AS text,
       iif(runs.preset = '${LOGGED}', run_records.environment -> '$.logged', NULL) AS logged FROM runs JOIN run_records ON run_records.runId = runs.id
     WHERE runs.number > ? AND runs.removedAt IS NULL ORDER BY runs.number LIMIT ?`,
  )
  const setRemoved = db.prepare('UPDATE runs SET removedAt = ?, removedAfter = ? WHERE id = ?')
  const removed = db.prepare<Row & { removedAt: number; removedAfter: number }>(
    `SELECT ${columns}, removedAt, removedAfter FROM runs WHERE removedAt IS NOT NULL ORDER BY removedAfter DESC, number DESC`,
  )
  const isRemoved = db.prepare('SELECT 1 FROM runs WHERE id = ? AND removedAt IS NOT NULL')
  const baselines = db.prepare<{ id: string }>('SELECT id FROM runs WHERE baseline = 1')
  const setOrder = db.prepare('UPDATE runs SET queueOrder = ? WHERE id = ?')
  const record = db.prepare<RecordRow>('SELECT * FROM run_records WHERE runId = ?')
  const processes = db.prepare<{ id: string; pid: number }>('SELECT runId AS id, pid FROM run_records WHERE pid IS NOT NULL')
  const enqueue = db.prepare(`UPDATE runs SET queueOrder = ${nextOrder} WHERE id = ?`)
  const remove = db.prepare('DELETE FROM runs WHERE id = ?')
  const highest = db.prepare<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'runs'")
  const setDataset = db.prepare('UPDATE runs SET dataset = ? WHERE dataset = ?')
  const setConfigDataset = db.prepare("UPDATE run_records SET config = json_set(config, '$.dataset', ?) WHERE config ->> '$.dataset' = ?")
  const ofDataset = db.prepare<{ id: string }>('SELECT id FROM runs WHERE dataset = ? AND removedAt IS NULL')
  // One statement per set of changed columns; callers use only a handful of sets.
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
    insert({ summary, config, environment, weightsFile, pauseAt = null }) {
      insert.run(...INSERTED.map((key) => encode(key, summary[key])))
      const { version, text } = storeConfig(config)
      insertRecord.run(summary.id, text, version, JSON.stringify(environment), weightsFile, pauseAt)
    },
    get(id) {
      const row = byId.get(id)
      return row && decode(row)
    },
    list: () => newestFirst.all().map(decode),
    packed: () => `{"keys":${JSON.stringify(COLUMNS)},"rows":${packed.get()?.rows ?? '[]'}}`,
    inStatus: (statuses) => byStatus.all(JSON.stringify(statuses)).map(decode),
    configsAfter: (number, limit) =>
      configsAfter.all(number, limit).map(({ version, text, logged, ...row }) => ({
        ...row,
        config: { version, text },
        logged: logged === null ? undefined : (JSON.parse(logged) as LoggedConfig),
      })),
    update(id, patch) {
      const known = Object.entries(patch).filter(([key]) => (COLUMNS as readonly string[]).includes(key))
      set('runs', 'id', id, Object.fromEntries(known.map(([key, value]) => [key, encode(key, value)])))
    },
    record(id) {
      const row = record.get(id)
      return (
        row && {
          config: { version: row.configVersion, text: row.config },
          environment: JSON.parse(row.environment) as Environment,
          result: row.result === null ? null : (JSON.parse(row.result) as RunResult),
          weightsFile: row.weightsFile,
          pid: row.pid,
          pauseAt: row.pauseAt,
          notes: row.notes,
        }
      )
    },
    processes: () => processes.all(),
    updateRecord(id, { environment, result, pid, pauseAt, notes }) {
      set('run_records', 'runId', id, {
        ...(environment && { environment: JSON.stringify(environment) }),
        ...(result !== undefined && { result: result && JSON.stringify(result) }),
        ...(pid !== undefined && { pid }),
        ...(pauseAt !== undefined && { pauseAt }),
        ...(notes !== undefined && { notes }),
      })
    },
    setOrder: (id, order) => void setOrder.run(order, id),
    setRemoved: (id, removal) => void setRemoved.run(removal?.at ?? null, removal?.after ?? null, id),
    isRemoved: (id) => isRemoved.get(id) !== undefined,
    removed: () =>
      removed.all().map(({ removedAt, removedAfter, ...row }) => ({ run: decode(row), removal: { at: removedAt, after: removedAfter } })),
    baselines: () => baselines.all().map(({ id }) => id),
    enqueue: (id) => void enqueue.run(id),
    remove: (id) => void remove.run(id),
    renameDataset(from, to) {
      setDataset.run(to, from)
      setConfigDataset.run(to, from)
      return ofDataset.all(to).map(({ id }) => id)
    },
    nextNumber: () => (highest.get()?.seq ?? 0) + 1,
  }
}
