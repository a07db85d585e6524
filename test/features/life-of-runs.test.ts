import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SequencedChange } from '../../src-main/contract/changes.js'
import { isUserError } from '../../src-main/contract/errors.js'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import { ACTIVE, type RunSummary } from '../../src-main/contract/runs.js'
import { samplePoints } from '../fixtures/records.js'
import { openSession, type PlayedTrainer, type Session } from '../fixtures/session.js'

/** The state of a client that has received every change from the start. */
class Mirror {
  readonly runs = new Map<string, RunSummary>()
  readonly steps = new Map<string, number[]>()
  private seq = 0

  read(changes: SequencedChange[]): void {
    for (const { seq, change } of changes) {
      expect(seq).toBe(this.seq + 1)
      this.seq = seq
      if (change.kind === 'run') this.runs.set(change.run.id, change.run)
      if (change.kind === 'runRemoved') this.runs.delete(change.runId)
      if (change.kind === 'points')
        for (const { points } of change.series.filter(({ key }) => key === 'train/loss'))
          this.steps.set(change.runId, [...(this.steps.get(change.runId) ?? []), ...unpackPoints(points).steps])
      if (change.kind === 'truncated')
        this.steps.set(
          change.runId,
          (this.steps.get(change.runId) ?? []).filter((step) => step <= change.afterStep),
        )
    }
  }

  get position(): number {
    return this.seq
  }
}

const COMMANDS = ['pause', 'resume', 'stop', 'remove', 'restore', 'retry', 'again'] as const

type Event =
  | { kind: 'create' | 'crash' | 'wait' }
  | { kind: (typeof COMMANDS)[number]; run: number }
  | { kind: 'move'; run: number; position: number }
  | {
      kind: 'started' | 'points' | 'checkpoint' | 'ended' | 'exit' | 'die' | 'overdue'
      trainer: number
      outcome: 'finished' | 'paused' | 'stopped' | 'diverged'
    }

const index = fc.nat(5)
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Event>({ kind: 'create' }) },
  { weight: 1, arbitrary: fc.constantFrom<Event>({ kind: 'crash' }, { kind: 'wait' }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom(...COMMANDS), run: index }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), run: index, position: index }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'started',
        'points',
        'points',
        'points',
        'checkpoint',
        'ended',
        'exit',
        'die',
        'overdue',
      ) as fc.Arbitrary<'points'>,
      trainer: index,
      outcome: fc.constantFrom('finished' as const, 'paused' as const, 'stopped' as const, 'diverged' as const),
    }),
  },
)

class World {
  readonly mirror = new Mirror()
  private readonly ids: string[] = []
  private readonly at = new Map<PlayedTrainer, number>()
  private readonly done = new Set<PlayedTrainer>()
  /** Trainers from before the last crash, which may still send messages to nobody. */
  private orphans = 0

  constructor(
    private readonly session: Session,
    private readonly places: number,
  ) {}

  async apply(event: Event): Promise<void> {
    const { services, trainers, clock } = this.session
    try {
      switch (event.kind) {
        case 'create':
          this.ids.push((await services.runs.create({ preset: 'small', dataset: 'digits' })).id)
          break
        case 'crash':
          this.orphans = trainers.length
          await this.session.crash()
          break
        case 'wait':
          clock.advance(10_000)
          break
        case 'pause':
        case 'resume':
        case 'stop':
        case 'remove':
        case 'restore':
        case 'retry':
        case 'again': {
          const id = this.ids[event.run]
          const made = id && (await services.runs[event.kind]({ id }))
          if (event.kind === 'again' && made) this.ids.push(made.id)
          break
        }
        case 'move': {
          const id = this.ids[event.run]
          const order = id ? await services.runs.move({ ids: [id], position: event.position }) : []
          if (id) expect(order.map((run) => run.id)).toEqual(this.session.stores.runs.inStatus(['queued']).map((run) => run.id))
          if (id) expect(order.findIndex((run) => run.id === id)).toBe(Math.min(event.position, order.length - 1))
          break
        }
        case 'started':
        case 'points':
        case 'checkpoint':
        case 'ended':
        case 'exit':
        case 'die':
        case 'overdue': {
          const alive = trainers.slice(this.orphans).filter(({ gone }) => !gone)
          const trainer = alive[event.trainer % Math.max(1, alive.length)]
          if (trainer) this.play(trainer, event)
        }
      }
    } catch (error) {
      // Commands may be refused in any state, but only with a message for the user.
      if (!isUserError(error)) throw error
    }
  }

  private play(trainer: PlayedTrainer, event: Extract<Event, { trainer: number }>): void {
    const { order, events } = trainer
    const from = order.resumeFrom === null ? 0 : Number(order.resumeFrom.split('-')[1])
    const at = this.at.get(trainer) ?? from
    switch (event.kind) {
      case 'started':
        return void events.report({ kind: 'started', step: from, totalSteps: 40, stepsPerEpoch: 16 })
      case 'points':
        this.session.clock.advance(100)
        this.at.set(trainer, at + 3)
        return void events.report({
          kind: 'points',
          step: at + 3,
          activeSeconds: 1,
          medianStepSeconds: 0.1,
          series: [{ key: 'train/loss', ...samplePoints(at + 1, 3) }],
        })
      case 'checkpoint':
        return void events.report({
          kind: 'checkpoint',
          checkpoint: 'schedule',
          step: at,
          file: `step-${at}-lease-${order.lease}`,
          bytes: 1,
          createdAt: this.session.clock.now(),
          weightsHash: 'w',
        })
      case 'ended':
        if (this.done.has(trainer)) return
        this.done.add(trainer)
        return void events.report({ kind: 'ended', outcome: event.outcome, reason: null, result: null })
      default:
        trainer.gone = true
        return events.exited({
          reason: event.kind === 'exit' && this.done.has(trainer) ? null : 'it died',
          overdue: event.kind === 'overdue',
        })
    }
  }

  async check(): Promise<void> {
    const { services, stores, trainers } = this.session
    const { runs } = await services.runs.list()
    this.mirror.read(stores.journal.after(this.mirror.position, { detailOf: this.ids, limit: 1000 }))

    const alive = trainers.slice(this.orphans).filter(({ gone }) => !gone)
    expect(alive.length).toBeLessThanOrEqual(this.places)
    expect(new Set(alive.map(({ order }) => order.runId)).size).toBe(alive.length)
    const working = alive.filter((trainer) => !this.done.has(trainer)).map(({ order }) => order.runId)
    expect(
      runs
        .filter(({ status }) => ACTIVE.includes(status))
        .map(({ id }) => id)
        .sort(),
    ).toEqual(working.sort())
    const ending = alive.map(({ order }) => order.runId)
    const ready = runs.filter(({ id, status }) => status === 'queued' && !ending.includes(id))
    if (alive.length < this.places) expect(ready).toEqual([])

    for (const run of runs) {
      const told = this.mirror.runs.get(run.id)
      expect(told).toMatchObject({ id: run.id, status: run.status, lease: run.lease, reason: run.reason })
      if (!ACTIVE.includes(run.status)) expect(told).toEqual(run)
      const { series } = await services.runs.series({ id: run.id })
      const loss = series.find(({ key }) => key === 'train/loss')
      const steps = loss ? [...unpackPoints(loss.points).steps] : []
      expect(steps).toEqual(Array.from({ length: steps.length }, (_, i) => i + 1))
      expect(this.mirror.steps.get(run.id) ?? []).toEqual(steps)
      expect(run.step).toBeGreaterThanOrEqual(steps.length)
    }
    expect([...this.mirror.runs.keys()].sort()).toEqual(runs.map(({ id }) => id).sort())
    expect(this.session.faults).toEqual([])
  }

  /** Reports of an older trainer of a run change nothing. */
  refuseOld(): void {
    const { stores, trainers } = this.session
    for (const { order, events } of trainers) {
      const lease = stores.runs.get(order.runId)?.lease
      if (lease === order.lease) continue
      expect(() => events.report({ kind: 'phase', phase: 'from the grave' })).toThrow()
    }
  }
}

describe('the life of runs', () => {
  it.each([1, 2])(
    'keeps its rules under any sequence of commands, reports, deaths and crashes (%i at once)',
    async (places) => {
      await fc.assert(
        fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 60 }), async (events) => {
          using session = await openSession()
          session.stores.settings.set('queue.concurrentRuns', places)
          const world = new World(session, places)
          for (const each of events) {
            await world.apply(each)
            await world.check()
          }
          world.refuseOld()
          await world.check()
          expect(session.db.problems()).toEqual([])
        }),
        { numRuns: 25 },
      )
    },
    300_000,
  )
})
