import { expect, it } from 'vitest'
import type { StudyDetail } from '../../src-main/contract/studies.js'
import { templates } from '../../src-main/hosts/studies.js'
import { openSession, type PlayedTrainer, type Session } from '../fixtures/session.js'

const eventually = (check: () => unknown) => expect.poll(check, { interval: 5 })
const OPTIONS = { preset: 'small', dataset: 'digits', keys: 'h=0.1|0.2|0.3|0.4', steps: 16, rungs: 3, eta: 2 }

/** Validation accuracies at the rungs, initially best at h = 0.4, and at h = 0.2 from the second rung on. */
const accuracy = (h: number, step: number): number => (step > 4 && h === 0.2 ? 0.9 : h)

/** A trainer that acts immediately: it trains up to where it is to pause, evaluating every 4 steps. */
function train(trainer: PlayedTrainer, fails = false): void {
  const { events, order } = trainer
  const { config, pauseAt } = order
  const from = order.resumeFrom === null ? 0 : Number(/\d+$/.exec(order.resumeFrom)![0])
  const to = pauseAt ?? config.steps
  events.report({ kind: 'started', step: from, totalSteps: config.steps, stepsPerEpoch: 4 })
  if (fails) {
    trainer.gone = true
    return events.exited({ reason: 'It broke.', overdue: false })
  }
  const steps = Array.from({ length: (to - from) / 4 }, (_, at) => from + 4 * (at + 1))
  const series = {
    key: 'validation/accuracy',
    steps: Float64Array.from(steps),
    values: Float64Array.from(steps, (step) => accuracy(config.h, step)),
    times: Float64Array.from(steps),
  }
  events.report({ kind: 'points', step: to, activeSeconds: to - from, medianStepSeconds: 1, series: [series] })
  const file = { step: to, file: `step-${to}`, bytes: 1, createdAt: to, weightsHash: 'w' }
  events.report({ kind: 'checkpoint', checkpoint: pauseAt === null ? 'final' : 'pause', ...file })
  const result = { testAccuracy: 0.5, testLoss: 1, step: to, images: 10, weightsHash: 'w', seconds: to - from }
  events.report({
    kind: 'ended',
    outcome: pauseAt === null ? 'finished' : 'paused',
    reason: null,
    result: pauseAt === null ? result : null,
  })
  trainer.gone = true
  events.exited({ reason: null, overdue: false })
}

/** Plays the trainers that were launched last, the newest of each run. */
const waiting = (session: Session): PlayedTrainer[] => session.trainers.filter(({ gone }) => !gone)
const detail = (session: Session, id: string): Promise<StudyDetail> => session.services.studies.get({ id })
const states = async (session: Session, id: string) => (await detail(session, id)).cells.map(({ state }) => state)
const trained = (session: Session): [number, string | null, number | null][] =>
  session.trainers.map(({ order }) => [order.config.h, order.resumeFrom, order.pauseAt])

async function begin(session: Session, options: object = {}) {
  session.stores.settings.set('queue.concurrentRuns', 4)
  return session.services.studies.start({ template: 'search', options: { ...OPTIONS, ...options } })
}

it('goes through its rungs: the best half of the runs are continued, as the same runs, and the others stay where they are', async () => {
  const computing = { engine: 'native', device: 'cpu', deviceName: 'cpu', threads: 2, processor: 'test', numerics: 1 } as const
  using session = await openSession({ computing: () => computing })
  const { id } = await begin(session)
  expect(session.stores.studies.get(id)).toMatchObject({ phase: 0, undecided: true, cells: 4 })
  const [first, ...others] = waiting(session)
  for (const trainer of others) train(trainer)
  // A decision waits for every candidate; then four steps of one run, of two, and eight of one remain, at one second each, in four slots.
  expect(await states(session, id)).toEqual(['starting', 'waiting', 'waiting', 'waiting'])
  expect((await detail(session, id)).remainingSeconds).toBe((4 + 2 * 4 + 8) / 4)
  train(first!)
  await eventually(() => session.trainers.length).toBe(6)
  expect(session.stores.studies.get(id)!.phase).toBe(1)
  expect(await states(session, id)).toEqual(['dropped', 'dropped', 'starting', 'starting'])
  for (const trainer of waiting(session)) train(trainer)
  await eventually(() => session.trainers.length).toBe(7)
  train(waiting(session)[0]!)
  await eventually(() => session.stores.studies.get(id)!.undecided).toBe(false)
  const { study, cells, report } = await detail(session, id)
  expect(study).toMatchObject({ phase: 3, counts: { dropped: 3, finished: 1 } })
  expect(cells.map(({ phase, until }) => [phase, until])).toEqual([[0, 4], [0, 4], [1, 8], [2, null]]) // prettier-ignore
  expect(trained(session)).toEqual([
    ...[0.1, 0.2, 0.3, 0.4].map((h) => [h, null, 4]),
    [0.3, 'step-4', 8],
    [0.4, 'step-4', 8],
    [0.4, 'step-8', null],
  ])
  expect(session.stores.runs.list()).toHaveLength(4)
  const rank = report.tables.find(({ key }) => key === 'ranking')!.columns.find(({ key }) => key === 'h')!
  expect(rank.values).toEqual([0.4, 0.3, 0.2, 0.1])
  expect(session.faults).toEqual([])

  // The same study again takes over every run as far as it has come, and decides the same.
  const again = await begin(session)
  await eventually(() => session.stores.studies.get(again.id)!.undecided).toBe(false)
  const taken = (await detail(session, again.id)).cells
  expect(taken.map(({ runId, state, takenOver }) => [runId, state, takenOver])).toEqual(
    cells.map(({ runId, state }) => [runId, state, true]),
  )
  expect(session.trainers).toHaveLength(7)
})

it('decides nothing twice, whenever its host dies', async () => {
  using session = await openSession()
  const { id } = await begin(session)
  const [first, ...others] = waiting(session)
  for (const trainer of others) train(trainer)
  first!.gone = true
  await session.crash()
  // During a rung: the active candidate continues when the study is resumed, and the decision waits for it.
  expect(await states(session, id)).toEqual(['interrupted', 'waiting', 'waiting', 'waiting'])
  await session.services.studies.resume({ id })
  await eventually(() => waiting(session).length).toBe(1)
  expect(waiting(session)[0]!.order).toMatchObject({ config: { h: 0.1 }, pauseAt: 4 })
  train(waiting(session)[0]!)
  // Between rungs: all wait, and the host dies before the decision, which the next one makes.
  await session.crash()
  await eventually(() => session.stores.studies.get(id)!.phase).toBe(1)
  await eventually(() => waiting(session).length).toBe(2)
  expect(waiting(session).map(({ order }) => order.config.h)).toEqual([0.3, 0.4])
  // After a decision, with its runs queued: it is final, although the values would now suggest another one.
  for (const trainer of waiting(session)) trainer.gone = true
  await session.crash()
  const run = (await detail(session, id)).cells[0]!.runId!
  session.stores.series.append(run, 'validation/accuracy', {
    steps: Float64Array.of(5),
    values: Float64Array.of(1),
    times: Float64Array.of(5),
  })
  await session.services.studies.resume({ id })
  await eventually(() => waiting(session).length).toBe(2)
  for (const trainer of waiting(session)) train(trainer)
  await eventually(() => session.stores.studies.get(id)!.phase).toBe(2)
  await eventually(() => waiting(session).length).toBe(1)
  train(waiting(session)[0]!)
  await eventually(() => session.stores.studies.get(id)!.undecided).toBe(false)
  expect(await states(session, id)).toEqual(['dropped', 'dropped', 'dropped', 'finished'])
  // A dead host still notices that its database is closed.
  expect(session.faults.filter((fault) => !String(fault).includes('connection is not open'))).toEqual([])
})

it('is paused between rungs, and ranks failed candidates last, which stay in sight and do not go on', async () => {
  using session = await openSession()
  const { id } = await begin(session)
  const [a, b, c, best] = waiting(session)
  train(best!, true)
  for (const trainer of [a, b]) train(trainer!)
  await session.services.studies.pause({ id })
  expect(c!.commands).toEqual(['pause'])
  // It reaches its rung before it obeys.
  train(c!)
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(session.stores.studies.get(id)).toMatchObject({ phase: 0, held: true })
  expect(session.trainers).toHaveLength(4)
  const failed = (await detail(session, id)).cells[3]!
  expect(failed).toMatchObject({ state: 'failed', reason: 'It broke.' })
  // When resumed, the failed one is retried before anything is decided.
  await session.services.studies.resume({ id })
  await eventually(() => waiting(session).length).toBe(1)
  train(waiting(session)[0]!, true)
  await eventually(() => waiting(session).length).toBe(2)
  expect(waiting(session).map(({ order }) => order.config.h)).toEqual([0.2, 0.3])
  const { report } = await detail(session, id)
  expect(
    report.tables
      .find(({ key }) => key === 'ranking')!
      .columns.find(({ key }) => key === 'h')!
      .values.at(-1),
  ).toBe(0.4)
  expect(report.notes).toContainEqual({ level: 'warning', text: 'h 0.4, seed 1 failed: It broke.' })
  for (const trainer of waiting(session)) train(trainer)
  // h = 0.2 is best at step 8.
  await eventually(() => waiting(session).map(({ order }) => [order.config.h, order.pauseAt])).toEqual([[0.2, null]])
})

it('estimates the rungs to come, and whoever resumes a run that was left behind has it trained to its end', async () => {
  using session = await openSession()
  const { id } = await begin(session)
  for (const trainer of waiting(session)) train(trainer)
  await eventually(() => waiting(session).length).toBe(2)
  // One second per step: two runs of 4 more steps, then one of 8, in four slots.
  expect((await detail(session, id)).remainingSeconds).toBe((2 * 4 + 8) / 4)
  const left = (await detail(session, id)).cells[0]!
  await session.services.runs.resume({ id: left.runId! })
  await eventually(() => waiting(session).length).toBe(3)
  expect(waiting(session).at(-1)!.order).toMatchObject({ config: { h: 0.1 }, resumeFrom: 'step-4', pauseAt: null })
  for (const trainer of waiting(session)) train(trainer)
  await eventually(() => waiting(session).length).toBe(1)
  // Results beyond its rung do not count for the study.
  const { report } = await detail(session, id)
  const { columns } = report.tables.find(({ key }) => key === 'cells')!
  expect(columns.find(({ key }) => key === 'rung')!.values).toEqual([1, 1, 2, 2])
})

it('stores no decision that another process has made meanwhile', async () => {
  let meanwhile = (): void => undefined
  using session = await openSession({
    templates: {
      ...templates,
      async phases(...asked) {
        const phases = await templates.phases(...asked)
        meanwhile()
        return phases
      },
    },
  })
  const { id } = await begin(session)
  // Another process of this home decides while this one queries the template, and creates cells of its own.
  let decided = false
  meanwhile = () => {
    if (session.stores.studies.get(id)!.phase === 0) session.stores.studies.decide(id, { phase: 1, undecided: false })
    decided = true
  }
  for (const trainer of waiting(session)) train(trainer)
  await eventually(() => decided).toBe(true)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const { cells } = await detail(session, id)
  expect(cells.map(({ phase, until }) => [phase, until])).toEqual([[0, 4], [0, 4], [0, 4], [0, 4]]) // prettier-ignore
  expect(session.stores.studies.get(id)).toMatchObject({ phase: 1, undecided: false })
  expect(session.trainers).toHaveLength(4)
  expect(session.faults).toEqual([])
})
