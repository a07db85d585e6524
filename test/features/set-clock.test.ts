import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ACTIVE_SECONDS, ELAPSED_SECONDS, unpackPoints } from '../../src-main/contract/metrics.js'
import { fakeDisk } from '../fixtures/fake-ports.js'
import { samplePoints } from '../fixtures/records.js'
import { openSession, type Session } from '../fixtures/session.js'
import type { TrainerReport } from '../../src-main/features/runs/control/trainers.js'

/** The user, the network or an empty battery sets the machine's clock while Retrace is open, or while it is not. */

const HOUR = 3_600_000
const DAY = 24 * HOUR
const YEAR = 365 * DAY

const SETTINGS = [
  ['back by an hour', -HOUR],
  ['back by a day', -DAY],
  ['back to 1970', -50 * YEAR],
  ['forward by ten years', 10 * YEAR],
] as const

const create = (session: Session) => session.services.runs.create({ preset: 'small', dataset: 'digits' })

/** A report of ten steps, after this number of seconds of this trainer. */
const report = (from: number, activeSeconds: number): TrainerReport => ({
  kind: 'points',
  step: from + 9,
  activeSeconds,
  medianStepSeconds: 1,
  series: [{ key: 'train/loss', ...samplePoints(from, 10) }],
})

const end = (outcome: 'paused' | 'finished', seconds: number): TrainerReport => ({
  kind: 'ended',
  outcome,
  reason: null,
  result: { testAccuracy: 0.9, testLoss: 0.1, step: 40, images: 200, weightsHash: 'w', seconds },
})

const checkpoint = (step: number): TrainerReport => ({
  kind: 'checkpoint',
  checkpoint: 'pause',
  step,
  file: `step-${step}`,
  bytes: 10,
  createdAt: step,
  weightsHash: 'w',
})

function say(session: Session, ...reports: TrainerReport[]): void {
  for (const each of reports) session.trainers.at(-1)!.events.report(each)
}
const leave = (session: Session): void => session.trainers.at(-1)!.events.exited({ reason: null, overdue: false })

async function seriesOf(session: Session, id: string, key: string): Promise<{ steps: number[]; values: number[] }> {
  const { series } = await session.services.runs.series({ id })
  const { steps, values } = unpackPoints(series.find((each) => each.key === key)!.points)
  return { steps: [...steps], values: [...values] }
}

describe.each(SETTINGS)('a clock that is set %s', (_, by) => {
  it('during training and a pause changes no duration and loses no point', async () => {
    using session = await openSession()
    const { clock } = session
    const { id } = await create(session)
    say(session, { kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 10 })
    clock.advance(10_000)
    say(session, report(1, 10))
    clock.set(by)
    clock.advance(10_000)
    say(session, report(11, 20), checkpoint(20))
    await session.services.runs.pause({ id })
    say(session, end('paused', 20))
    leave(session)
    // A pause of 100 s.
    clock.advance(50_000)
    clock.set(by)
    clock.advance(50_000)
    await session.services.runs.resume({ id })
    say(session, { kind: 'started', step: 20, totalSteps: 40, stepsPerEpoch: 10 })
    clock.advance(10_000)
    say(session, report(21, 10))
    const run = (await session.services.runs.list()).runs[0]!
    expect(run).toMatchObject({ status: 'running', activeSeconds: 30, remainingSeconds: 10 })
    clock.set(-by)
    clock.advance(10_000)
    say(session, report(31, 20))
    say(session, end('finished', 20))
    leave(session)
    expect(await seriesOf(session, id, ACTIVE_SECONDS)).toEqual({ steps: [10, 20, 30, 40], values: [10, 20, 30, 40] })
    expect(await seriesOf(session, id, ELAPSED_SECONDS)).toEqual({ steps: [10, 20, 30, 40], values: [10, 20, 130, 140] })
    expect((await seriesOf(session, id, 'train/loss')).steps).toEqual([...samplePoints(1, 40).steps])
    expect((await session.services.runs.get({ id })).result).toMatchObject({ seconds: 40 })
  })

  it('while Retrace is closed makes no duration decrease', async () => {
    using session = await openSession()
    const { clock } = session
    const { id } = await create(session)
    say(session, { kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 10 }, report(1, 10), checkpoint(10))
    clock.advance(50_000)
    clock.set(by)
    await session.crash()
    await session.services.runs.resume({ id })
    say(session, { kind: 'started', step: 10, totalSteps: 40, stepsPerEpoch: 10 }, report(11, 10))
    expect((await seriesOf(session, id, ACTIVE_SECONDS)).values).toEqual([10, 20])
    // Only the clock that was set could show how long the pause was; set back, it is useless.
    expect((await seriesOf(session, id, ELAPSED_SECONDS)).values).toEqual([10, 20 + Math.max(0, 50 + by / 1000)])
  })

  it('deletes no removed run early, in this host or the next, and those that are due are still deleted', async () => {
    using session = await openSession()
    const { clock } = session
    const { id } = await create(session)
    leave(session)
    const folder = session.files.checkpointFolder(id)
    const { comparisons, runs } = session.services
    const comparison = await comparisons.save({ name: 'depth', view: { runs: [id] } })
    await runs.remove({ id })
    await comparisons.remove({ id: comparison.id })
    clock.set(by)
    clock.advance(HOUR)
    await session.crash()
    clock.set(by)
    clock.advance(HOUR)
    expect(await session.services.runs.removed()).toMatchObject([{ run: { id }, keptSeconds: 22 * 3600 }])
    expect(await session.services.comparisons.removed()).toHaveLength(1)
    expect(existsSync(folder)).toBe(true)
    clock.advance(22 * HOUR)
    await expect.poll(() => existsSync(folder)).toBe(false)
    expect(await session.services.runs.removed()).toEqual([])
    expect(await session.services.comparisons.removed()).toEqual([])
  })

  it('suppresses no warning, and repeats none within an hour', async () => {
    const free = { gib: 3 }
    using session = await openSession({ disk: fakeDisk(free) })
    const told = async (): Promise<number> => (await session.services.alerts.list()).alerts.filter(({ kind }) => kind === 'diskLow').length
    expect(await told()).toBe(1)
    session.clock.set(by)
    await session.crash()
    expect(await told()).toBe(2)
    await session.crash()
    expect(await told()).toBe(2)
  })
})
