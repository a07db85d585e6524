import { describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/contract/errors.js'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import type { StudyTemplateInfo, WorkOf } from '../../src-main/contract/studies.js'
import type { BenchStepRequest } from '../../src-main/contract/tools.js'
import { runKey, WITHOUT_EFFECT, type Computing } from '../../src-main/features/studies/cell-key.js'
import type { Computer } from '../../src-main/features/studies/computations.js'
import type { Measurer } from '../../src-main/features/studies/measurements.js'
import type { Expansion } from '../../src-main/features/studies/expand.js'
import type { StudyTemplates } from '../../src-main/features/studies/study-templates.js'
import { sampleConfig } from '../fixtures/records.js'
import { openSession, type PlayedTrainer, type Session } from '../fixtures/session.js'

const COMPUTING: Computing = { engine: 'native', device: 'cpu', deviceName: 'cpu', threads: 2, processor: 'test', numerics: 1 }
const INFO: StudyTemplateInfo = { id: 'seeds', title: 'Seeds', question: '?', limits: '', quantities: {}, options: {} }

const request = (steps: number): BenchStepRequest => ({
  preset: 'small', batch: 4, size: null, units: null, mode: null, steps, execution: null, fused: null, kept: null,
}) // prettier-ignore

/** A template with a run for each seed, a measurement for each number of steps, and a computation for each number. */
const templates: StudyTemplates = {
  list: () => [INFO],
  expand: (_, options): Expansion => {
    const list = (key: string): number[] =>
      String(options[key] ?? '')
        .split(',')
        .filter(Boolean)
        .map(Number)
    return {
      options,
      cells: [
        ...list('seeds').map((seed) => ({
          factors: { seed },
          work: { kind: 'run' as const, run: { preset: 'small', dataset: 'digits', overrides: { seed, steps: 40 } } },
        })),
        ...list('measured').map((steps) => ({ factors: { steps }, work: { kind: 'measurement' as const, request: request(steps) } })),
        ...list('computed').map((x) => ({
          factors: { x },
          work: { kind: 'computation' as const, computation: 'square', revision: Number(options['revision'] ?? 1), options: { x } },
        })),
      ],
    }
  },
  phases: () => null,
  compared: () => null,
  report: (_template, _options, outcomes) => ({
    summary: [{ key: 'cells', label: 'Cells', symbol: '', unit: '', value: outcomes.length }],
    tables: [],
    figures: [],
    notes: [],
  }),
}

/** A measurer played by the test. */
function played() {
  const asked: { request: BenchStepRequest; answer(found: Record<string, unknown>): void; fail(error: Error): void }[] = []
  const measurer: Measurer = {
    measure: (of, { signal }) =>
      new Promise((answer, fail) => {
        asked.push({ request: of, answer, fail })
        signal.addEventListener('abort', () => fail(signal.reason as Error))
      }),
  }
  return { asked, measurer }
}

/** A computer played by the test. */
function playedComputer() {
  const asked: { work: WorkOf<'computation'>; answer(found: Record<string, unknown>): void; fail(error: unknown): void }[] = []
  const computer: Computer = {
    compute: (work, { signal }) =>
      new Promise((answer, fail) => {
        asked.push({ work, answer, fail })
        signal.addEventListener('abort', () => fail(signal.reason))
      }),
  }
  return { asked, computer }
}

const open = (ports: Parameters<typeof openSession>[0] = {}) => openSession({ templates, computing: () => COMPUTING, ...ports })
const start = (session: Session, options: Record<string, string>) => session.services.studies.start({ template: 'seeds', options })

/** The trainer of a run reports its end. */
function end(trainer: PlayedTrainer, outcome: 'finished' | 'diverged' | 'paused', accuracy = 0.5): void {
  const { events, order } = trainer
  trainer.gone = true
  const { config } = order
  events.report({ kind: 'started', step: 0, totalSteps: config.steps, stepsPerEpoch: 16, engine: ENGINE } as never)
  const result = { testAccuracy: accuracy, testLoss: 1, step: 40, images: 100, weightsHash: 'w', seconds: 3 }
  events.report({
    kind: 'ended',
    outcome,
    reason: outcome === 'diverged' ? 'The loss is NaN.' : null,
    result: outcome === 'finished' ? result : null,
  } as never)
  events.exited({ reason: null, overdue: false })
}
const ENGINE = {
  engine: 'native',
  device: 'cpu',
  deviceName: 'cpu',
  versions: { tfjs: '4', tensorflow: '2', node: '20' },
  threads: 2,
  oneDNN: true,
  reason: '',
  remedy: null,
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}
const eventually = (check: () => unknown) => expect.poll(check, { interval: 5 })

describe('a study', () => {
  it('queues a run for every cell in one transaction, in order, and follows them to their ends', async () => {
    using session = await open()
    const before = session.stores.journal.last()
    const { id: projectId } = await session.services.projects.named({ name: 'Depth' })
    const study = await session.services.studies.start({ template: 'seeds', options: { seeds: '1,2,3' }, projectId })
    expect(study).toMatchObject({ template: 'seeds', name: 'Seeds', cells: 3, held: false, projectId })
    const kinds = session.stores.journal.after(before, { detailOf: [], limit: 100 }).map(({ change }) => change.kind)
    expect(kinds.slice(0, 5)).toEqual(['project', 'run', 'run', 'run', 'study'])
    expect(session.stores.runs.list().map((run) => run.projectId)).toEqual([projectId, projectId, projectId])
    expect(session.stores.runs.list().map(({ seed, studyId }) => [seed, studyId])).toEqual([3, 2, 1].map((seed) => [seed, study.id]))

    end(session.trainers[0]!, 'finished', 0.25)
    end(session.trainers[1]!, 'diverged')
    await eventually(() => session.stores.studies.get(study.id)!.counts).toEqual({ finished: 1, diverged: 1, starting: 1 })
    const { cells, report, command } = await session.services.studies.get({ id: study.id })
    expect(cells.map(({ state, reason }) => [state, reason])).toEqual([
      ['finished', null],
      ['diverged', 'The loss is NaN.'],
      ['starting', null],
    ])
    expect(report.summary[0]!.value).toBe(3)
    expect(command).toBe('retrace study start seeds --option seeds=1,2,3')
    // Clients receive every change of its row.
    const rows = session.stores.journal
      .after(0, { detailOf: [], limit: 1000 })
      .flatMap(({ change }) => (change.kind === 'study' ? [change.study.counts] : []))
    expect(rows.at(-1)).toEqual({ finished: 1, diverged: 1, starting: 1 })
  })

  it('names the finished runs that a diagnostic of its report has not looked at', async () => {
    using session = await open({ templates: { ...templates, list: () => [{ ...INFO, diagnostics: ['spectrum'] }] } })
    const { id } = await start(session, { seeds: '1,2' })
    end(session.trainers[0]!, 'finished')
    await eventually(() => session.stores.studies.get(id)!.counts['finished']).toBe(1)
    const { undiagnosed, cells } = await session.services.studies.get({ id })
    const runId = cells[0]!.runId!
    expect(undiagnosed).toEqual([{ diagnostic: 'spectrum', runIds: [runId] }])
    const summary = [{ key: 'margin', label: 'Stability margin', symbol: '', unit: '', value: 0.5 }]
    const entry = { runId, file: 'f', step: 40, at: 1, diagnostic: 'spectrum', title: 'Spectrum', options: {}, seconds: 1 }
    session.stores.labResults.put(entry, { summary, tables: [] } as never)
    expect(session.stores.labResults.findingsOf(runId, 'spectrum')).toEqual({ summary, tables: [] })
    expect(session.stores.labResults.findingsOf(runId, 'energy')).toBeNull()
    expect((await session.services.studies.get({ id })).undiagnosed).toEqual([{ diagnostic: 'spectrum', runIds: [] }])
  })

  it('skips what is done: runs of other studies, runs that finished by themselves, and equal cells', async () => {
    using session = await open({
      provenance: async () => ({
        retrace: '0',
        platform: 'test',
        commit: null,
        diff: null,
        numerics: 1,
        hardware: { processor: 'test', cores: 2, memoryBytes: 1, gpus: [] },
      }),
    })
    const alone = await session.services.runs.create({ preset: 'small', dataset: 'digits', overrides: { seed: 1, steps: 40 } })
    end(session.trainers[0]!, 'finished')
    session.stores.runs.updateRecord(alone.id, {
      environment: { ...session.stores.runs.record(alone.id)!.environment, engine: ENGINE as never },
    })
    const first = await start(session, { seeds: '1,2,2' })
    const taken = (await session.services.studies.get({ id: first.id })).cells
    expect(taken[0]).toMatchObject({ runId: alone.id, takenOver: true, state: 'finished' })
    expect(taken[1]!.takenOver).toBe(false)
    expect(taken[2]!.runId).toBe(taken[1]!.runId)
    expect(session.stores.runs.list()).toHaveLength(2)
    // A running one is shared as well, and is not paused by the study that only shares it.
    const second = await start(session, { seeds: '2' })
    expect((await session.services.studies.get({ id: second.id })).cells[0]).toMatchObject({ runId: taken[1]!.runId, takenOver: true })
    await session.services.studies.pause({ id: second.id })
    expect(session.stores.runs.get(taken[1]!.runId!)!.status).toBe('starting')
  })

  it('does not take over a run of other data, numerics, threads or processor', () => {
    const config = sampleConfig()
    const keys = [
      runKey(config, 'a', COMPUTING),
      runKey(config, 'b', COMPUTING),
      runKey(sampleConfig({ h: 0.2 }), 'a', COMPUTING),
      ...[{ threads: 1 }, { numerics: 2 }, { processor: 'other' }, { engine: 'portable' as const }].map((other) =>
        runKey(config, 'a', { ...COMPUTING, ...other }),
      ),
    ]
    expect(new Set(keys).size).toBe(keys.length)
    // Keys without effect on the results are not part of the key.
    expect(
      runKey(sampleConfig({ preset: 'other', dataset: 'renamed', checkpointSeconds: 5, reconstructionTolerance: 0.5 }), 'a', COMPUTING),
    ).toBe(keys[0])
    for (const key of WITHOUT_EFFECT) expect(RunConfigSchema.shape).toHaveProperty(key)
    // The order of the keys has no effect either.
    expect(runKey(Object.fromEntries(Object.entries(config).reverse()) as typeof config, 'a', COMPUTING)).toBe(keys[0])
  })

  it('measures one cell at a time, beside no run, and lets queued runs wait meanwhile', async () => {
    const { asked, measurer } = played()
    using session = await open({ measurer })
    const { id: runId } = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
    const study = await start(session, { measured: '1,2' })
    await settle()
    expect(asked).toHaveLength(0)
    const queued = await session.services.runs.create({ preset: 'small', dataset: 'digits', overrides: { seed: 7 } })
    end(session.trainers[0]!, 'finished')
    await eventually(() => asked.length).toBe(1)
    expect(session.stores.runs.get(runId)!.status).toBe('finished')
    expect(session.stores.runs.get(queued.id)!.status).toBe('queued')
    asked[0]!.answer({ secondsPerStep: 2 })
    await eventually(() => asked.length).toBe(2)
    asked[1]!.fail(new UserError('INTERNAL', 'It was killed.'))
    await eventually(() => session.stores.studies.get(study.id)!.counts).toEqual({ finished: 1, failed: 1 })
    await eventually(() => session.stores.runs.get(queued.id)!.status).toBe('starting')
    const { cells } = await session.services.studies.get({ id: study.id })
    expect(cells.map(({ measured, reason }) => [measured, reason])).toEqual([
      [{ secondsPerStep: 2 }, null],
      [null, 'It was killed.'],
    ])

    // The same measurement is not repeated; the failed one is, when the study is resumed.
    end(session.trainers[1]!, 'finished')
    const again = await start(session, { measured: '1' })
    expect(session.stores.studies.get(again.id)!.counts).toEqual({ finished: 1 })
    await session.services.studies.resume({ id: study.id })
    await eventually(() => asked.length).toBe(3)
    expect(asked[2]!.request.steps).toBe(2)
    asked[2]!.answer({})
    await eventually(() => session.stores.studies.get(study.id)!.counts).toEqual({ finished: 2 })
    expect(session.faults).toEqual([])
  })

  it('computes one cell at a time beside runs, and keeps results that JSON has no numbers for', async () => {
    const { asked, computer } = playedComputer()
    using session = await open({ computer })
    await session.services.runs.create({ preset: 'small', dataset: 'digits' })
    const study = await start(session, { computed: '1,2' })
    await eventually(() => asked.length).toBe(1)
    expect(asked[0]!.work.options).toEqual({ x: 1 })
    expect(session.stores.studies.get(study.id)!.counts).toEqual({ running: 1, queued: 1 })
    asked[0]!.answer({ y: NaN, list: [1, Infinity, { z: -Infinity }], none: null })
    await eventually(() => asked.length).toBe(2)
    asked[1]!.answer({ y: 4 })
    await eventually(() => session.stores.studies.get(study.id)!.counts).toEqual({ finished: 2 })
    const { cells } = await session.services.studies.get({ id: study.id })
    expect(cells.map(({ measured }) => measured)).toEqual([{ y: 'NaN', list: [1, 'Infinity', { z: '-Infinity' }], none: null }, { y: 4 }])

    // The same computation is not repeated on any machine; another revision of it is.
    const again = await start(session, { computed: '1,2,3' })
    await eventually(() => asked.length).toBe(3)
    const shared = (await session.services.studies.get({ id: again.id })).cells
    expect(shared.map(({ takenOver, state }) => [takenOver, state])).toEqual([
      [true, 'finished'],
      [true, 'finished'],
      [false, 'running'],
    ])
    expect(shared[0]!.measured).toEqual(cells[0]!.measured)
    asked[2]!.answer({})
    const later = await start(session, { computed: '1', revision: '2' })
    await eventually(() => asked.length).toBe(4)
    expect(asked[3]!.work).toMatchObject({ options: { x: 1 }, revision: 2 })
    asked[3]!.answer({})
    await eventually(() => session.stores.studies.get(later.id)!.counts).toEqual({ finished: 1 })
    expect(session.faults).toEqual([])
  })

  it('never computes beside a measurement, and does not wait behind one that waits for runs', async () => {
    const { asked: measured, measurer } = played()
    const { asked: computed, computer } = playedComputer()
    using session = await open({ measurer, computer })
    await session.services.runs.create({ preset: 'small', dataset: 'digits' })
    const study = await start(session, { measured: '1', computed: '1,2,3' })
    // The measurement waits for the run; the first computation does not.
    await eventually(() => computed.length).toBe(1)
    computed[0]!.answer({})
    await eventually(() => computed.length).toBe(2)
    expect(measured).toHaveLength(0)
    end(session.trainers[0]!, 'finished')
    await settle()
    // Now the measurement waits for the active computation, and the next computation for the measurement.
    expect(measured).toHaveLength(0)
    computed[1]!.answer({})
    await eventually(() => measured.length).toBe(1)
    await settle()
    expect(computed).toHaveLength(2)
    await expect(session.services.catalogue.measureSpeed()).rejects.toThrow('A study is at work')
    measured[0]!.answer({})
    await eventually(() => computed.length).toBe(3)
    await expect(session.services.catalogue.measureSpeed()).rejects.toThrow('A study is at work')
    computed[2]!.answer({})
    await eventually(() => session.stores.studies.get(study.id)!.counts).toEqual({ finished: 4 })
    expect(session.faults).toEqual([])
  })

  it('settles a cell that fails by a defect as failed, with the reason, and reports the defect', async () => {
    const { asked, measurer } = played()
    const { asked: computed, computer } = playedComputer()
    using session = await open({ measurer, computer })
    const study = await start(session, { measured: '1', computed: '2' })
    await eventually(() => computed.length + asked.length).toBeGreaterThan(0)
    const defects = [new TypeError('x is not a function'), new RangeError('too long')]
    await eventually(() => {
      computed[0]?.fail(defects[0])
      asked[0]?.fail(defects[1]!)
      return session.stores.studies.get(study.id)!.counts
    }).toEqual({ failed: 2 })
    const { cells } = await session.services.studies.get({ id: study.id })
    expect(cells.map(({ reason }) => reason)).toEqual([
      'The measurement ended with an error that Retrace does not know: too long',
      'The computation ended with an error that Retrace does not know: x is not a function',
    ])
    expect(session.faults).toHaveLength(2)
    expect(session.faults).toEqual(expect.arrayContaining(defects))
  })

  it('stores a result later that cannot be stored now', async () => {
    const { asked, computer } = playedComputer()
    using session = await open({ computer })
    const study = await start(session, { computed: '1' })
    await eventually(() => asked.length).toBe(1)
    const { setResult } = session.stores.studies
    let refused = 0
    session.stores.studies.setResult = (...of) => {
      if (refused++ < 2) throw new UserError('DISK', 'The disk is full.', { obstacle: 'full' })
      setResult(...of)
    }
    asked[0]!.answer({ y: 1 })
    await eventually(() => refused).toBe(1)
    session.clock.advance(5000)
    await eventually(() => refused).toBe(2)
    session.clock.advance(5000)
    await eventually(() => session.stores.studies.get(study.id)!.counts).toEqual({ finished: 1 })
    expect(session.faults).toEqual([])
  })

  it('pauses a computation that is at work, and computes it again when it is resumed', async () => {
    const { asked, computer } = playedComputer()
    using session = await open({ computer })
    const study = await start(session, { computed: '1' })
    await eventually(() => asked.length).toBe(1)
    await session.services.studies.pause({ id: study.id })
    await eventually(() => session.stores.studies.get(study.id)!.counts).toEqual({ queued: 1 })
    expect(asked).toHaveLength(1)
    await session.services.studies.resume({ id: study.id })
    await eventually(() => asked.length).toBe(2)
    asked[1]!.answer({})
    await eventually(() => session.stores.studies.get(study.id)!.counts).toEqual({ finished: 1 })
  })

  it('is paused and resumed as a whole, and continues after a crash', async () => {
    const { asked, measurer } = played()
    using session = await open({ measurer })
    session.stores.settings.set('queue.concurrentRuns', 1)
    const study = await start(session, { seeds: '1,2', measured: '3' })
    const paused = await session.services.studies.pause({ id: study.id })
    expect(paused).toMatchObject({ held: true, counts: { pausing: 1, paused: 1, queued: 1 } })
    end(session.trainers[0]!, 'paused')
    await settle()
    expect(asked).toHaveLength(0)
    await session.services.studies.resume({ id: study.id })
    await eventually(() => asked.length + session.trainers.filter(({ gone }) => !gone).length).toBeGreaterThan(0)
    for (const trainer of session.trainers) trainer.gone = true
    await session.crash()
    // The measurement waits again, the active run is interrupted, and both are done when it is resumed.
    await session.services.studies.resume({ id: study.id })
    const playing = setInterval(() => {
      for (const trainer of session.trainers) if (!trainer.gone) end(trainer, 'finished')
      asked.at(-1)?.answer({ secondsPerStep: 1 })
    }, 5)
    await eventually(() => session.stores.studies.get(study.id)!.counts).toEqual({ finished: 3 })
    clearInterval(playing)
    expect(session.stores.runs.list()).toHaveLength(2)
  })

  it('goes on with runs that it takes over and that their own study left interrupted, paused and queued, also where only what is asked for is started', async () => {
    using session = await open()
    session.stores.settings.set('queue.concurrentRuns', 1)
    const options = { seeds: '1,2,3' }
    const first = await start(session, options)
    for (const trainer of session.trainers) trainer.gone = true
    await session.crash({ queue: 'hold' })
    const waiting = session.stores.studies.cells(first.id)
    await session.services.runs.pause({ id: waiting[2]!.runId! })
    const states = (id: string): string[] => session.stores.studies.cells(id).map(({ state }) => state)
    expect(states(first.id)).toEqual(['interrupted', 'queued', 'paused'])

    const second = await start(session, options)
    expect(session.stores.studies.cells(second.id).map(({ takenOver }) => takenOver)).toEqual([true, true, true])
    const playing = setInterval(() => {
      for (const trainer of session.trainers) if (!trainer.gone) end(trainer, 'finished')
    }, 5)
    await eventually(() => states(second.id)).toEqual(['finished', 'finished', 'finished'])
    clearInterval(playing)
    expect(session.stores.runs.list()).toHaveLength(3)
  })

  it('makes a removed run anew when it is resumed, and leaves its runs when it is removed', async () => {
    using session = await open()
    const study = await start(session, { seeds: '1' })
    const [run] = session.stores.runs.list()
    end(session.trainers[0]!, 'finished')
    await session.services.runs.remove({ id: run!.id })
    await eventually(() => session.stores.studies.get(study.id)!.counts).toEqual({ removed: 1 })
    await session.services.studies.resume({ id: study.id })
    const [next] = session.stores.runs.list()
    expect(next!.id).not.toBe(run!.id)
    await expect(session.services.studies.remove({ id: study.id })).rejects.toThrow('Pause it before removing it')
    end(session.trainers[1]!, 'finished')
    await session.services.studies.remove({ id: study.id })
    expect(session.stores.studies.list()).toEqual([])
    expect(session.stores.runs.get(next!.id)).toMatchObject({ studyId: null, status: 'finished' })
    await expect(session.services.studies.get({ id: study.id })).rejects.toThrow(`There is no study ${study.id}`)
  })

  it('is refused with the cell and the field that is wrong, and nothing is left of it', async () => {
    using session = await open({
      templates: {
        ...templates,
        expand: () => ({
          options: {},
          cells: [{ factors: { seed: 1 }, work: { kind: 'run', run: { preset: 'small', dataset: 'digits', overrides: { h: -1 } } } }],
        }),
      },
    })
    await expect(start(session, {})).rejects.toThrow(/The cell "seed 1" cannot be run\. .*h/)
    expect(session.stores.studies.list()).toEqual([])
    expect(session.stores.runs.list()).toEqual([])
    expect(await session.services.studies.preview({ template: 'seeds' })).toMatchObject({
      cells: [],
      problems: [{ option: null, message: expect.stringContaining('seed 1') as string }],
    })
  })

  it('with 1,000 cells is made within two seconds', async () => {
    using session = await open()
    session.stores.settings.set('queue.concurrentRuns', 1)
    const begin = process.cpuUsage()
    const study = await start(session, { seeds: Array.from({ length: 1000 }, (_, at) => at + 1).join(',') })
    // Processor time, because other tests share the machine.
    const { user, system } = process.cpuUsage(begin)
    const seconds = (user + system) / 1e6
    expect(study.cells).toBe(1000)
    expect(seconds).toBeLessThan(2)
    await expect(start(session, { seeds: Array.from({ length: 1001 }, (_, at) => at + 1).join(',') })).rejects.toThrow('the most is 1000')
  })
})
