import { describe, expect, it } from 'vitest'
import { evaluationTask, type TestFigures } from '../../src-main/contract/evaluations.js'
import { FIGURES } from '../fixtures/figures.js'
import { openSession, type Session } from '../fixtures/session.js'
import { sampleDataset } from '../fixtures/records.js'
import type { Evaluator } from '../../src-main/features/evaluations/evaluations.js'

/** An evaluator played by the test. */
function played() {
  const asked: (Parameters<Evaluator['evaluate']>[0] & { answer(figures: TestFigures): void; fail(error: Error): void })[] = []
  const evaluator: Evaluator = {
    evaluate: (request) =>
      new Promise((answer, fail) => {
        asked.push({ ...request, answer, fail })
        request.signal.addEventListener('abort', () => fail(request.signal.reason as Error))
      }),
  }
  return { asked, evaluator }
}

/** A running run with checkpoints at these steps. */
async function runWith(session: Session, ...steps: number[]) {
  const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
  const trainer = session.trainers.at(-1)!
  trainer.events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
  for (const step of steps) checkpoint(session, step)
  return { id, trainer }
}

const checkpoint = (session: Session, step: number): void =>
  void session.trainers.at(-1)!.events.report({
    kind: 'checkpoint',
    checkpoint: 'schedule',
    step,
    file: `step-${step}`,
    bytes: 1,
    createdAt: session.clock.now() + step,
    weightsHash: 'w',
  })

const tasks = (session: Session) =>
  session.stores.journal
    .after(0, { detailOf: [], limit: 1000 })
    .flatMap(({ change }) => (change.kind === 'task' && change.task.id.startsWith('evaluate/') ? [change.task] : []))

/** Waits until the request has reached the evaluator. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

describe('an evaluation on demand', () => {
  it('is computed while a run is active, reports progress, and is stored across a restart', async () => {
    const { asked, evaluator } = played()
    using session = await openSession({ evaluator })
    const { id } = await runWith(session, 10, 20)
    const result = session.services.runs.evaluate({ id, step: 10 })
    await settle()
    expect(asked[0]).toMatchObject({ checkpoint: session.files.checkpointPath(id, 'step-10'), beside: 1 })
    expect(asked[0]).toMatchObject({ datasetFolder: session.files.datasetFolder('digits'), datasetHash: sampleDataset('digits').hash })
    asked[0]!.onProgress(0.25, '50 of 200')
    session.clock.advance(1000)
    asked[0]!.onProgress(0.5, '100 of 200')
    asked[0]!.answer(FIGURES)
    const kept = { runId: id, file: 'step-10', step: 10, datasetHash: sampleDataset('digits').hash, ...FIGURES }
    expect(await result).toMatchObject(kept)
    expect(tasks(session).map(({ state, progress }) => [state, progress])).toEqual([
      // Queued, then started; its first report comes too soon after that to be published.
      ['running', null],
      ['running', null],
      ['running', 0.5],
      ['done', 1],
    ])
    await session.crash()
    expect(await session.services.runs.evaluation({ id, file: 'step-10' })).toMatchObject(kept)
    const { evaluations } = await session.services.runs.evaluations({ id })
    expect(evaluations).toEqual([expect.objectContaining({ file: 'step-10', accuracy: 0.97, loss: 0.12, images: 200 })])
    expect(evaluations[0]).not.toHaveProperty('confusion')
  })

  it('is stored before it is published', async () => {
    const { asked, evaluator } = played()
    using session = await openSession({ evaluator })
    const { id } = await runWith(session, 10)
    const heard = (async () => {
      const stream = session.opened.features.changes.subscribe({ since: null, detailOf: [], signal: AbortSignal.timeout(5000) })
      for await (const { change } of stream)
        if (change.kind === 'evaluation') return session.stores.evaluations.get(id, change.evaluation.file)
      return undefined
    })()
    const result = session.services.runs.evaluate({ id })
    await settle()
    asked[0]!.answer({ ...FIGURES, loss: NaN })
    await result
    expect(await heard).toMatchObject({ step: 10, loss: NaN, mistakes: FIGURES.mistakes })
  })

  it('waits for the previous one, and can be cancelled while it waits and while it runs', async () => {
    const { asked, evaluator } = played()
    using session = await openSession({ evaluator })
    const { id } = await runWith(session, 10, 20)
    const [first, second] = [10, 20].map((step) => session.services.runs.evaluate({ id, step }))
    await settle()
    expect(asked).toHaveLength(1)
    await expect(session.services.runs.evaluate({ id, step: 10 })).rejects.toThrow(/is already being evaluated/)
    await session.services.runs.cancelEvaluation({ id, file: 'step-20' })
    await session.services.runs.cancelEvaluation({ id, file: 'step-10' })
    await expect(first).rejects.toThrow(/was cancelled/)
    await expect(second).rejects.toThrow(/was cancelled/)
    expect(asked).toHaveLength(1)
    const ends = new Map(tasks(session).map((task) => [task.id, task.state]))
    expect([...ends]).toEqual([10, 20].map((step) => [evaluationTask(id, `step-${step}`), 'cancelled']))
    await expect(session.services.runs.cancelEvaluation({ id, file: 'step-10' })).rejects.toThrow(/has already ended/)
    expect((await session.services.runs.evaluations({ id })).evaluations).toEqual([])
  })

  it('says why it failed, and which checkpoints can be evaluated', async () => {
    const { asked, evaluator } = played()
    using session = await openSession({ evaluator })
    const { id } = await runWith(session)
    await expect(session.services.runs.evaluate({ id })).rejects.toThrow(/has no checkpoints yet/)
    checkpoint(session, 10)
    await expect(session.services.runs.evaluate({ id, step: 11 })).rejects.toThrow(/no checkpoint at step 11\. It has checkpoints at 10/)
    const result = session.services.runs.evaluate({ id })
    await settle()
    asked[0]!.fail(new Error('the memory was not enough'))
    await expect(result).rejects.toThrow(/memory was not enough/)
    expect(tasks(session).at(-1)).toMatchObject({ state: 'failed', message: 'the memory was not enough' })
    await expect(session.services.runs.evaluation({ id, file: 'step-10' })).rejects.toThrow(/Evaluate it first/)
  })

  it('is cancelled when the host closes', async () => {
    const { evaluator } = played()
    using session = await openSession({ evaluator })
    const { id, trainer } = await runWith(session, 10)
    const result = session.services.runs.evaluate({ id })
    const refused = expect(result).rejects.toThrow(/was cancelled/)
    await settle()
    const closing = session.opened.close(1000)
    trainer.events.exited({ reason: null, overdue: false })
    await closing
    await refused
  })
})

describe('the evaluation of a run at its end', () => {
  it('is stored when the trainer reports it, outlives its checkpoint, and is deleted when the run restarts from step 0', async () => {
    using session = await openSession()
    const { id, trainer } = await runWith(session, 10, 20)
    trainer.events.report({ kind: 'evaluation', file: 'step-20', step: 20, at: 5, figures: FIGURES })
    expect((await session.services.runs.evaluations({ id })).evaluations).toMatchObject([{ file: 'step-20', step: 20, at: 5 }])
    trainer.events.report({ kind: 'ended', outcome: 'stopped', reason: null, result: null })
    trainer.events.exited({ reason: null, overdue: false })
    await session.services.storage.clean({ dryRun: false, keep: { best: false, last: false, pinned: false, leftovers: false } })
    expect((await session.services.runs.get({ id })).checkpoints).toEqual([])
    expect(await session.services.runs.evaluation({ id, file: 'step-20' })).toMatchObject(FIGURES)
    await session.services.runs.retry({ id })
    expect((await session.services.runs.evaluations({ id })).evaluations).toEqual([])
  })

  it('is discarded with the points of steps that a resumed run repeats', async () => {
    using session = await openSession()
    const { id, trainer } = await runWith(session, 10)
    trainer.events.report({ kind: 'evaluation', file: 'step-10', step: 10, at: 5, figures: FIGURES })
    trainer.events.report({ kind: 'evaluation', file: 'step-20', step: 20, at: 6, figures: FIGURES })
    trainer.events.exited({ reason: 'killed', overdue: false })
    await session.services.runs.resume({ id })
    expect((await session.services.runs.evaluations({ id })).evaluations.map(({ step }) => step)).toEqual([10])
  })
})
