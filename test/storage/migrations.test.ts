import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src-main/storage/database.js'
import { openDriver } from '../../src-main/storage/driver.js'
import { SCHEMA_VERSION } from '../../src-main/storage/migrate.js'
import { createStores } from '../../src-main/storage/stores.js'
import { FIGURES } from '../fixtures/fake-evaluations.js'
import { temporaryFolder } from '../fixtures/home.js'

const FOLDER = resolve(import.meta.dirname, '../../src-main/storage/migrations')
const FILES = readdirSync(FOLDER).sort()

/** A database as that version left it. */
async function databaseOf(version: number, file: string, fill: string): Promise<void> {
  const raw = await openDriver(file)
  for (const name of FILES.slice(0, version)) raw.exec(readFileSync(join(FOLDER, name), 'utf8'))
  raw.exec(fill)
  raw.pragma(`user_version = ${version}`)
  raw.close()
}

const VIEW = { baseline: null, group: 'none', center: 'mean', spread: 'range', published: false } as const

const RUN = `INSERT INTO runs (id, name, preset, dataset, status, seed, parameters, createdAt, step, totalSteps, activeSeconds, latest, lease, queueOrder)
  VALUES ('abcd', 'old', 'small', 'digits', 'paused', 1, 2, 3, 4, 5, 6, '{}', 1, 7);
  INSERT INTO run_records (runId, config, environment) VALUES ('abcd', '{}', '{}');`

describe('migrations', () => {
  it('0002: runs of the first version have no marks and are in sight', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(1, file, RUN)
    const db = await openDatabase(file)
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: SCHEMA_VERSION })
    const { runs } = createStores(db)
    expect(runs.list()).toMatchObject([
      { id: 'abcd', tags: [], note: '', colour: null, pinned: false, baseline: false, archived: false, queueOrder: 7 },
    ])
    expect(runs.record('abcd')?.notes).toBe('')
    expect(runs.removed()).toEqual([])
    expect(db.problems()).toEqual([])
    db.close()
  })

  it('0003: a home of the second version has no alerts, and those of a run go with it', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(2, file, RUN)
    const db = await openDatabase(file)
    const { alerts, runs } = createStores(db)
    expect(alerts.list()).toEqual([])
    alerts.add({ at: 1, kind: 'failed', level: 'error', runId: 'abcd', message: 'm' })
    alerts.add({ at: 2, kind: 'diskLow', level: 'warn', runId: null, message: 'm' })
    runs.remove('abcd')
    expect(alerts.list().map(({ kind }) => kind)).toEqual(['diskLow'])
    expect(db.problems()).toEqual([])
    db.close()
  })

  it('0004: there is room for named comparisons, and none yet', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(3, file, RUN)
    const db = await openDatabase(file)
    const { comparisons, runs } = createStores(db)
    expect(comparisons.list()).toEqual([])
    comparisons.put({ id: 'efgh', name: 'n', createdAt: 1, updatedAt: 2, view: { ...VIEW, runs: ['abcd'] } })
    expect(comparisons.get('efgh')?.view.runs).toEqual(['abcd'])
    expect(runs.list()).toHaveLength(1)
    db.close()
  })

  it('0005: there is room for views of the table of runs, and none yet', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(4, file, RUN)
    const db = await openDatabase(file)
    const { runViews } = createStores(db)
    expect(runViews.list()).toEqual([])
    db.close()
  })

  it('0006: runs of the fifth version have no evaluations, and theirs go with them', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(5, file, RUN)
    const db = await openDatabase(file)
    const { evaluations, runs } = createStores(db)
    expect(evaluations.list('abcd')).toEqual([])
    const evaluation = { runId: 'abcd', file: 'f', step: 3, at: 1, datasetHash: null, ...FIGURES, loss: NaN }
    evaluations.put(evaluation)
    expect(evaluations.get('abcd', 'f')).toEqual(evaluation)
    runs.remove('abcd')
    expect(db.prepare('SELECT * FROM evaluations').all()).toEqual([])
    expect(db.problems()).toEqual([])
    db.close()
  })

  it('0007: comparisons of the sixth version are there, can be removed and brought back', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(6, file, `INSERT INTO comparisons VALUES ('efgh', 'n', 1, 2, '{"runs":["abcd"]}')`)
    const db = await openDatabase(file)
    const { comparisons } = createStores(db)
    const [named] = comparisons.list()
    expect(named).toMatchObject({ id: 'efgh', view: { runs: ['abcd'] } })
    comparisons.setRemoved('efgh', 5)
    expect([comparisons.list(), comparisons.get('efgh')]).toEqual([[], undefined])
    expect(comparisons.removed()).toEqual([{ named, removedAt: 5 }])
    comparisons.purge(4)
    comparisons.setRemoved('efgh', null)
    expect(comparisons.list()).toEqual([named])
    comparisons.setRemoved('efgh', 5)
    comparisons.purge(5)
    expect(comparisons.removed()).toEqual([])
    db.close()
  })

  it('0008: of earlier runs no best value is known', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(7, file, RUN)
    const db = await openDatabase(file)
    expect(createStores(db).runs.get('abcd')).toMatchObject({ best: {}, latest: {} })
    db.close()
  })

  it('0009: checkpoints of the eighth version are not pinned, and can be', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(8, file, `${RUN} INSERT INTO checkpoints VALUES ('abcd', 'f', 3, 'final', 1, 2, '{}', 'h')`)
    const db = await openDatabase(file)
    const { checkpoints } = createStores(db)
    const plain = { runId: 'abcd', file: 'f', step: 3, kind: 'final', bytes: 1, createdAt: 2, metrics: {}, weightsHash: 'h' }
    expect(checkpoints.list('abcd')).toEqual([plain])
    checkpoints.setPinned('abcd', 'f', true)
    expect(checkpoints.list('abcd')).toEqual([{ ...plain, pinned: true }])
    db.close()
  })
})
