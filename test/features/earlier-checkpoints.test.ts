import { describe, expect, it } from 'vitest'
import { samplePoints } from '../fixtures/records.js'
import { openSession, type Session } from '../fixtures/session.js'
import type { TrainerReport } from '../../src-main/features/runs/control/trainers.js'

const newest = (session: Session) => session.trainers.at(-1)!

const started = (step: number): TrainerReport => ({ kind: 'started', step, totalSteps: 40, stepsPerEpoch: 16 })
const points = (first: number, count: number): TrainerReport => ({
  kind: 'points',
  step: first + count - 1,
  activeSeconds: count,
  medianStepSeconds: 1,
  series: [{ key: 'train/loss', ...samplePoints(first, count) }],
})
const checkpoint = (step: number): TrainerReport => ({
  kind: 'checkpoint',
  checkpoint: 'schedule',
  step,
  file: `step-${step}`,
  bytes: 10,
  createdAt: step,
  weightsHash: 'w',
})

/** A run with checkpoints at 0, 10 and 20 that has failed at step 23. */
async function failed(session: Session): Promise<string> {
  const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
  const { events } = newest(session)
  for (const report of [started(0), checkpoint(0), points(1, 10), checkpoint(10), points(11, 10), checkpoint(20), points(21, 3)])
    events.report(report)
  events.exited({ reason: 'it broke', overdue: false })
  return id
}

const state = async (session: Session, id: string) => {
  const run = await session.services.runs.get({ id })
  return { step: run.step, checkpoints: run.checkpoints.map(({ step }) => step) }
}

describe('a checkpoint that the trainer finds damaged', () => {
  it('is reported and set aside, everything after the previous one is discarded, and the run resumes from that one', async () => {
    using session = await openSession()
    const id = await failed(session)
    await session.services.runs.resume({ id })
    const { order, events } = newest(session)
    expect(order).toMatchObject({ resumeFrom: 'step-20', olderCheckpoints: ['step-10', 'step-0'] })
    const seq = session.stores.journal.last()
    events.report({ kind: 'damaged', at: 5, file: 'step-20', reason: 'step-20 is damaged', goesOnFrom: 10 })
    events.report(started(10))
    expect(await state(session, id)).toMatchObject({ step: 10, checkpoints: [0, 10] })
    events.report(points(11, 5))
    expect([...session.stores.series.read(id, ['train/loss'])[0]!.points.steps]).toEqual(Array.from({ length: 15 }, (_, i) => i + 1))
    const { entries } = await session.services.runs.log({ id, limit: 5 })
    expect(entries.at(-1)).toMatchObject({
      level: 'warn',
      message: expect.stringMatching(/step-20 is damaged.*resuming from the checkpoint at step 10/) as string,
    })
    const changes = session.stores.journal.after(seq, { detailOf: [id], limit: 20 }).map(({ change }) => change)
    expect(changes).toContainEqual({ kind: 'truncated', runId: id, afterStep: 10 })
    expect(changes).toContainEqual({ kind: 'checkpointRemoved', runId: id, file: 'step-20' })
    expect(session.db.problems()).toEqual([])
  })
})

describe('a run that is resumed from an earlier step', () => {
  it('resumes from the checkpoint at that step, and everything after it is discarded', async () => {
    using session = await openSession()
    const id = await failed(session)
    expect(await session.services.runs.resume({ id, step: 10 })).toMatchObject({ status: 'starting', step: 10 })
    expect(newest(session).order).toMatchObject({ resumeFrom: 'step-10', olderCheckpoints: ['step-0'] })
    expect(await state(session, id)).toMatchObject({ step: 10, checkpoints: [0, 10] })
    expect(session.stores.series.read(id, ['train/loss'])[0]!.points.steps).toHaveLength(10)
  })

  it('is unchanged if there is no such checkpoint, a later one is pinned, or a trainer is active', async () => {
    using session = await openSession()
    const id = await failed(session)
    await expect(session.services.runs.resume({ id, step: 11 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('0, 10, 20') as string,
    })
    await session.services.runs.pinCheckpoint({ id, step: 20, pinned: true })
    await expect(session.services.runs.resume({ id, step: 10 })).rejects.toThrow(/at step 20 is pinned/)
    expect(await state(session, id)).toMatchObject({ step: 23, checkpoints: [0, 10, 20] })
    await session.services.runs.resume({ id })
    await expect(session.services.runs.resume({ id, step: 10 })).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

describe('a stored configuration that cannot be read', () => {
  it('is reported on the page of the run, which can neither be forked nor started; the table and other runs are unaffected', async () => {
    using session = await openSession()
    const id = await failed(session)
    session.db.prepare(`UPDATE run_records SET config = json_set(config, '$.momentum', 'much') WHERE runId = '${id}'`).run()
    const other = await failed(session)
    for (const asked of [
      () => session.services.runs.get({ id }),
      () => session.services.runs.again({ id }),
      () => session.services.runs.fork({ id }),
    ])
      await expect(asked()).rejects.toThrow(/configuration \(format version \d+\).*momentum/)
    await session.services.runs.resume({ id })
    expect((await session.services.runs.list()).runs.find((run) => run.id === id)).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('momentum') as string,
    })
    expect((await session.services.runs.again({ id: other })).status).toBe('starting')
    expect((JSON.parse((await session.services.runs.configs({})).columns) as { ids: string[] }).ids).toContain(id)
    expect(session.faults).toEqual([])
  })

  it('of an earlier version can be forked and repeated with the behaviour of that version', async () => {
    using session = await openSession()
    const id = await failed(session)
    const removed = "json_remove(config, '$.execution', '$.fusedKernels', '$.memoryBudget')"
    session.db.prepare(`UPDATE run_records SET configVersion = 1, config = ${removed} WHERE runId = '${id}'`).run()
    const stored = session.stores.runs.record(id)!.config
    const then = { execution: 'eager', fusedKernels: false, memoryBudget: 0 }
    const again = await session.services.runs.again({ id })
    expect((await session.services.runs.get({ id: again.id })).config).toMatchObject(then)
    expect((await session.services.runs.previewFork({ id })).config).toMatchObject(then)
    expect(session.stores.runs.record(id)!.config).toEqual(stored)
  })
})
