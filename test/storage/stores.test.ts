import { describe, expect, it } from 'vitest'
import type { Change } from '../../src-main/contract/changes.js'
import { packPoints } from '../../src-main/contract/metrics.js'
import { CONFIG_VERSION } from '../../src-main/contract/stored-config.js'
import { createJournal } from '../../src-main/storage/journal.js'
import { createStores } from '../../src-main/storage/stores.js'
import { temporaryDatabase } from '../fixtures/home.js'
import { sampleDataset, samplePoints, sampleRun, sampleSummary } from '../fixtures/records.js'

const pointsOf = (runId: string): Change => ({ kind: 'points', runId, series: [{ key: 'a', points: packPoints(samplePoints(0, 3)) }] })

describe('the journal', () => {
  it('numbers changes and gives them back unharmed, in order', async () => {
    using home = await temporaryDatabase()
    const { journal } = createStores(home.db)
    expect([journal.last(), journal.oldest()]).toEqual([0, null])
    const changes: Change[] = [
      { kind: 'run', run: sampleSummary('abcd', { latest: { a: NaN, b: Infinity, c: -0 } }) },
      pointsOf('abcd'),
      { kind: 'runRemoved', runId: 'abcd' },
    ]
    expect(changes.map((change) => journal.append(change))).toEqual([1, 2, 3])
    expect(journal.after(0, { detailOf: ['abcd'], limit: 10 })).toEqual(changes.map((change, i) => ({ seq: i + 1, change })))
    expect(journal.after(1, { detailOf: ['abcd'], limit: 1 }).map(({ seq }) => seq)).toEqual([2])
  })

  it('gives points and log entries only of the runs that are watched', async () => {
    using home = await temporaryDatabase()
    const { journal } = createStores(home.db)
    journal.append(pointsOf('abcd'))
    journal.append(pointsOf('efgh'))
    journal.append({ kind: 'log', runId: 'efgh', entries: [{ runId: 'efgh', at: 1, level: 'info', message: 'm' }] })
    journal.append({ kind: 'truncated', runId: 'efgh', afterStep: 3 })
    expect(journal.after(0, { detailOf: [], limit: 10 }).map(({ seq }) => seq)).toEqual([4])
    expect(journal.after(0, { detailOf: ['efgh'], limit: 10 }).map(({ seq }) => seq)).toEqual([2, 3, 4])
  })

  it.each([
    ['rows', { rows: 100, bytes: 1e9 }, 100],
    ['bytes', { rows: 1e9, bytes: 10_000 }, 10],
  ])('stays bounded in %s and never uses a number twice', async (_, limits, least) => {
    using home = await temporaryDatabase()
    const journal = createJournal(home.db, limits)
    home.db.immediate(() => {
      for (let i = 0; i < 5000; i++) journal.append(pointsOf('abcd'))
    })
    const kept = journal.last() - journal.oldest()! + 1
    expect(journal.last()).toBe(5000)
    expect(kept).toBeGreaterThanOrEqual(least)
    expect(kept).toBeLessThanOrEqual(600)
    home.db.prepare('DELETE FROM journal').run()
    expect(journal.append(pointsOf('abcd'))).toBe(5001)
  })
})

describe('runs', () => {
  it('come back as they were stored, changed by key, and leave nothing behind when removed', async () => {
    using home = await temporaryDatabase()
    const { runs, series, log, checkpoints } = createStores(home.db)
    const run = sampleRun('abcd', { latest: { 'train/loss': NaN }, parentId: 'zzzz', tags: ['a'], pinned: true, queueOrder: 1 })
    runs.insert(run)
    expect(runs.get('abcd')).toEqual(run.summary)
    expect(runs.record('abcd')).toEqual({
      config: { version: CONFIG_VERSION, text: JSON.stringify(run.config) },
      environment: run.environment,
      result: null,
      weightsFile: null,
      pid: null,
      pauseAt: null,
      notes: '',
    })
    runs.update('abcd', { status: 'running', latest: { x: Infinity }, reason: 'r' })
    expect(runs.get('abcd')).toEqual({ ...run.summary, status: 'running', latest: { x: Infinity }, reason: 'r' })
    const result = { testAccuracy: 0.5, testLoss: null, step: 4, images: 10, weightsHash: 'h', seconds: 2 }
    runs.updateRecord('abcd', { result, pid: 12 })
    expect(runs.record('abcd')).toMatchObject({ result, pid: 12 })
    series.append('abcd', 'a', samplePoints(0, 5000))
    log.append({ runId: 'abcd', at: 1, level: 'info', message: 'm' })
    checkpoints.put({ runId: 'abcd', step: 1, file: 'f', kind: 'best', bytes: 1, createdAt: 1, metrics: { a: NaN }, weightsHash: 'h' })
    expect(checkpoints.list('abcd')[0]!.metrics).toEqual({ a: NaN })
    runs.remove('abcd')
    for (const table of ['runs', 'run_records', 'series', 'chunks', 'tails', 'log', 'checkpoints'])
      expect(home.db.prepare(`SELECT * FROM ${table}`).all(), table).toEqual([])
  })

  it('queue in the order in which they were put there', async () => {
    using home = await temporaryDatabase()
    const { runs } = createStores(home.db)
    for (const id of ['aaaa', 'bbbb', 'cccc']) runs.insert(sampleRun(id))
    runs.enqueue('aaaa')
    expect(runs.inStatus(['queued']).map(({ id }) => id)).toEqual(['bbbb', 'cccc', 'aaaa'])
    expect(runs.list().map(({ id }) => id)).toEqual(['cccc', 'bbbb', 'aaaa'])
    expect(runs.nextNumber()).toBe(4)
  })

  it('are listed by an index, without sorting', async () => {
    using home = await temporaryDatabase()
    const plan = (sql: string): string => JSON.stringify(home.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
    expect(plan('SELECT id FROM runs WHERE removedAt IS NULL ORDER BY number DESC')).not.toContain('TEMP B-TREE')
    expect(plan("SELECT id FROM runs WHERE status IN (SELECT value FROM json_each('[]'))")).toContain('runs_by_status')
    expect(plan('SELECT max(queueOrder) FROM runs')).toContain('runs_by_queue')
  })
})

describe('the log', () => {
  it('keeps the newest entries of each run', async () => {
    using home = await temporaryDatabase()
    const { runs, log } = createStores(home.db)
    runs.insert(sampleRun('abcd'))
    runs.insert(sampleRun('efgh'))
    log.append({ runId: 'efgh', at: 0, level: 'warn', message: 'other' })
    home.db.immediate(() => {
      for (let at = 0; at < 22_500; at++) log.append({ runId: 'abcd', at, level: 'info', message: `${at}` })
    })
    expect(log.tail('abcd', 2).map(({ message }) => message)).toEqual(['22498', '22499'])
    expect(log.tail('abcd', 1e6).length).toBeLessThanOrEqual(21_000)
    expect(log.tail('abcd', 1e6).length).toBeGreaterThanOrEqual(20_000)
    expect(log.tail('efgh', 10)).toEqual([{ runId: 'efgh', at: 0, level: 'warn', message: 'other' }])
  })
})

describe('settings and data sets', () => {
  it('come back as they were stored', async () => {
    using home = await temporaryDatabase()
    const { settings, datasets } = createStores(home.db)
    expect(settings.get('a')).toBeUndefined()
    settings.set('a', { b: [1, null] })
    expect(settings.get('a')).toEqual({ b: [1, null] })
    datasets.put(sampleDataset('two'))
    datasets.put(sampleDataset('one'))
    datasets.put(sampleDataset('two', { bytes: 5 }))
    expect(datasets.list().map(({ name, bytes }) => [name, bytes])).toEqual([
      ['one', 1000],
      ['two', 5],
    ])
    datasets.remove('one')
    expect(datasets.get('one')).toBeUndefined()
  })
})
