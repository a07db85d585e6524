import { mkdirSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { unpackRuns } from '../../src-main/contract/run-table.js'
import type { Checkpoint } from '../../src-main/contract/runs.js'
import { RetentionSchema, type Retention } from '../../src-main/contract/storage.js'
import { dispensable } from '../../src-main/features/runs/dispensable.js'
import { openHomeFiles } from '../../src-main/storage/home-files.js'
import { fakeDisk } from '../fixtures/fake-ports.js'
import { openSession, type PlayedTrainer, type Session } from '../fixtures/session.js'

const HOUR = 3_600_000
const create = (session: Session, name = 'a run') => session.services.runs.create({ preset: 'small', dataset: 'digits', name })

function save(session: Session, { order, events }: PlayedTrainer, step: number, kind: Checkpoint['kind'], bytes = 100): string {
  const file = `step-${step}`
  const path = join(order.checkpointFolder, file)
  writeFileSync(path, Buffer.alloc(bytes))
  const weightsHash = 'w'
  events.report({
    kind: 'checkpoint',
    checkpoint: kind,
    step,
    file,
    bytes,
    createdAt: session.clock.now() + step,
    weightsHash,
  })
  return path
}

/** A finished run with five checkpoints on disk. */
async function finished(session: Session) {
  const run = await create(session)
  const trainer = session.trainers.at(-1)!
  trainer.events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
  const kinds = ['start', 'best', 'schedule', 'best', 'final'] as const
  const paths = kinds.map((kind, at) => save(session, trainer, at * 10, kind))
  trainer.events.report({ kind: 'ended', outcome: 'finished', reason: null, result: null })
  trainer.events.exited({ reason: null, overdue: false })
  return { run, trainer, paths }
}

describe('the use of the disk', () => {
  it('is reported by run and kind, and counts a file with two hard links once', async () => {
    using session = await openSession()
    const { run, trainer } = await finished(session)
    writeFileSync(join(trainer.order.logFolder, 'trainer-1.log'), 'x'.repeat(7))
    const fork = await session.services.runs.fork({ id: run.id, overrides: {} })
    const home = session.stores.runs && openHomeFiles(join(trainer.order.checkpointFolder, '../../..')).home
    mkdirSync(join(home, 'runs/gone/checkpoints'), { recursive: true })
    writeFileSync(join(home, 'runs/gone/checkpoints/step-1'), Buffer.alloc(30))
    const usage = await session.services.storage.usage()
    expect(usage.runs).toEqual([{ id: run.id, name: run.name, removed: false, checkpoints: 500, logs: 7, weights: 0 }])
    expect(usage.leftovers).toBe(30)
    expect(usage.database).toBeGreaterThan(4096)
    expect(usage.total).toBe(usage.database + 537)
    expect(usage.disk!.total).toBeGreaterThan(usage.disk!.free)
    await session.services.runs.stop({ id: fork.id })
  })
})

describe('clean-up', () => {
  it('first lists what would be deleted, then deletes exactly that and publishes it', async () => {
    using session = await openSession()
    const { run, paths } = await finished(session)
    const dry = await session.services.storage.clean({ dryRun: true })
    expect(dry.items.map(({ path }) => path)).toEqual([0, 10, 20].map((step) => `runs/${run.id}/checkpoints/step-${step}`))
    expect(dry.bytes).toBe(300)
    expect(paths.every((path) => existsSync(path))).toBe(true)
    const seq = session.stores.journal.last()
    expect(await session.services.storage.clean({ dryRun: false })).toEqual(dry)
    expect(paths.map((path) => existsSync(path))).toEqual([false, false, false, true, true])
    expect((await session.services.runs.get({ id: run.id })).checkpoints.map(({ step }) => step)).toEqual([30, 40])
    const told = session.stores.journal.after(seq, { detailOf: [], limit: 100 }).map(({ change }) => change.kind)
    expect(told).toEqual(['checkpointRemoved', 'checkpointRemoved', 'checkpointRemoved'])
    expect((await session.services.storage.clean({ dryRun: true })).items).toEqual([])
  })

  it('keeps pinned runs, the baseline, and queued or active runs', async () => {
    using session = await openSession()
    const { run } = await finished(session)
    const plan = () => session.services.storage.clean({ dryRun: true })
    await session.services.runs.edit({ ids: [run.id], pinned: true })
    expect((await plan()).items).toEqual([])
    await session.services.runs.edit({ ids: [run.id], pinned: false, baseline: true })
    expect((await plan()).items).toEqual([])
    await session.services.runs.edit({ ids: [run.id], baseline: false })
    expect((await plan()).items).toHaveLength(3)
    await create(session)
    const working = session.trainers.at(-1)!
    for (const step of [0, 5, 10]) save(session, working, step, 'schedule')
    expect((await plan()).items.filter(({ runId }) => runId !== run.id)).toEqual([])
  })

  it('never deletes a pinned checkpoint unless asked to, even if its trainer wrote it again', async () => {
    using session = await openSession()
    const { run, paths } = await finished(session)
    const steps = async (keep?: Retention) =>
      (await session.services.storage.clean({ dryRun: true, ...(keep && { keep }) })).items.map(({ path }) => path.split('-').at(-1))
    const pinned = { runId: run.id, file: 'step-10', pinned: true }
    expect(await session.services.runs.pinCheckpoint({ id: run.id, file: 'step-10', pinned: true })).toMatchObject(pinned)
    expect(session.stores.journal.after(0, { detailOf: [], limit: 1000 }).at(-1)!.change).toMatchObject({ checkpoint: pinned })
    expect(await steps()).toEqual(['0', '20'])
    expect(await steps({ best: true, last: true, pinned: false, leftovers: false })).toEqual(['0', '10', '20'])
    const [, written] = session.stores.checkpoints.list(run.id)
    const anew = { ...written!, weightsHash: 'other' }
    delete anew.pinned
    session.stores.checkpoints.put(anew)
    expect(session.stores.checkpoints.list(run.id)[1]).toEqual({ ...anew, pinned: true })
    await session.services.storage.clean({ dryRun: false })
    expect(paths.map((path) => existsSync(path))).toEqual([false, true, false, true, true])
    await session.services.runs.pinCheckpoint({ id: run.id, file: 'step-10', pinned: false })
    expect(await steps()).toEqual(['10'])
    await expect(session.services.runs.pinCheckpoint({ id: run.id, file: 'step-20', pinned: true })).rejects.toThrow(
      /It has checkpoints at 10, 30, 40/,
    )
  })

  it('deletes orphaned files only when asked, and never those of an active run', async () => {
    using session = await openSession()
    const { trainer } = await finished(session)
    const orphan = join(trainer.order.checkpointFolder, 'step-99')
    writeFileSync(orphan, 'x')
    writeFileSync(join(trainer.order.checkpointFolder, 'lease'), '1')
    const gone = join(trainer.order.checkpointFolder, '../../gone')
    mkdirSync(join(gone, 'checkpoints'), { recursive: true })
    writeFileSync(join(gone, 'checkpoints/step-1'), 'x')
    await create(session)
    const part = join(session.trainers.at(-1)!.order.checkpointFolder, 'step-5.part')
    writeFileSync(part, 'x')
    await session.services.storage.clean({ dryRun: false })
    expect(existsSync(orphan)).toBe(true)
    const keep = { best: true, last: true, pinned: true, leftovers: true }
    await session.services.storage.clean({ dryRun: false, keep })
    expect([orphan, gone, part, join(trainer.order.checkpointFolder, 'lease')].map((path) => existsSync(path))).toEqual([
      false,
      false,
      true,
      true,
    ])
  })

  it('deletes checkpoints of finished runs automatically if the setting says so, except pinned ones', async () => {
    using session = await openSession()
    await session.services.settings.update({ 'runs.keepCheckpoints': 'best and last' })
    const { run, paths } = await finished(session)
    expect((await session.services.runs.get({ id: run.id })).checkpoints.map(({ step }) => step)).toEqual([30, 40])
    expect(paths.map((path) => existsSync(path))).toEqual([false, false, false, true, true])
    const pinned = await create(session)
    await session.services.runs.edit({ ids: [pinned.id], pinned: true })
    const trainer = session.trainers.at(-1)!
    for (const step of [0, 1, 2]) save(session, trainer, step, 'schedule')
    trainer.events.report({ kind: 'ended', outcome: 'finished', reason: null, result: null })
    trainer.events.exited({ reason: null, overdue: false })
    expect((await session.services.runs.get({ id: pinned.id })).checkpoints).toHaveLength(3)
    expect(session.faults).toEqual([])
  })

  it('keeps what the retention setting says, for any list of checkpoints', () => {
    const kind = fc.constantFrom('start', 'schedule', 'pause', 'stop', 'final', 'best') as fc.Arbitrary<Checkpoint['kind']>
    const retention = fc.record({ best: fc.boolean(), last: fc.boolean(), pinned: fc.boolean(), leftovers: fc.boolean() })
    fc.assert(
      fc.property(fc.array(kind), retention, fc.boolean(), (kinds, keep, pinned) => {
        const all = kinds.map((each, step): Checkpoint => ({
          runId: 'abcd',
          step,
          file: `${step}`,
          kind: each,
          bytes: 1,
          createdAt: step,
          metrics: {},
          weightsHash: '',
        }))
        const goes = dispensable({ pinned, baseline: false }, all, RetentionSchema.parse(keep)).map(({ step }) => step)
        if (keep.pinned && pinned) expect(goes).toEqual([])
        if (keep.last) expect(goes).not.toContain(all.length - 1)
        const best = kinds.lastIndexOf('best')
        if (keep.best) expect(goes).not.toContain(best)
        const kept = new Set([...(keep.last ? [all.length - 1] : []), ...(keep.best ? [best] : [])].filter((step) => step >= 0))
        if (!(keep.pinned && pinned)) expect(goes).toHaveLength(all.length - kept.size)
      }),
    )
  })
})

describe('the check of a home', () => {
  it('finds checkpoints that are missing or have another size, and orphaned files', async () => {
    using session = await openSession()
    const { paths, trainer } = await finished(session)
    expect((await session.services.storage.check({ deep: true })).problems).toEqual([])
    const { rmSync } = await import('node:fs')
    rmSync(paths[0]!)
    writeFileSync(paths[1]!, 'short')
    writeFileSync(join(trainer.order.checkpointFolder, 'stray'), 'x')
    const { problems, remarks } = await session.services.storage.check({ deep: false })
    expect(problems).toEqual([expect.stringMatching(/step 0 is missing/), expect.stringMatching(/step 10 has 5 bytes instead of 100/)])
    expect(remarks).toContainEqual(expect.stringMatching(/^1 orphaned files .*home clean --leftovers/))
  })
})

describe('a disk that becomes full', () => {
  it('warns once, pauses active runs with a checkpoint, holds the queue, and continues when there is space', async () => {
    const free = { gib: 50 }
    using session = await openSession({ disk: fakeDisk(free) })
    const { id } = await create(session, 'works')
    const { id: waiting } = await create(session, 'waits')
    const trainer = session.trainers[0]!
    trainer.events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
    const look = (gib: number): void => {
      free.gib = gib
      session.clock.advance(10_000)
    }
    const kinds = async () => (await session.services.alerts.list()).alerts.map(({ kind }) => kind)
    look(4.9)
    look(4.8)
    expect(await kinds()).toEqual(['diskLow'])
    expect(trainer.commands).toEqual([])
    look(0.9)
    look(0.8)
    expect(await kinds()).toEqual(['diskFull', 'diskLow'])
    expect(trainer.commands).toEqual(['pause'])
    trainer.events.report({ kind: 'ended', outcome: 'paused', reason: null, result: null })
    trainer.events.exited({ reason: null, overdue: false })
    expect(await session.services.runs.get({ id })).toMatchObject({
      status: 'paused',
      reason: expect.stringMatching(/disk has only 0\.9 GiB.*resume/),
    })
    expect(await session.services.runs.get({ id: waiting })).toMatchObject({ status: 'queued' })
    expect((await session.services.runs.resume({ id })).status).toBe('queued')
    look(1.05)
    expect(session.trainers).toHaveLength(1)
    look(2)
    expect(session.trainers).toHaveLength(2)
    look(50)
    look(4)
    expect(await kinds()).toEqual(['diskFull', 'diskLow'])
    look(50)
    session.clock.advance(HOUR)
    look(4)
    expect(await kinds()).toEqual(['diskLow', 'diskFull', 'diskLow'])
    expect(session.faults).toEqual([])
  })

  it('starts no run if there is no space at the beginning', async () => {
    using session = await openSession({ disk: fakeDisk({ gib: 0.5 }) })
    expect((await create(session)).status).toBe('queued')
    expect(session.trainers).toEqual([])
    await session.crash()
    await session.crash()
    const { alerts } = await session.services.alerts.list()
    expect(alerts.filter(({ kind }) => kind === 'diskFull')).toHaveLength(1)
  })
})

describe('alerts', () => {
  it('report every end that the user did not request, in the same commit, until they are read', async () => {
    using session = await openSession()
    await finished(session)
    const failing = await create(session, 'fails')
    session.trainers.at(-1)!.events.exited({ reason: 'it died', overdue: false })
    await create(session, 'diverges')
    session.trainers.at(-1)!.events.report({ kind: 'ended', outcome: 'diverged', reason: 'NaN', result: null })
    session.trainers.at(-1)!.events.exited({ reason: null, overdue: false })
    await create(session, 'stops')
    session.trainers.at(-1)!.events.report({ kind: 'ended', outcome: 'stopped', reason: null, result: null })
    const { alerts } = await session.services.alerts.list()
    expect(alerts.map(({ kind, level, read }) => [kind, level, read])).toEqual([
      ['diverged', 'error', false],
      ['failed', 'error', false],
      ['finished', 'info', false],
    ])
    expect(alerts[1]).toMatchObject({ runId: failing.id, message: 'fails failed: it died' })
    await session.services.alerts.markRead({ upTo: alerts[1]!.id })
    await session.crash()
    const after = (await session.services.alerts.list()).alerts.filter(({ kind }) => kind !== 'repaired')
    expect(after.map(({ read }) => read)).toEqual([false, true, true])
    await session.services.runs.remove({ id: failing.id })
    expect((await session.services.alerts.list()).alerts.some(({ runId }) => runId === failing.id)).toBe(false)
    await session.services.runs.purge({ id: failing.id })
    expect(session.db.problems()).toEqual([])
  })

  it.each([
    [5e-3, 1],
    [NaN, 1],
    [1e-3, 0],
  ])('tell once of rebuilt states that are off by %f', async (error, times) => {
    using session = await openSession()
    await create(session)
    const trainer = session.trainers[0]!
    trainer.events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
    for (const step of [1, 2, 3]) {
      const series = [
        {
          key: 'reversibility/reconstructionError',
          steps: Float64Array.of(step),
          values: Float64Array.of(error),
          times: Float64Array.of(1),
        },
      ]
      trainer.events.report({ kind: 'points', step, activeSeconds: 1, medianStepSeconds: 1, series })
    }
    const { alerts } = await session.services.alerts.list()
    expect(alerts.filter(({ kind }) => kind === 'reconstruction')).toHaveLength(times)
  })

  it('report untrustworthy gradients once; the run keeps the mark until their step is repeated', async () => {
    using session = await openSession()
    const { id } = await create(session, 'far')
    const trainer = session.trainers[0]!
    trainer.events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
    const found = { parameter: 'stage1/unit3/kernel1', cosine: 0.98, tolerance: 0.01 }
    const say = (step: number, error: number | null): void =>
      void trainer.events.report({ kind: 'gradients', worst: { ...found, step, error } })
    const told = async () => (await session.services.alerts.list()).alerts.filter(({ kind }) => kind === 'gradients')
    say(1, 0.01)
    expect(await told()).toEqual([])
    save(session, trainer, 5, 'schedule')
    say(10, 0.2)
    say(20, null)
    const message = expect.stringMatching(
      /gradients of far are not trustworthy: at step 10 the reversed gradient of stage1\/unit3\/kernel1 has a relative error of 2.0e-1/,
    )
    expect(await told()).toMatchObject([{ runId: id, level: 'warn', message }])
    const rows = async () => (await session.services.runs.list()).runs.map(({ gradients }) => gradients)
    expect(await rows()).toEqual([{ ...found, step: 20, error: null }])
    expect(unpackRuns((await session.services.runs.table()).rows)[0]?.gradients).toEqual({ ...found, step: 20, error: null })
    trainer.events.exited({ reason: 'it died', overdue: false })
    await session.services.runs.resume({ id })
    expect(await rows()).toEqual([null])
  })
})

describe('the first start after a crash', () => {
  it('checks the home, removes checkpoints without a file, and stores a report', async () => {
    using session = await openSession()
    const { id } = await create(session, 'works')
    const trainer = session.trainers[0]!
    trainer.events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
    const kept = save(session, trainer, 5, 'schedule')
    const { rmSync } = await import('node:fs')
    rmSync(save(session, trainer, 10, 'schedule'))
    expect(await session.services.storage.lastRepair()).toBeNull()
    const files = openHomeFiles(join(trainer.order.checkpointFolder, '../../..'))
    await session.crash({ files })
    const report = await session.services.storage.lastRepair()
    expect(report).toMatchObject({
      interrupted: [{ id, name: 'works', step: 0 }],
      missingCheckpoints: [{ runId: id, file: 'step-10' }],
    })
    await vi.waitFor(async () => expect((await session.services.storage.lastRepair())?.problems).toEqual([]))
    expect((await session.services.alerts.list()).alerts).toMatchObject([
      { kind: 'repaired', message: expect.stringMatching(/1 run was interrupted and can be resumed; 1 checkpoints with missing files/) },
    ])
    expect((await session.services.runs.get({ id })).checkpoints).toMatchObject([{ step: 5 }])
    expect(existsSync(kept)).toBe(true)
  })

  it('does not wait for the check of the database, reports its findings, and repeats a check that was interrupted', async () => {
    using session = await openSession()
    let checks = 0
    const never = (signal?: AbortSignal): Promise<string[]> =>
      new Promise((_, reject) => {
        checks++
        signal?.addEventListener('abort', () => reject(new Error('aborted')))
      })
    await session.crash({ problems: never })
    expect(await session.services.storage.lastRepair()).toMatchObject({ problems: null })
    await session.opened.close(0)
    expect(session.faults).toEqual([])
    await session.crash({ problems: async () => ['page 3 is used twice'] })
    await vi.waitFor(async () => expect((await session.services.storage.lastRepair())?.problems).toEqual(['page 3 is used twice']))
    expect((await session.services.alerts.list()).alerts[0]).toMatchObject({
      level: 'error',
      message: expect.stringMatching(/1 error since the crash \(page 3 is used twice\)\. Restore a backup/),
    })
    expect(checks).toBe(1)
    await session.opened.close(0)
    await session.crash({ problems: never })
    expect(checks).toBe(1)
  })

  it('does not happen after a clean exit', async () => {
    using session = await openSession()
    await session.opened.close(1000)
    await session.crash()
    expect(await session.services.storage.lastRepair()).toBeNull()
  })
})
