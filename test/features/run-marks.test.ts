import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openSession, type Session } from '../fixtures/session.js'

const HOUR = 3_600_000
const create = (session: Session, name = 'a run') => session.services.runs.create({ preset: 'small', dataset: 'digits', name })
const queueOf = (session: Session): string[] => session.stores.runs.inStatus(['queued']).map(({ name }) => name)
const rowsSince = (session: Session, seq: number) =>
  session.stores.journal.after(seq, { detailOf: [], limit: 1000 }).flatMap(({ change }) => (change.kind === 'run' ? [change.run] : []))

/** A run that has failed at a step, with a checkpoint on disk. */
async function failed(session: Session) {
  const run = await create(session)
  const trainer = session.trainers.at(-1)!
  trainer.events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
  const checkpoint = { kind: 'checkpoint', checkpoint: 'schedule', step: 3, file: 'step-3', bytes: 1, createdAt: 1 } as const
  trainer.events.report({ ...checkpoint, weightsHash: 'w' })
  const series = [{ key: 'train/loss', steps: Float64Array.of(1), values: Float64Array.of(2), times: Float64Array.of(3) }]
  trainer.events.report({ kind: 'points', step: 1, activeSeconds: 1, medianStepSeconds: 1, series })
  trainer.events.exited({ reason: 'it died', overdue: false })
  return { run, trainer }
}

describe('the queue', () => {
  it('accepts several seeds in one transaction, in their order', async () => {
    using session = await openSession()
    await create(session)
    const runs = await session.services.runs.createSeveral({
      request: { preset: 'small', dataset: 'digits', name: 'h' },
      seeds: [3, 1, 2, 3],
    })
    expect(runs.map(({ name, seed, status }) => [name, seed, status])).toEqual([
      ['h, seed 3', 3, 'queued'],
      ['h, seed 1', 1, 'queued'],
      ['h, seed 2', 2, 'queued'],
    ])
    await expect(
      session.services.runs.createSeveral({ request: { preset: 'small', dataset: 'digits', overrides: { batch: 0 } }, seeds: [1, 2] }),
    ).rejects.toMatchObject({
      code: 'BAD_INPUT',
    })
    expect(queueOf(session)).toEqual(['h, seed 3', 'h, seed 1', 'h, seed 2'])
  })

  it('can be reordered; the new order is published, survives a crash, and is the order of the starts', async () => {
    using session = await openSession()
    await create(session, 'works')
    const [a, b, c] = [await create(session, 'a'), await create(session, 'b'), await create(session, 'c')]
    const seq = session.stores.journal.last()
    await session.services.runs.move({ ids: [c.id], position: 0 })
    expect(queueOf(session)).toEqual(['c', 'a', 'b'])
    const told = rowsSince(session, seq)
    expect(told.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c'])
    for (const run of told) expect(run).toEqual(session.stores.runs.get(run.id))
    await session.services.runs.move({ ids: [b.id, a.id], position: 99 })
    expect(queueOf(session)).toEqual(['c', 'b', 'a'])
    await session.crash({ queue: 'hold' })
    expect(queueOf(session)).toEqual(['c', 'b', 'a'])
    await session.crash()
    expect(session.trainers.at(-1)!.order.runId).toBe(c.id)
    await expect(session.services.runs.move({ ids: [c.id], position: 1 })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('starting'),
    })
  })

  it('starts more runs, each in its own slot, when the number of concurrent runs is raised', async () => {
    using session = await openSession()
    for (const name of ['a', 'b', 'c']) await create(session, name)
    expect(session.trainers).toHaveLength(1)
    const seq = session.stores.journal.last()
    const settings = await session.services.settings.update({ 'queue.concurrentRuns': 3 })
    expect(session.trainers.map(({ order }) => [order.slot, order.slots])).toEqual([
      [0, 1],
      [1, 3],
      [2, 3],
    ])
    expect(session.stores.journal.after(seq, { detailOf: [], limit: 1 })[0]?.change).toEqual({ kind: 'settings', settings })
    session.trainers[1]!.events.exited({ reason: 'x', overdue: false })
    await create(session, 'd')
    expect(session.trainers.at(-1)!.order.slot).toBe(1)
    await session.crash()
    expect(await session.services.settings.get()).toEqual(settings)
  })

  it('ignores a stored setting that is not valid', async () => {
    using session = await openSession()
    session.stores.settings.set('queue.concurrentRuns', 'many')
    expect(await session.services.settings.get()).toMatchObject({ 'queue.concurrentRuns': 1 })
  })
})

describe('trying again', () => {
  it('retry discards the progress and restarts from step 0', async () => {
    using session = await openSession()
    const { run } = await failed(session)
    const next = await session.services.runs.retry({ id: run.id })
    expect(next).toMatchObject({ status: 'starting', step: 0, lease: 2, reason: null, latest: {} })
    expect(session.trainers.at(-1)!.order.resumeFrom).toBeNull()
    expect((await session.services.runs.get({ id: run.id })).checkpoints).toEqual([])
    expect((await session.services.runs.series({ id: run.id })).series).toEqual([])
    await expect(session.services.runs.retry({ id: run.id })).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('again creates a run with the same configuration and seed', async () => {
    using session = await openSession()
    const { run } = await failed(session)
    const next = await session.services.runs.again({ id: run.id })
    expect(next).toMatchObject({ name: 'a run (again)', seed: run.seed, parentId: null })
    expect(next.id).not.toBe(run.id)
    const [a, b] = [await session.services.runs.get({ id: run.id }), await session.services.runs.get({ id: next.id })]
    expect(b.config).toEqual(a.config)
  })

  it('again of a fork starts with the same weights, even if its parent has been deleted', async () => {
    using session = await openSession()
    const { run, trainer } = await failed(session)
    const { writeFileSync, readFileSync } = await import('node:fs')
    writeFileSync(`${trainer.order.checkpointFolder}/step-3`, 'weights')
    const fork = await session.services.runs.fork({ id: run.id, overrides: {} })
    await session.services.runs.remove({ id: run.id })
    await session.services.runs.purge({ id: run.id })
    const next = await session.services.runs.again({ id: fork.id })
    session.trainers.at(-1)!.events.exited({ reason: 'x', overdue: false })
    expect(session.trainers.at(-1)!.order.runId).toBe(next.id)
    expect(readFileSync(session.trainers.at(-1)!.order.weightsFrom!, 'utf8')).toBe('weights')
  })
})

describe('marks', () => {
  it('are changed for many runs in one transaction, and every row is published', async () => {
    using session = await openSession()
    const ids = [(await create(session)).id, (await create(session)).id]
    const seq = session.stores.journal.last()
    await session.services.runs.edit({ ids, addTags: ['deep', 'slow'], colour: '#3f7cac', pinned: true })
    const rows = await session.services.runs.edit({ ids, removeTags: ['slow'], colour: null })
    expect(rows).toMatchObject(ids.map(() => ({ tags: ['deep'], colour: null, pinned: true })))
    expect(rowsSince(session, seq)).toHaveLength(4)
    expect(await session.services.runs.get({ id: ids[0]! })).toMatchObject({ tags: ['deep'], pinned: true })
    const all = [...ids, 'nothere1']
    await expect(session.services.runs.edit({ ids: all, pinned: false })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await session.services.runs.get({ id: ids[0]! })).pinned).toBe(true)
  })

  it('there is one baseline', async () => {
    using session = await openSession()
    const [a, b] = [await create(session), await create(session)]
    await session.services.runs.edit({ ids: [a.id], baseline: true })
    const seq = session.stores.journal.last()
    await session.services.runs.edit({ ids: [b.id], baseline: true })
    expect(rowsSince(session, seq).map(({ id, baseline }) => [id, baseline])).toEqual([
      [a.id, false],
      [b.id, true],
    ])
    await expect(session.services.runs.edit({ ids: [a.id, b.id], baseline: true })).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })

  it('notes are stored completely, and the row has their first line', async () => {
    using session = await openSession()
    const { id } = await create(session)
    const notes = '\n## Learns *well*\n\n- but slowly'
    expect((await session.services.runs.setNotes({ id, notes })).note).toBe('Learns *well*')
    expect((await session.services.runs.get({ id })).notes).toBe(notes)
  })

  it('an active run cannot be archived', async () => {
    using session = await openSession()
    const { id } = await create(session)
    await expect(session.services.runs.edit({ ids: [id], archived: true })).rejects.toMatchObject({
      message: expect.stringContaining('Stop it'),
    })
    session.trainers[0]!.events.exited({ reason: 'x', overdue: false })
    expect(await session.services.runs.edit({ ids: [id], archived: true })).toMatchObject([{ archived: true }])
  })
})

describe('removing', () => {
  it('can be undone with everything that belonged to the run, also after a crash', async () => {
    using session = await openSession()
    const { run, trainer } = await failed(session)
    const before = await session.services.runs.get({ id: run.id })
    await session.services.runs.remove({ id: run.id })
    expect((await session.services.runs.list()).runs).toEqual([])
    await expect(session.services.runs.get({ id: run.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await session.crash()
    expect(await session.services.runs.removed()).toMatchObject([
      { run: { id: run.id }, removedAt: session.clock.now(), keptSeconds: 24 * 3600 },
    ])
    await session.services.runs.restore({ id: run.id })
    expect(await session.services.runs.get({ id: run.id })).toEqual(before)
    expect((await session.services.runs.series({ id: run.id })).series.map(({ key }) => key)).toContain('train/loss')
    expect(existsSync(trainer.order.checkpointFolder)).toBe(true)
    await expect(session.services.runs.restore({ id: run.id })).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('a queued run does not start by itself when it is restored', async () => {
    using session = await openSession()
    await create(session)
    const { id } = await create(session)
    await session.services.runs.remove({ id })
    expect(await session.services.runs.restore({ id })).toMatchObject({ status: 'stopped' })
  })

  it('becomes permanent when its time has passed, in this host or the next', async () => {
    using session = await openSession()
    const [first, second] = [await failed(session), await failed(session)]
    await session.services.runs.remove({ id: first.run.id })
    session.clock.advance(HOUR)
    await session.services.runs.remove({ id: second.run.id })
    session.clock.advance(23 * HOUR)
    await expect.poll(() => existsSync(first.trainer.order.checkpointFolder)).toBe(false)
    await expect(session.services.runs.restore({ id: first.run.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(existsSync(second.trainer.order.checkpointFolder)).toBe(true)
    session.clock.advance(HOUR / 2)
    await session.crash()
    expect(existsSync(second.trainer.order.checkpointFolder)).toBe(true)
    session.clock.advance(HOUR)
    await expect.poll(() => existsSync(second.trainer.order.checkpointFolder)).toBe(false)
    expect(session.db.problems()).toEqual([])
  })
})

describe('many at once', () => {
  it('is applied to the runs that allow it, and says why the others refuse', async () => {
    using session = await openSession()
    const { run } = await failed(session)
    const working = await create(session)
    const results = await session.services.runs.bulk({ ids: [run.id, working.id, 'nothere1'], action: 'remove' })
    expect(results).toEqual([
      { id: run.id, refusal: null },
      { id: working.id, refusal: expect.stringContaining('Stop it before') },
      { id: 'nothere1', refusal: expect.stringContaining('no run') },
    ])
    expect(await session.services.runs.bulk({ ids: [run.id], action: 'restore' })).toEqual([{ id: run.id, refusal: null }])
    const [again] = await session.services.runs.bulk({ ids: [run.id], action: 'again' })
    expect(await session.services.runs.get({ id: again!.madeId! })).toMatchObject({ name: 'a run (again)' })
  })
})
