import { ResourcesSchema } from '../../src-main/contract/cluster.js'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CONFIG_VERSION } from '../../src-main/contract/stored-config.js'
import { unpackRuns } from '../../src-main/contract/run-table.js'
import { openDatabase } from '../../src-main/storage/database.js'
import { openDriver } from '../../src-main/sqlite/driver.mjs'
import { APPLICATION_ID } from '../../src-main/storage/identity.js'
import { defineFunctions, SCHEMA_VERSION } from '../../src-main/storage/migrate.js'
import { createStores } from '../../src-main/storage/stores.js'
import { FIGURES } from '../fixtures/figures.js'
import { temporaryFolder } from '../fixtures/home.js'
import { sampleRun } from '../fixtures/records.js'

const FOLDER = resolve(import.meta.dirname, '../../src-main/storage/migrations')
const FILES = readdirSync(FOLDER).sort()

/** A database as written by that version. */
async function databaseOf(version: number, file: string, fill: string): Promise<void> {
  const raw = await openDriver(file)
  defineFunctions(raw)
  for (const name of FILES.slice(0, version)) raw.exec(readFileSync(join(FOLDER, name), 'utf8'))
  raw.exec(fill)
  raw.pragma(`user_version = ${version}`)
  raw.close()
}

const VIEW = { baseline: null, group: 'none', center: 'mean', spread: 'range', published: false, formulas: [] as string[] } as const

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
    comparisons.setRemoved('efgh', { at: 5, after: 3 })
    expect([comparisons.list(), comparisons.get('efgh')]).toEqual([[], undefined])
    expect(comparisons.removed()).toEqual([{ named, removal: { at: 5, after: 3 } }])
    comparisons.setRemoved('efgh', null)
    expect(comparisons.list()).toEqual([named])
    comparisons.setRemoved('efgh', { at: 5, after: 3 })
    comparisons.remove('efgh')
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

  it('0010: configurations of the ninth version are of the first form, and stay as they were written', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(9, file, RUN.replace("'{}', '{}'", `'{"h": 0.10}', '{}'`))
    const db = await openDatabase(file)
    const { runs } = createStores(db)
    expect(runs.record('abcd')?.config).toEqual({ version: 1, text: '{"h": 0.10}' })
    runs.insert(sampleRun('efgh'))
    expect(runs.configsAfter(0, 9).map(({ config }) => config.version)).toEqual([1, CONFIG_VERSION])
    db.close()
  })

  it('0012: checkpoints of the eleventh version keep what was measured at their step, and lose what was measured before it', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const blob = (...numbers: number[]): string => `x'${Buffer.from(Float64Array.from(numbers).buffer).toString('hex')}'`
    const series = (id: number, key: string, ...steps: number[]): string =>
      `INSERT INTO series VALUES (${id}, 'abcd', '${key}', ${steps.length}, ${steps.at(-1)!}, 1, 1, ${steps.length});
       INSERT INTO tails VALUES (NULL, ${id}, 0, ${steps.length}, ${steps[0]!}, ${steps.at(-1)!}, ${blob(...steps)}, ${blob(...steps)}, ${blob(...steps)});`
    const metrics = (accuracy: string): string => `{"train/loss":0.30000000000000004,"test/accuracy":${accuracy},"gone":1}`
    const checkpoint = (step: number, accuracy: string): string =>
      `INSERT INTO checkpoints VALUES ('abcd', 'f${step}', ${step}, 'schedule', 1, 2, '${metrics(accuracy)}', 'h', 0);`
    await databaseOf(
      11,
      file,
      `${RUN} ${series(1, 'train/loss', 1, 2, 3, 4, 5)} ${series(2, 'test/accuracy', 2, 4)}
       ${checkpoint(2, '0.3')} ${checkpoint(3, '0.3')} ${checkpoint(4, '"NaN"')}`,
    )
    const db = await openDatabase(file)
    expect(
      createStores(db)
        .checkpoints.list('abcd')
        .map((each) => each.metrics),
    ).toEqual([
      { 'train/loss': 0.30000000000000004, 'test/accuracy': 0.3 },
      { 'train/loss': 0.30000000000000004 },
      { 'train/loss': 0.30000000000000004, 'test/accuracy': NaN },
    ])
    db.close()
  })

  it('0013: the result of a run is in its row, with the checkpoint and images that its evaluation tells; no best of a test metric is left', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const run = (id: string, validation: number, result: object | null): string =>
      `${RUN.replaceAll("'abcd'", `'${id}'`).replace("'{}', '{}')", `'{"validation":${validation}}', '{}')`)}
       UPDATE run_records SET result = ${result ? `'${JSON.stringify(result)}'` : 'NULL'} WHERE runId = '${id}';`
    const result = { testAccuracy: 0.97, testLoss: 0.12, weightsHash: 'w', seconds: 1 }
    const evaluation = (id: string, step: number, accuracy: number): string =>
      `INSERT INTO evaluations VALUES ('${id}', 'step-${step}', ${step}, 1, NULL, 200, ${accuracy}, 0.12, '[]', '[]');`
    await databaseOf(
      9,
      file,
      [
        run('selected', 0.1, result) + evaluation('selected', 2, 0.97) + evaluation('selected', 4, 0.5),
        run('lastone', 0, result),
        run('unknown', 0.1, result),
        run('stopped', 0, { ...result, testAccuracy: null, testLoss: null }),
        run('going', 0, null),
        `UPDATE runs SET best = '{"test/accuracy":0.9,"train/loss":0.1,"validation/accuracy":0.8}' WHERE id = 'selected';`,
      ].join('\n'),
    )
    const db = await openDatabase(file)
    const { runs } = createStores(db)
    const values = { 'test/accuracy': 0.97, 'test/loss': 0.12 }
    expect(runs.get('selected')).toMatchObject({ reported: { step: 2, images: 200, values }, best: { 'validation/accuracy': 0.8 } })
    expect(runs.record('selected')?.result).toEqual({ ...result, step: 2, images: 200 })
    expect(runs.get('lastone')?.reported).toEqual({ step: 4, images: null, values })
    expect(runs.get('unknown')?.reported).toEqual({ step: null, images: null, values })
    expect(runs.get('stopped')?.reported).toBeNull()
    expect(runs.get('going')).toMatchObject({ reported: null, best: {} })
    expect(unpackRuns(runs.packed())).toEqual(runs.list())
    db.close()
  })

  it('0014: checkpoints of the thirteenth version have no hash of their whole content, and new ones do', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const columns = '(runId, file, step, kind, bytes, createdAt, metrics, weightsHash)'
    await databaseOf(13, file, `${RUN} INSERT INTO checkpoints ${columns} VALUES ('abcd', 'f', 3, 'final', 1, 2, '{}', 'h')`)
    const db = await openDatabase(file)
    const { checkpoints } = createStores(db)
    const [old] = checkpoints.list('abcd')
    expect(old).not.toHaveProperty('contentHash')
    checkpoints.put({ ...old!, file: 'g', step: 4, contentHash: 'c' })
    expect(checkpoints.list('abcd').map(({ contentHash }) => contentHash)).toEqual([undefined, 'c'])
    db.close()
  })

  it('0015: what was removed in a home of the fourteenth version is kept as long as if it were removed now', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(
      14,
      file,
      `${RUN}; UPDATE runs SET removedAt = 5; INSERT INTO comparisons VALUES ('efgh', 'n', 1, 2, '{"runs":[]}', 7)`,
    )
    const db = await openDatabase(file)
    const { runs, comparisons } = createStores(db)
    expect(runs.removed().map(({ removal }) => removal)).toEqual([{ at: 5, after: 0 }])
    expect(comparisons.removed().map(({ removal }) => removal)).toEqual([{ at: 7, after: 0 }])
    db.close()
  })

  it('0016: runs of the fifteenth version have no results of the lab, and theirs go with them', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(15, file, `${RUN}; PRAGMA application_id = ${APPLICATION_ID}`)
    const db = await openDatabase(file)
    const { labResults, runs } = createStores(db)
    expect(labResults.list('abcd')).toEqual([])
    const entry = { runId: 'abcd', file: 'f', step: 3, at: 1, diagnostic: 'energy', title: 'Energy', options: { b: 2, a: 1 }, seconds: 2 }
    const subject = { arch: 'resnet', preset: 'p', dataset: 'd', seed: 1, step: 3, weightsHash: 'w' }
    const result = {
      diagnostic: 'energy',
      title: 'Energy',
      subject,
      options: {},
      summary: [],
      tables: [],
      figures: [],
      notes: [],
      seconds: 2,
    }
    const { number } = labResults.put(entry, result)
    expect(labResults.put({ ...entry, options: { a: 1, b: 2 } }, result).number).toBeGreaterThan(number)
    expect(labResults.list('abcd')).toHaveLength(1)
    runs.remove('abcd')
    expect(db.prepare('SELECT * FROM lab_results').all()).toEqual([])
    expect(db.problems()).toEqual([])
    db.close()
  })

  it('0017: runs of the sixteenth version are of no study, and there is room for studies', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(16, file, `${RUN}; PRAGMA application_id = ${APPLICATION_ID}`)
    const db = await openDatabase(file)
    const { runs, studies } = createStores(db)
    expect(runs.list()).toMatchObject([{ id: 'abcd', studyId: null }])
    const work = { kind: 'run' as const, run: { preset: 'p', dataset: 'd', overrides: {} } }
    const cell = {
      position: 0,
      factors: { seed: 1 },
      work,
      key: 'k',
      runId: 'abcd',
      takenOver: true,
      measured: null,
      seconds: null,
      phase: 0,
      until: null,
    }
    studies.insert(
      { id: 'wxyz', name: 'n', template: 't', options: { a: 1 }, createdAt: 1, held: false, undecided: false, projectId: null },
      [cell],
    )
    expect(studies.list()).toMatchObject([{ id: 'wxyz', options: { a: 1 }, cells: 1, counts: { paused: 1 } }])
    expect(studies.cells('wxyz')).toMatchObject([
      { factors: { seed: 1 }, work, runId: 'abcd', takenOver: true, state: 'paused', seconds: 6 },
    ])
    expect(studies.renameDataset('d', 'renamed')).toEqual(['wxyz'])
    expect(studies.cells('wxyz')[0]!.work).toMatchObject({ run: { dataset: 'renamed' } })
    runs.remove('abcd')
    expect(studies.cells('wxyz')).toMatchObject([{ state: 'removed' }])
    studies.remove('wxyz')
    expect(db.prepare('SELECT * FROM study_cells').all()).toEqual([])
    expect(db.problems()).toEqual([])
    db.close()
  })

  it('0018: runs of the seventeenth version have no regions, and theirs go with them', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(17, file, `${RUN}; PRAGMA application_id = ${APPLICATION_ID}`)
    const db = await openDatabase(file)
    const { regions, runs } = createStores(db)
    expect(regions.list('abcd')).toEqual([])
    const found = { runId: 'abcd', step: 20, size: 2, extent: [-1, 1, -2, 2] as [number, number, number, number], predicted: 'AAECAw==' }
    regions.put(found)
    expect(regions.list('abcd')).toEqual([found])
    runs.remove('abcd')
    expect(db.prepare('SELECT * FROM regions').all()).toEqual([])
    expect(db.problems()).toEqual([])
    db.close()
  })

  it('0019: runs of the eighteenth version have no histograms, and theirs go with them', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    await databaseOf(18, file, `${RUN}; PRAGMA application_id = ${APPLICATION_ID}`)
    const db = await openDatabase(file)
    const { histograms, runs } = createStores(db)
    expect(histograms.list('abcd')).toEqual([])
    const parts = [{ kind: 'weights' as const, most: 0.5, depths: [1] }]
    const found = { runId: 'abcd', step: 20, bins: 1, parts, values: 'AACAPwAAAAAAAIA/' }
    histograms.put(found)
    expect(histograms.list('abcd')).toEqual([found])
    runs.remove('abcd')
    expect(db.prepare('SELECT * FROM histograms').all()).toEqual([])
    expect(db.problems()).toEqual([])
    db.close()
  })

  it('0020: runs of the nineteenth version train to their end, and nothing follows the cells of its studies', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const study = "INSERT INTO studies (id, name, template, options, createdAt) VALUES ('wxyz', 'n', 't', '{}', 1)"
    const cell = `INSERT INTO study_cells (studyId, position, factors, work, key, runId)
      VALUES ('wxyz', 0, '{}', '{"kind":"run","run":{"preset":"p","dataset":"d"}}', 'k', 'abcd')`
    await databaseOf(19, file, `${RUN}; ${study}; ${cell}; PRAGMA application_id = ${APPLICATION_ID}`)
    const db = await openDatabase(file)
    const { runs } = createStores(db)
    expect(runs.record('abcd')!.pauseAt).toBeNull()
    runs.updateRecord('abcd', { pauseAt: 5 })
    expect(runs.record('abcd')!.pauseAt).toBe(5)
    expect(db.prepare('SELECT phase, undecided FROM studies').all()).toEqual([{ phase: 0, undecided: 0 }])
    expect(db.prepare('SELECT phase, until FROM study_cells').all()).toEqual([{ phase: 0, until: null }])
    expect(db.problems()).toEqual([])
    db.close()
  })

  it('0022: runs and studies of the twenty-first version are computed here', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const study = "INSERT INTO studies (id, name, template, options, createdAt) VALUES ('wxyz', 'n', 't', '{}', 1)"
    await databaseOf(21, file, `${RUN}; ${study}; PRAGMA application_id = ${APPLICATION_ID}`)
    const db = await openDatabase(file)
    const { jobs, runs } = createStores(db)
    expect([jobs.resourcesOf('abcd'), jobs.resourcesOfStudy('wxyz'), jobs.placed().size, jobs.list()]).toEqual([null, null, 0, []])
    const resources = ResourcesSchema.parse({ minutes: 5, cpus: 2 })
    jobs.place('abcd', resources)
    jobs.placeStudy('wxyz', resources)
    expect([jobs.resourcesOf('abcd'), jobs.resourcesOfStudy('wxyz'), jobs.get('abcd')]).toEqual([resources, resources, undefined])
    jobs.begin({ runId: 'abcd', firstLease: 1000, submittedAt: 7 })
    jobs.update('abcd', { jobId: '12', lease: 1001, readTo: 99, node: 'n1', took: { active: 3, elapsed: 4 } })
    expect(jobs.get('abcd')).toEqual({
      ...{ runId: 'abcd', resources, firstLease: 1000, jobId: '12', submittedAt: 7, lease: 1001, readTo: 99, node: 'n1' },
      ...{ took: { active: 3, elapsed: 4 }, endedAt: null },
    })
    expect(jobs.list()).toMatchObject([{ runId: 'abcd', attempt: 2 }])
    runs.remove('abcd')
    expect(jobs.placed().size).toBe(0)
    expect(db.problems()).toEqual([])
    db.close()
  })

  it('0021: runs and studies of the twentieth version are in no project', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const study = "INSERT INTO studies (id, name, template, options, createdAt) VALUES ('wxyz', 'n', 't', '{}', 1)"
    await databaseOf(20, file, `${RUN}; ${study}; PRAGMA application_id = ${APPLICATION_ID}`)
    const db = await openDatabase(file)
    const { projects, runs, studies } = createStores(db)
    expect([runs.get('abcd')!.projectId, studies.get('wxyz')!.projectId]).toEqual([null, null])
    projects.put({ id: 'proj1', name: 'n', createdAt: 1, updatedAt: 1, view: { description: 'd' } })
    runs.update('abcd', { projectId: 'proj1' })
    expect(runs.get('abcd')!.projectId).toBe('proj1')
    db.close()
  })
})
