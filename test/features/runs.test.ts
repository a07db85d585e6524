import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { packPoints, unpackPoints } from '../../src-main/contract/metrics.js'
import { sampleDataset, samplePoints } from '../fixtures/records.js'
import { openSession, type PlayedTrainer, type Session } from '../fixtures/session.js'
import type { TrainerReport } from '../../src-main/features/runs/control/trainers.js'

const create = (session: Session, name?: string) =>
  session.services.runs.create({ preset: 'small', dataset: 'digits', ...(name && { name }) })

const points = (first: number, count: number): TrainerReport => ({
  kind: 'points',
  step: first + count - 1,
  activeSeconds: count,
  medianStepSeconds: 1,
  series: [{ key: 'train/loss', ...samplePoints(first, count) }],
})

const checkpoint = (step: number, kind: 'start' | 'schedule' | 'pause' | 'best' = 'schedule'): TrainerReport => ({
  kind: 'checkpoint',
  checkpoint: kind,
  step,
  file: `step-${step}`,
  bytes: 10,
  createdAt: step,
  weightsHash: 'w',
})

const ended = (outcome: 'finished' | 'paused' | 'stopped' | 'diverged'): TrainerReport => ({
  kind: 'ended',
  outcome,
  reason: outcome === 'diverged' ? 'the loss is NaN' : null,
  result: { testAccuracy: 0.9, testLoss: 0.1, step: 40, images: 200, weightsHash: 'w', seconds: 1 },
})

const STARTED: TrainerReport = { kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 }

function newest(session: Session): PlayedTrainer {
  const trainer = session.trainers.at(-1)
  if (!trainer) throw new Error('no trainer was started')
  return trainer
}

function say(trainer: PlayedTrainer, ...reports: TrainerReport[]): void {
  for (const report of reports) trainer.events.report(report)
}

const leave = (trainer: PlayedTrainer): void => trainer.events.exited({ reason: null, overdue: false })
const steps = async (session: Session, id: string): Promise<number[]> => {
  const { series } = await session.services.runs.series({ id })
  const loss = series.find(({ key }) => key === 'train/loss')
  return loss ? [...unpackPoints(loss.points).steps] : []
}

describe('a run', () => {
  it('starts immediately with its complete configuration, and its origin is stored', async () => {
    using session = await openSession()
    const run = await create(session, ' first ')
    expect(run).toMatchObject({ name: 'first', status: 'starting', lease: 1, parameters: 1234, totalSteps: 40, parentId: null })
    expect(run.id).toMatch(/^[a-z][a-z0-9]{7}$/)
    expect(newest(session).order).toMatchObject({
      runId: run.id,
      lease: 1,
      resumeFrom: null,
      weightsFrom: null,
      pauseAt: null,
      config: { h: 0.25, batch: 50 },
    })
    const detail = await session.services.runs.get({ id: run.id })
    expect(detail).toMatchObject({ config: { preset: 'small', dataset: 'digits', momentum: 0.9 }, checkpoints: [], result: null })
    expect(detail.environment).toEqual({
      engine: null,
      datasetHash: sampleDataset('digits').hash,
      retrace: '0',
      platform: 'test',
      commit: null,
      diff: null,
    })
    expect((await create(session)).name).toBe('small 2')
  })

  it('runs from start to finish, and everything it reported is stored', async () => {
    using session = await openSession()
    const { id } = await create(session)
    const trainer = newest(session)
    trainer.events.spawned(4711)
    say(trainer, { kind: 'phase', phase: 'loading data' }, STARTED, checkpoint(0, 'start'), points(1, 20))
    expect((await session.services.runs.list()).runs[0]).toMatchObject({
      status: 'running',
      step: 20,
      remainingSeconds: 20,
      activeSeconds: 20,
    })
    say(trainer, points(21, 20), { kind: 'log', at: 5, level: 'warn', message: 'close' }, checkpoint(40), ended('finished'))
    leave(trainer)
    const detail = await session.services.runs.get({ id })
    expect(detail).toMatchObject({
      status: 'finished',
      phase: null,
      remainingSeconds: null,
      step: 40,
      stepsPerEpoch: 16,
      result: { testAccuracy: 0.9 },
    })
    expect(detail.latest['train/loss']).toBe(Math.sin(40))
    expect(detail.endedAt).not.toBeNull()
    expect(detail.checkpoints.map(({ step }) => step)).toEqual([0, 40])
    expect(await steps(session, id)).toEqual([...samplePoints(1, 40).steps])
    expect((await session.services.runs.log({ id, limit: 10 })).entries).toEqual([{ runId: id, at: 5, level: 'warn', message: 'close' }])
  })

  it('has checkpoints with the values of their own step, not of an earlier evaluation', async () => {
    using session = await openSession()
    const { id } = await create(session)
    const evaluated = (step: number, value: number): TrainerReport => ({
      ...(points(step, 1) as Extract<TrainerReport, { kind: 'points' }>),
      series: [{ key: 'test/accuracy', steps: Float64Array.of(step), values: Float64Array.of(value), times: Float64Array.of(1) }],
    })
    say(newest(session), STARTED, checkpoint(0), points(1, 10), evaluated(10, 0.3), checkpoint(10), points(11, 5), checkpoint(15))
    const { checkpoints } = await session.services.runs.get({ id })
    expect(checkpoints.map(({ step, metrics }) => [step, metrics['test/accuracy']])).toEqual([
      [0, undefined],
      [10, 0.3],
      [15, undefined],
    ])
    expect(checkpoints[2]!.metrics).toHaveProperty('train/loss')
  })

  it('reports its engine', async () => {
    using session = await openSession()
    const { id } = await create(session)
    const report = {
      engine: 'portable' as const,
      device: 'cpu' as const,
      deviceName: 'a processor',
      versions: { tfjs: '4', tensorflow: null, node: '20' },
      threads: 1,
      oneDNN: null,
      reason: 'because',
      remedy: null,
    }
    say(newest(session), { kind: 'engine', report })
    expect((await session.services.runs.get({ id })).environment).toMatchObject({ engine: report, retrace: '0' })
  })

  it('publishes its row at most four times per second, and always the last state', async () => {
    using session = await openSession()
    const { id } = await create(session)
    const trainer = newest(session)
    say(trainer, STARTED)
    const before = session.stores.journal.last()
    for (let i = 0; i < 20; i++) {
      session.clock.advance(100)
      say(trainer, points(1 + i, 1))
    }
    session.clock.advance(1000)
    const rows = session.stores.journal
      .after(before, { detailOf: [], limit: 1000 })
      .flatMap(({ change }) => (change.kind === 'run' ? [change.run] : []))
    expect(rows.length).toBeGreaterThanOrEqual(6)
    expect(rows.length).toBeLessThanOrEqual(9)
    expect(rows.at(-1)).toEqual((await session.services.runs.list()).runs.find((run) => run.id === id))
  })

  it('stores every point once, even when it is reported twice', async () => {
    using session = await openSession()
    const { id } = await create(session)
    say(newest(session), STARTED, points(1, 10), points(6, 10), points(1, 3))
    expect(await steps(session, id)).toEqual([...samplePoints(1, 15).steps])
    const told = session.stores.journal
      .after(0, { detailOf: [id], limit: 1000 })
      .flatMap(({ change }) => (change.kind === 'points' ? change.series.filter(({ key }) => key === 'train/loss') : []))
    expect(told.flatMap((series) => [...unpackPoints(series.points).steps])).toEqual([...samplePoints(1, 15).steps])
    expect(told[0]!.points).toEqual(packPoints(samplePoints(1, 10)))
  })

  it('fails with the reason when its trainer dies, and the next run starts', async () => {
    using session = await openSession()
    const { id } = await create(session)
    const next = await create(session)
    expect(next.status).toBe('queued')
    say(newest(session), STARTED, points(1, 5))
    newest(session).events.exited({ reason: 'The trainer was killed.', overdue: false })
    expect(await session.services.runs.get({ id })).toMatchObject({ status: 'failed', reason: 'The trainer was killed.', step: 5 })
    expect(await session.services.runs.get({ id: next.id })).toMatchObject({ status: 'starting' })
  })

  it('says why it diverged, and can be resumed', async () => {
    using session = await openSession()
    const { id } = await create(session)
    say(newest(session), STARTED, checkpoint(0), points(1, 3), ended('diverged'))
    leave(newest(session))
    expect(await session.services.runs.get({ id })).toMatchObject({ status: 'diverged', reason: 'the loss is NaN' })
    expect((await session.services.runs.resume({ id })).status).toBe('starting')
  })
})

describe('pausing, resuming and stopping', () => {
  it('resumes from the last checkpoint and discards everything after it, in the published change as in the store', async () => {
    using session = await openSession()
    const { id } = await create(session)
    const first = newest(session)
    first.events.spawned(4711)
    say(first, STARTED, checkpoint(0), points(1, 10), checkpoint(10), points(11, 7))
    expect((await session.services.runs.pause({ id })).status).toBe('pausing')
    expect(first.commands).toEqual(['pause'])
    first.events.exited({ reason: 'late', overdue: true })
    expect(await session.services.runs.get({ id })).toMatchObject({ status: 'paused', step: 17 })
    const seq = session.stores.journal.last()
    expect(await session.services.runs.resume({ id })).toMatchObject({
      status: 'starting',
      lease: 2,
      step: 10,
      latest: { 'train/loss': Math.sin(10) },
    })
    expect(newest(session).order).toMatchObject({ lease: 2, resumeFrom: 'step-10', previousPid: null })
    const changes = session.stores.journal.after(seq, { detailOf: [id], limit: 10 }).map(({ change }) => change)
    expect(changes).toContainEqual({ kind: 'truncated', runId: id, afterStep: 10 })
    expect(await steps(session, id)).toEqual([...samplePoints(1, 10).steps])
    say(newest(session), { ...STARTED, step: 10 } as TrainerReport, points(11, 30), ended('finished'))
    expect(await steps(session, id)).toEqual([...samplePoints(1, 40).steps])
    expect(() => say(first, points(41, 1))).toThrow(/lease 1 .* has ended; 2 writes now/)
    expect(await steps(session, id)).toHaveLength(40)
  })

  it('never has two trainers: a resumed run waits until the old process has exited', async () => {
    using session = await openSession()
    const { id } = await create(session)
    say(newest(session), STARTED, ended('paused'))
    expect((await session.services.runs.resume({ id })).status).toBe('queued')
    expect(session.trainers).toHaveLength(1)
    leave(newest(session))
    expect(session.trainers).toHaveLength(2)
    expect((await session.services.runs.get({ id })).lease).toBe(2)
  })

  it('works on queued runs as well', async () => {
    using session = await openSession()
    await create(session)
    const { id } = await create(session)
    expect((await session.services.runs.pause({ id })).status).toBe('paused')
    expect((await session.services.runs.resume({ id })).status).toBe('queued')
    expect((await session.services.runs.stop({ id })).status).toBe('stopped')
    expect(session.trainers).toHaveLength(1)
  })

  it('can be stopped while it is being paused', async () => {
    using session = await openSession()
    const { id } = await create(session)
    say(newest(session), STARTED)
    await session.services.runs.pause({ id })
    expect((await session.services.runs.stop({ id })).status).toBe('stopping')
    expect(newest(session).commands).toEqual(['pause', 'stop'])
    say(newest(session), ended('paused'))
    expect((await session.services.runs.get({ id })).status).toBe('stopped')
  })

  it('refuses commands that do not apply, with the reason', async () => {
    using session = await openSession()
    const { id } = await create(session)
    await expect(session.services.runs.resume({ id })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `Run ${id} is already starting.`,
    })
    say(newest(session), STARTED, ended('finished'))
    await expect(session.services.runs.resume({ id })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('Fork it'),
    })
    await expect(session.services.runs.pause({ id })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('is finished'),
    })
    await expect(session.services.runs.stop({ id: 'nothere1' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('runs as many trainers at once as the setting allows', async () => {
    using session = await openSession()
    session.stores.settings.set('queue.concurrentRuns', 2)
    for (let i = 0; i < 3; i++) await create(session)
    expect(session.trainers).toHaveLength(2)
    newest(session).events.exited({ reason: 'x', overdue: false })
    expect(session.trainers).toHaveLength(3)
  })
})

describe('a fork', () => {
  it('starts with a copy of the weights of its parent', async () => {
    using session = await openSession()
    const { id } = await create(session, 'parent')
    const { order } = newest(session)
    for (const step of [0, 10, 20]) writeFileSync(join(order.checkpointFolder, `step-${step}`), `weights ${step}`)
    say(newest(session), STARTED, checkpoint(0), points(1, 10), checkpoint(10), points(11, 10), checkpoint(20), ended('finished'))
    leave(newest(session))
    const fork = await session.services.runs.fork({ id, step: 10, overrides: { learningRate: 0.01 } })
    expect(fork).toMatchObject({ parentId: id, name: 'parent from step 10', status: 'starting', step: 0 })
    expect(newest(session).order).toMatchObject({ resumeFrom: null, config: { learningRate: 0.01, h: 0.25, steps: 40 } })
    await session.services.runs.remove({ id })
    const { readFile } = await import('node:fs/promises')
    expect(await readFile(newest(session).order.weightsFrom!, 'utf8')).toBe('weights 10')
    expect((await session.services.runs.get({ id: fork.id })).parentId).toBe(id)
  })

  it('of twice the depth starts with weights that were made for it', async () => {
    const made: string[] = []
    const weights = { check: async () => undefined, export: async () => 0, exportOnnx: async () => 0, norms: async () => [], double: async (path: string) => void made.push(path) } // prettier-ignore
    using session = await openSession({ weights })
    const { id } = await create(session, 'parent')
    writeFileSync(join(newest(session).order.checkpointFolder, 'step-0'), 'weights 0')
    say(newest(session), STARTED, checkpoint(0), ended('finished'))
    leave(newest(session))
    await session.services.runs.fork({ id, doubled: true })
    const { order } = newest(session)
    expect(order.config).toMatchObject({ h: 0.125, stages: [{ channels: 8, units: 8 }] })
    expect(made).toEqual([order.weightsFrom])
    expect((await session.services.runs.list()).runs.map(({ name }) => name)).toContain('parent from step 0, twice as deep')
  })

  it('needs a checkpoint, and a configuration that can run', async () => {
    using session = await openSession()
    const { id } = await create(session)
    await expect(session.services.runs.fork({ id, overrides: {} })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('Wait'),
    })
    say(newest(session), checkpoint(0))
    await expect(session.services.runs.fork({ id, step: 3, overrides: {} })).rejects.toMatchObject({
      message: expect.stringContaining('at 0'),
    })
    await expect(session.services.runs.fork({ id, overrides: { batch: -1 } })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    expect((await session.services.runs.list()).runs).toHaveLength(1)
  })
})

describe('renaming and removing', () => {
  it('changes the name', async () => {
    using session = await openSession()
    const { id } = await create(session)
    expect((await session.services.runs.rename({ id, name: 'better' })).name).toBe('better')
    await expect(session.services.runs.rename({ id: 'nothere1', name: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('deletes an inactive run with everything that belongs to it', async () => {
    using session = await openSession()
    const { id } = await create(session)
    await expect(session.services.runs.remove({ id })).rejects.toMatchObject({ code: 'CONFLICT' })
    say(newest(session), STARTED, points(1, 5), ended('stopped'))
    await expect(session.services.runs.remove({ id })).rejects.toMatchObject({ code: 'CONFLICT' })
    leave(newest(session))
    await session.services.runs.remove({ id })
    await expect(session.services.runs.series({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await session.services.runs.list()).runs).toEqual([])
  })
})

describe('after a crash of the host', () => {
  it('active runs are interrupted, queued ones start, and old trainers are refused', async () => {
    using session = await openSession()
    const { id } = await create(session)
    const { id: waiting } = await create(session)
    const orphan = newest(session)
    orphan.events.spawned(4711)
    say(orphan, STARTED, checkpoint(0), points(1, 5))
    session.orphan = () => new Promise(() => undefined)
    await session.crash()
    expect(await session.services.runs.get({ id })).toMatchObject({
      status: 'interrupted',
      step: 5,
      reason: expect.stringContaining('Resume it'),
    })
    expect((await session.services.runs.get({ id: waiting })).status).toBe('starting')
    newest(session).events.exited({ reason: 'x', overdue: false })
    await session.services.runs.resume({ id })
    expect(newest(session).order).toMatchObject({ runId: id, lease: 2, resumeFrom: 'step-0', previousPid: 4711 })
    expect(session.db.problems()).toEqual([])
  })

  it('a run resumes without a gap from the checkpoint that its trainer wrote when it lost the host', async () => {
    using session = await openSession()
    const { id } = await create(session)
    say(newest(session), STARTED, checkpoint(0), points(1, 5))
    await session.crash()
    const numbers = (...values: number[]): Float64Array => Float64Array.from(values)
    const series = [{ key: 'train/loss', steps: numbers(4, 5, 6, 7), values: numbers(1, 1, 1, NaN), times: numbers(4, 5, 6, 7) }]
    session.left = { file: 'step-7', step: 7, bytes: 10, createdAt: 7, weightsHash: 'c'.repeat(64), series }
    await session.services.runs.resume({ id })
    expect(newest(session).order).toMatchObject({ lease: 2, resumeFrom: 'step-7' })
    const run = await session.services.runs.get({ id })
    expect(run.step).toBe(7)
    expect(run.checkpoints.at(-1)).toMatchObject({ file: 'step-7', step: 7, kind: 'stop' })
    // Values of step 7 only, if it left any.
    expect(run.checkpoints.at(-1)!.metrics).toEqual(session.stores.series.at(id, 7))
    expect([...session.stores.series.read(id, ['train/loss'])[0]!.points.steps]).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(session.db.problems()).toEqual([])
  })

  it('a trainer that outlived its host is awaited, and its last checkpoint is adopted without a command', async () => {
    using session = await openSession()
    const { id } = await create(session)
    newest(session).events.spawned(4711)
    say(newest(session), STARTED, checkpoint(0), points(1, 5))
    let ended = (): void => undefined
    const waited: number[] = []
    session.orphan = (pid) => new Promise((resolve) => (waited.push(pid), (ended = resolve)))
    await session.crash()
    session.left = { file: 'step-7', step: 7, bytes: 10, createdAt: 7, weightsHash: 'c'.repeat(64), series: [] }
    expect(waited).toEqual([4711])
    expect((await session.services.runs.get({ id })).checkpoints).toHaveLength(1)
    ended()
    await vi.waitFor(async () => expect(await session.services.runs.get({ id })).toMatchObject({ status: 'interrupted', step: 7 }))
    expect((await session.services.runs.get({ id })).checkpoints.at(-1)).toMatchObject({ file: 'step-7' })
    await session.crash()
    expect(waited).toEqual([4711])
    await session.services.runs.resume({ id })
    expect(newest(session).order).toMatchObject({ lease: 2, resumeFrom: 'step-7', previousPid: null })
  })

  it('a host that holds the queue only starts the runs it was asked to start', async () => {
    using session = await openSession()
    await create(session)
    const { id: waiting } = await create(session)
    await session.crash({ queue: 'hold' })
    expect((await session.services.runs.get({ id: waiting })).status).toBe('queued')
    const own = await create(session)
    expect(own.status).toBe('starting')
    await session.services.runs.resume({ id: waiting })
    newest(session).events.exited({ reason: 'x', overdue: false })
    expect((await session.services.runs.get({ id: waiting })).status).toBe('starting')
  })
})

describe('closing', () => {
  it('pauses active runs and marks them as interrupted', async () => {
    using session = await openSession()
    const { id } = await create(session)
    const { id: waiting } = await create(session)
    say(newest(session), STARTED, points(1, 5))
    const closed = session.opened.close(1000)
    expect(newest(session).commands).toEqual(['pause'])
    say(newest(session), checkpoint(5, 'pause'), ended('paused'))
    leave(newest(session))
    await closed
    expect(session.stores.runs.get(id)).toMatchObject({ status: 'interrupted', reason: expect.stringContaining('step 5') })
    expect(session.stores.runs.get(waiting)).toMatchObject({ status: 'queued' })
  })

  it('kills trainers that do not exit in time', async () => {
    using session = await openSession()
    const { id } = await create(session)
    say(newest(session), STARTED)
    const closed = session.opened.close(1000)
    session.clock.advance(999)
    expect(newest(session).killed).toBeNull()
    session.clock.advance(1)
    expect(newest(session).killed).toContain('in time')
    newest(session).events.exited({ reason: newest(session).killed, overdue: false })
    await closed
    expect(session.stores.runs.get(id)?.status).toBe('interrupted')
  })
})

describe('a disk that fails', () => {
  it('ends no run silently: an end that could not be stored is stored as soon as possible', async () => {
    using session = await openSession()
    const { id } = await create(session)
    say(newest(session), STARTED)
    session.db.prepare("CREATE TRIGGER full BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'no room'); END").run()
    expect(() => say(newest(session), points(1, 1))).toThrow('no room')
    expect(await steps(session, id)).toEqual([])
    newest(session).events.exited({ reason: 'the disk is full', overdue: false })
    expect(session.faults).toHaveLength(1)
    expect((await session.services.runs.get({ id })).status).toBe('running')
    session.db.prepare('DROP TRIGGER full').run()
    session.clock.advance(5000)
    expect(await session.services.runs.get({ id })).toMatchObject({ status: 'failed', reason: 'the disk is full' })
  })
})
