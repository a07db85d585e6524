import {
  CellStateSchema,
  type CellCounts,
  type CellState,
  type CellWork,
  type Factors,
  type Study,
  type StudyCell,
  type WorkOf,
} from '../contract/studies.js'
import { cellOf, type LabOptions } from '../contract/lab.js'
import type { StoredCell, StudyStore } from '../features/studies/study-store.js'
import type { Database } from './database.js'
import type { RowOf } from './tables.js'

type CellRow = RowOf<'study_cells'>

/**
 * The state of a cell: that of its run if it has one, otherwise its own. A run that pauses at the step up to which it was to be trained
 * waits for the decision of its study; one left behind by an earlier decision is dropped.
 */
const STATE = `CASE WHEN cells.runId IS NULL THEN coalesce(cells.state, 'removed')
  WHEN runs.status = 'paused' AND runs.step >= cells.until
  THEN iif(studies.undecided AND cells.phase = studies.phase, 'waiting', 'dropped') ELSE coalesce(runs.status, 'removed') END`
const JOINED = `FROM study_cells AS cells JOIN studies ON studies.id = cells.studyId
  LEFT JOIN runs ON runs.id = cells.runId AND runs.removedAt IS NULL`

interface Joined extends Omit<CellRow, 'state'> {
  cellState: CellState
  runReason: string | null
  activeSeconds: number | null
}

const toCell = (row: Joined): StudyCell => ({
  position: row.position,
  factors: JSON.parse(row.factors) as Factors,
  work: JSON.parse(row.work) as CellWork,
  key: row.key,
  state: row.cellState,
  reason: row.runId === null ? row.reason : row.runReason,
  runId: row.runId,
  takenOver: row.takenOver === 1,
  measured: row.measured === null ? null : (JSON.parse(row.measured) as Record<string, unknown>),
  seconds: row.runId === null ? row.seconds : row.activeSeconds,
  phase: row.phase,
  until: row.until,
})

/** JSON has no NaN and infinities, which can be results: they are stored by name. */
const written = (found: Record<string, unknown>): string =>
  JSON.stringify(found, (_, value: unknown) => (typeof value === 'number' ? cellOf(value) : value))

/** Studies and their cells. */
export function createStudyStore(db: Database): StudyStore {
  const insert = db.prepare(
    'INSERT INTO studies (id, name, template, options, createdAt, held, undecided, projectId) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const insertCell = db.prepare(
    `INSERT INTO study_cells (studyId, position, factors, work, key, runId, takenOver, state, measured, seconds, phase, until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const all = db.prepare<RowOf<'studies'>>('SELECT * FROM studies ORDER BY createdAt DESC, rowid DESC')
  const one = db.prepare<RowOf<'studies'>>('SELECT * FROM studies WHERE id = ?')
  const counted = db.prepare<{ studyId: string; cellState: CellState; count: number }>(
    `SELECT cells.studyId, ${STATE} AS cellState, count(*) AS count ${JOINED} GROUP BY cells.studyId, cellState`,
  )
  const countedOf = db.prepare<{ cellState: CellState; count: number }>(
    `SELECT ${STATE} AS cellState, count(*) AS count ${JOINED} WHERE cells.studyId = ? GROUP BY cellState`,
  )
  const cellsOf = db.prepare<Joined>(
    `SELECT cells.*, ${STATE} AS cellState, runs.reason AS runReason, runs.activeSeconds AS activeSeconds ${JOINED}
     WHERE cells.studyId = ? ORDER BY cells.position`,
  )
  const rename = db.prepare('UPDATE studies SET name = ? WHERE id = ?')
  const hold = db.prepare('UPDATE studies SET held = ? WHERE id = ?')
  const decide = db.prepare('UPDATE studies SET phase = ?, undecided = ? WHERE id = ?')
  const setUntil = db.prepare('UPDATE study_cells SET phase = ?, until = ? WHERE studyId = ? AND position = ?')
  const remove = db.prepare('DELETE FROM studies WHERE id = ?')
  const disown = db.prepare('UPDATE runs SET studyId = NULL WHERE studyId = ?')
  const setRun = db.prepare('UPDATE study_cells SET runId = ?, takenOver = 0 WHERE studyId = ? AND position = ?')
  const setResult = db.prepare(
    'UPDATE study_cells SET state = ?, reason = ?, measured = ?, seconds = ?, takenOver = 0 WHERE studyId = ? AND position = ?',
  )
  const resultOf = db.prepare<{ measured: string; seconds: number | null }>(
    "SELECT measured, seconds FROM study_cells WHERE key = ? AND runId IS NULL AND state = 'finished' AND measured IS NOT NULL LIMIT 1",
  )
  const runsOf = db.prepare<{ id: string }>(
    `SELECT DISTINCT runs.id FROM study_cells AS cells JOIN runs ON runs.id = cells.runId
     JOIN run_records ON run_records.runId = runs.id
     WHERE cells.key = ? AND runs.removedAt IS NULL AND runs.status NOT IN ('failed', 'diverged', 'stopped')
       AND (run_records.pauseAt IS NULL OR runs.status = 'finished' OR (runs.status = 'paused' AND runs.step >= ?)) ORDER BY runs.number`,
  )
  const waiting = db.prepare<{ studyId: string; position: number; factors: string; work: string }>(
    `SELECT cells.studyId, cells.position, cells.factors, cells.work FROM study_cells AS cells JOIN studies ON studies.id = cells.studyId
     WHERE cells.runId IS NULL AND cells.state = 'queued' AND studies.held = 0 AND cells.work ->> '$.kind' = ?
       AND (? IS NULL OR studies.id IN (SELECT value FROM json_each(?))) ORDER BY studies.createdAt, studies.rowid, cells.position LIMIT 1`,
  )
  const left = db.prepare<{ studyId: string }>("SELECT DISTINCT studyId FROM study_cells WHERE runId IS NULL AND state = 'running'")
  const again = db.prepare("UPDATE study_cells SET state = 'queued' WHERE runId IS NULL AND state = 'running'")
  const ofDataset = db.prepare<{ id: string; options: string }>(
    `SELECT DISTINCT studies.id, studies.options FROM studies LEFT JOIN study_cells AS cells ON cells.studyId = studies.id
     WHERE cells.work ->> '$.run.dataset' = ? OR studies.options ->> '$.dataset' = ? OR studies.options ->> '$.datasets' LIKE '%' || ? || '%'`,
  )
  const setOptions = db.prepare('UPDATE studies SET options = ? WHERE id = ?')
  const setWork = db.prepare("UPDATE study_cells SET work = json_set(work, '$.run.dataset', ?) WHERE work ->> '$.run.dataset' = ?")
  const setFactor = db.prepare("UPDATE study_cells SET factors = json_set(factors, '$.dataset', ?) WHERE factors ->> '$.dataset' = ?")
  const withRun = db.prepare<{ studyId: string }>('SELECT DISTINCT studyId FROM study_cells WHERE runId = ?')

  const toStudy = ({ options, held, undecided, ...row }: RowOf<'studies'>, counts: CellCounts): Study => ({
    ...row,
    options: JSON.parse(options) as LabOptions,
    held: held === 1,
    undecided: undecided === 1,
    cells: Object.values(counts).reduce((sum, count) => sum + count, 0),
    counts,
  })
  const countsOf = (id: string): CellCounts =>
    Object.fromEntries(countedOf.all(id).map(({ cellState, count }) => [CellStateSchema.parse(cellState), count]))

  function append(id: string, cells: readonly StoredCell[]): void {
    for (const { position, factors, work, key, runId, takenOver, measured, seconds, phase, until } of cells) {
      const state = work.kind === 'run' ? null : measured ? 'finished' : 'queued'
      const found = measured && written(measured)
      const texts = [JSON.stringify(factors), JSON.stringify(work)] as const
      insertCell.run(id, position, ...texts, key, runId, Number(takenOver), state, found, seconds, phase, until)
    }
  }

  return {
    insert({ id, name, template, options, createdAt, held, undecided, projectId }, cells) {
      insert.run(id, name, template, JSON.stringify(options), createdAt, Number(held), Number(undecided), projectId)
      append(id, cells)
    },
    append,
    decide: (id, { phase, undecided }) => void decide.run(phase, Number(undecided), id),
    setUntil: (id, position, { phase, until }) => void setUntil.run(phase, until, id, position),
    list() {
      const counts = new Map<string, CellCounts>()
      for (const { studyId, cellState, count } of counted.all()) counts.set(studyId, { ...counts.get(studyId), [cellState]: count })
      return all.all().map((row) => toStudy(row, counts.get(row.id) ?? {}))
    },
    get(id) {
      const row = one.get(id)
      return row && toStudy(row, countsOf(id))
    },
    update(id, { name, held }) {
      if (name !== undefined) rename.run(name, id)
      if (held !== undefined) hold.run(Number(held), id)
    },
    remove(id) {
      disown.run(id)
      remove.run(id)
    },
    cells: (id) => cellsOf.all(id).map(toCell),
    counts: countsOf,
    setRun: (id, position, runId) => void setRun.run(runId, id, position),
    setResult: (id, position, { state, reason, measured, seconds }) =>
      void setResult.run(state, reason, measured && written(measured), seconds, id, position),
    resultOf(key) {
      const row = resultOf.get(key)
      return row ? { measured: JSON.parse(row.measured) as Record<string, unknown>, seconds: row.seconds } : null
    },
    runsOf: (key, until) => runsOf.all(key, until).map(({ id }) => id),
    waiting<Kind extends CellWork['kind']>(kind: Kind, among: readonly string[] | null) {
      const ids = among && JSON.stringify(among)
      const row = waiting.get(kind, ids, ids)
      if (!row) return undefined
      const { studyId, position, factors, work } = row
      return { studyId, position, factors: JSON.parse(factors) as Factors, work: JSON.parse(work) as WorkOf<Kind> }
    },
    recover() {
      const studies = left.all().map(({ studyId }) => studyId)
      again.run()
      return studies
    },
    renameDataset(from, to) {
      const found = ofDataset.all(from, from, from)
      for (const { id, options } of found) {
        // A list of names is stored as one text.
        const renamed = Object.entries(JSON.parse(options) as LabOptions).map(([key, value]) =>
          key === 'dataset' || key === 'datasets'
            ? [
                key,
                String(value)
                  .split(',')
                  .map((name) => (name.trim() === from ? to : name.trim()))
                  .join(', '),
              ]
            : [key, value],
        )
        setOptions.run(JSON.stringify(Object.fromEntries(renamed)), id)
      }
      setWork.run(to, from)
      setFactor.run(to, from)
      return found.map(({ id }) => id)
    },
    withRun: (runId) => withRun.all(runId).map(({ studyId }) => studyId),
  }
}
