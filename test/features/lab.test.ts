import { describe, expect, it } from 'vitest'
import { FlowSettingSchema, type LookRequest } from '../../src-main/contract/instruments.js'
import type { LabResult } from '../../src-main/contract/lab.js'
import type { Prediction } from '../../src-main/contract/predictions.js'
import type { Instruments, Lab, LabWork, PredictionWork } from '../../src-main/features/lab/laboratory.js'
import { viewOf } from '../fixtures/views.js'
import { openSession, type Session } from '../fixtures/session.js'

/** A result of a played diagnostic. */
const found = (step: number, seconds: number): LabResult => ({
  diagnostic: 'energy',
  title: 'Energy',
  subject: { arch: 'hamiltonian', preset: 'small', dataset: 'digits', seed: 1, step, weightsHash: 'w' },
  options: { images: 8 },
  summary: [],
  tables: [],
  figures: [],
  notes: [],
  seconds,
})

const PREDICTION: Prediction = {
  step: 10,
  dataset: 'digits',
  classes: [{ name: 'one', probability: 1 }],
  seen: { height: 1, width: 1, channels: 1, pixels: 'AA==' },
  changes: [],
}

/** A lab played by the test. */
function played() {
  const asked: (LabWork & { answer(result: LabResult): void })[] = []
  const shown: PredictionWork[] = []
  const lab: Lab = {
    diagnostics: () => [{ id: 'energy', title: 'Energy', section: 'stability', question: '?', limits: '', quantities: {}, options: {} }],
    run: (work) =>
      new Promise((answer, fail) => {
        asked.push({ ...work, answer })
        work.signal.addEventListener('abort', () => fail(work.signal.reason as Error))
      }),
    fitImage: () => Promise.reject(new Error('not part of this test')),
    predict: async (work) => {
      shown.push(work)
      return PREDICTION
    },
  }
  return { asked, shown, lab }
}

/** A paused run with checkpoints at these steps. */
async function runWith(session: Session, ...steps: number[]): Promise<string> {
  const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
  const { events } = session.trainers.at(-1)!
  events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
  for (const step of steps)
    events.report({
      kind: 'checkpoint',
      checkpoint: 'schedule',
      step,
      file: `step-${step}`,
      bytes: 1,
      createdAt: session.clock.now() + step,
      weightsHash: 'w',
    })
  events.report({ kind: 'ended', outcome: 'paused', reason: null, result: null })
  events.exited({ reason: null, overdue: false })
  return id
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

describe('an instrument', () => {
  it('is asked about the weights and the data that stand behind a name now', async () => {
    const asked: LookRequest[] = []
    const instruments: Instruments = {
      look: async ({ source, content, setting }) => {
        asked.push({ source, content, setting })
        return viewOf(setting)
      },
      close: async () => undefined,
    }
    using session = await openSession({ instruments })
    const id = await runWith(session, 10, 20)
    const setting = FlowSettingSchema.parse({ instrument: 'flow' })
    const [dataset] = await session.services.datasets.list()
    expect(await session.services.lab.look({ target: { kind: 'run', id, step: 10 }, setting })).toEqual(viewOf(setting))
    await session.services.lab.look({ target: { kind: 'fresh', network: { preset: 'small', dataset: 'digits' } }, setting })
    expect(asked.map(({ source, content }) => [source.kind, content])).toEqual([
      ['checkpoint', ['w', dataset!.hash]],
      ['fresh', [dataset!.hash]],
    ])
    expect(asked[0]!.source).toMatchObject({ checkpoint: session.files.checkpointPath(id, 'step-10') })
    await expect(session.services.lab.look({ target: { kind: 'run', id, step: 15 }, setting })).rejects.toThrow(/no checkpoint at step 15/)
  })
})

describe('a diagnostic of a run', () => {
  it('is stored with the run and its checkpoint, and the same question replaces its answer', async () => {
    const { asked, lab } = played()
    using session = await openSession({ lab })
    const id = await runWith(session, 10, 20)
    const ask = async (step: number, seconds: number) => {
      const target = { kind: 'run' as const, id, step }
      const running = session.services.lab.run({ target, diagnostic: 'energy', options: { images: 8 }, taskId: `lab/${seconds}` })
      await settle()
      expect(asked.at(-1)!.source).toMatchObject({ kind: 'checkpoint', checkpoint: session.files.checkpointPath(id, `step-${step}`) })
      asked.at(-1)!.answer(found(step, seconds))
      return running
    }
    await ask(10, 1)
    await ask(20, 2)
    const { entry } = await ask(20, 3)
    await session.crash()
    const { results } = await session.services.lab.results({ id })
    expect(results.map(({ step, seconds }) => [step, seconds])).toEqual([
      [20, 3],
      [10, 1],
    ])
    expect(await session.services.lab.result({ number: entry!.number })).toEqual(found(20, 3))
    // Results are discarded with their steps, and earlier ones are kept.
    await session.services.runs.resume({ id, step: 10 })
    expect((await session.services.lab.results({ id })).results.map(({ step }) => step)).toEqual([10])
    await expect(session.services.lab.result({ number: entry!.number })).rejects.toThrow(/not there any more/)
  })

  it('is one at a time, waits in the order asked, and ends at once when it is cancelled', async () => {
    const { asked, lab } = played()
    using session = await openSession({ lab })
    const id = await runWith(session, 10)
    const run = (taskId: string) =>
      session.services.lab.run({ target: { kind: 'run', id }, diagnostic: 'energy', options: {}, taskId }).then(
        ({ result }) => result.seconds,
        (error: Error) => error.message,
      )
    const [first, second, third] = [run('lab/a'), run('lab/b'), run('lab/c')]
    await settle()
    expect(asked).toHaveLength(1)
    await session.services.lab.cancel({ taskId: 'lab/b' })
    await session.services.lab.cancel({ taskId: 'lab/a' })
    expect(await first).toMatch(/was cancelled/)
    expect(await second).toMatch(/was cancelled/)
    await settle()
    expect(asked).toHaveLength(2)
    asked[1]!.answer(found(10, 7))
    expect(await third).toBe(7)
    expect((await session.services.lab.results({ id })).results).toHaveLength(1)
  })

  it('and a prediction of an image wait for one another; what is sent is bounded', async () => {
    const { asked, shown, lab } = played()
    using session = await openSession({ lab })
    const id = await runWith(session, 10, 20)
    const running = session.services.lab.run({ target: { kind: 'run', id }, diagnostic: 'energy', options: {}, taskId: 'lab/a' })
    await settle()
    const predicting = session.services.lab.predict({ id, step: 10, image: { path: '/pictures/one.png' }, taskId: 'lab/b' })
    await settle()
    expect(shown).toEqual([])
    asked[0]!.answer(found(20, 1))
    await running
    expect(await predicting).toEqual(PREDICTION)
    expect(shown).toMatchObject([
      { checkpoint: session.files.checkpointPath(id, 'step-10'), image: { path: '/pictures/one.png' }, fit: 'cover', beside: 0 },
    ])
    const predict = (image: { bytes: string }, step = 10) => session.services.lab.predict({ id, step, image, taskId: 'lab/c' })
    await expect(predict({ bytes: 'A'.repeat(4_000_000) })).rejects.toThrow()
    await expect(predict({ bytes: 'AAAA' }, 15)).rejects.toThrow('has no checkpoint at step 15')
    expect(shown).toHaveLength(1)
  })

  it('says which diagnostic there is none of, and what is wrong with a network', async () => {
    const { lab } = played()
    using session = await openSession({ lab })
    const fresh = (network: { preset: string; dataset: string }, diagnostic = 'energy') =>
      session.services.lab.run({ target: { kind: 'fresh', network }, diagnostic, options: {}, taskId: 'lab/x' })
    await expect(fresh({ preset: 'small', dataset: 'digits' }, 'nothing')).rejects.toThrow('There is no diagnostic nothing')
    await expect(fresh({ preset: 'nothing', dataset: 'digits' })).rejects.toThrow('This network cannot be made.')
  })
})
