import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isTrainerOf } from '../../src-main/training/orphans.js'
import { UserError } from '../../src-main/contract/errors.js'
import type { Patience } from '../../src-main/training/patience.js'
import { createSupervisor } from '../../src-main/training/supervisor.js'
import { temporaryFolder } from '../fixtures/home.js'
import { killProcess } from '../fixtures/processes.js'
import { sampleConfig } from '../fixtures/records.js'
import type { TrainerExit, TrainerHandle, TrainerOrder, TrainerReport } from '../../src-main/features/runs/control/trainers.js'

const ENTRY = resolve(import.meta.dirname, '../fixtures/fake-trainer.mjs')

interface Watched {
  handle: TrainerHandle
  reports: TrainerReport[]
  pid(): number
  exit: Promise<TrainerExit>
  /** Waits until a report satisfies the condition. */
  until(condition: (report: TrainerReport) => boolean): Promise<void>
}

const started: number[] = []
afterEach(() => {
  for (const pid of started.splice(0)) killProcess(pid)
})

function watch(
  folder: string,
  behaviour: object,
  changes: Partial<TrainerOrder & { onReport(report: TrainerReport): void; patience: Partial<Patience>; entry: string }> = {},
): Watched {
  const { onReport, patience, entry, ...order } = changes
  const supervisor = createSupervisor({
    trainerEntry: entry ?? ENTRY,
    environment: () => ({ FAKE_TRAINER: JSON.stringify(behaviour) }),
    patience: { command: 300, exit: 300, orphan: 300, ...patience },
  })
  const reports: TrainerReport[] = []
  const waiting = new Set<() => void>()
  let pid = 0
  let exited: (exit: TrainerExit) => void = () => undefined
  const exit = new Promise<TrainerExit>((resolve) => (exited = resolve))
  const logFolder = join(folder, 'log')
  mkdirSync(logFolder, { recursive: true })
  const handle = supervisor.launch(
    {
      runId: 'abcd',
      lease: 1,
      config: sampleConfig({ steps: 30 }),
      datasetFolder: folder,
      datasetHash: null,
      checkpointFolder: join(folder, 'checkpoints'),
      logFolder,
      resumeFrom: null,
      olderCheckpoints: [],
      weightsFrom: null,
      pauseAt: null,
      dynamics: null,
      device: null,
      slot: 0,
      slots: 1,
      previousPid: null,
      ...order,
    },
    {
      spawned(number) {
        pid = number
        started.push(number)
      },
      report(report) {
        reports.push(report)
        onReport?.(report)
        for (const wake of waiting) wake()
        return true
      },
      exited,
    },
  )
  const until = (condition: (report: TrainerReport) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!reports.some(condition)) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return { handle, reports, pid: () => pid, exit, until }
}

const atStep = (step: number) => (report: TrainerReport) => report.kind === 'points' && report.step >= step
const points = (reports: TrainerReport[]): number[] => reports.flatMap((report) => (report.kind === 'points' ? [report.step] : []))
const to = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)

describe('a trainer under supervision', () => {
  it('gets its job, reports everything, and ends', async () => {
    using folder = temporaryFolder()
    const trainer = watch(folder.path, {})
    expect(await trainer.exit).toEqual({ reason: null, overdue: false })
    expect(points(trainer.reports)).toEqual(to(30))
    expect(trainer.reports.at(-1)).toMatchObject({ kind: 'ended', outcome: 'finished' })
    expect(trainer.reports.filter(({ kind }) => kind === 'checkpoint')).toHaveLength(5)
    expect(readFileSync(join(folder.path, 'checkpoints', 'lease'), 'utf8')).toBe('1\n')
    const nan = trainer.reports.find((report) => report.kind === 'points' && report.step === 7)
    expect(nan).toMatchObject({ series: [{ values: Float64Array.of(NaN) }] })
  })

  it('is told which points are committed, and of none that are not', async () => {
    using folder = temporaryFolder()
    const refuse = vi.fn((report: TrainerReport) => {
      if (report.kind === 'points' && report.step === 6) throw new Error('The disk is full.')
    })
    const trainer = watch(folder.path, { trace: join(folder.path, 'trace'), traceKept: true, stepMs: 20 }, { onReport: refuse })
    await trainer.exit
    const kept =
      readFileSync(join(folder.path, 'trace'), 'utf8')
        .match(/(?<=kept )\d+/g)
        ?.map(Number) ?? []
    expect(kept.length).toBeGreaterThan(2)
    expect(kept).toEqual(to(kept.length))
    expect(kept.length).toBeLessThan(6)
  })

  it.each([
    ['pause', 'paused'],
    ['stop', 'stopped'],
  ] as const)('obeys %s with a checkpoint', async (command, outcome) => {
    using folder = temporaryFolder()
    const trainer = watch(folder.path, { stepMs: 20 }, { config: sampleConfig({ steps: 1e6 }) })
    await trainer.until(atStep(3))
    trainer.handle.command(command)
    expect(await trainer.exit).toEqual({ reason: null, overdue: false })
    expect(trainer.reports.at(-1)).toMatchObject({ kind: 'ended', outcome })
    expect(trainer.reports.at(-2)).toMatchObject({ kind: 'checkpoint', checkpoint: command })
  })

  it.each([
    ['SIGKILL', /^The trainer was killed \(SIGKILL\), probably because the machine ran out of memory\. Error: an earlier line$/],
    ['SIGSEGV', /^The trainer crashed \(SIGSEGV\)/],
    ['exit', /^The trainer exited with code 3\. Error: an earlier line$/],
    ['throw', /^The trainer exited with code 1\. Error: RangeError: no more at step 12$/],
  ])('that dies by %s leaves the reason, and everything it had reported', async (how, reason) => {
    using folder = temporaryFolder()
    const trainer = watch(folder.path, { dies: { step: 12, how } })
    const exit = await trainer.exit
    expect(exit).toEqual({ reason: expect.stringMatching(reason), overdue: false })
    expect(points(trainer.reports)).toEqual(to(12))
    // The file may be written a moment after the end of the process.
    await vi.waitFor(() => expect(readFileSync(join(folder.path, 'log', 'trainer-1.log'), 'utf8')).toContain('an earlier line'))
  })

  it('that is asked to end from outside before it can answer has not crashed', async () => {
    using folder = temporaryFolder()
    const trainer = watch(folder.path, { dies: { step: 12, how: 'SIGABRT' } })
    expect(await trainer.exit).toEqual({ reason: expect.stringContaining('crashed (SIGABRT)'), overdue: false })
    const early = watch(folder.path, { silent: true, defaultSignals: true }, { lease: 2 })
    await vi.waitFor(() => expect(early.pid()).toBeGreaterThan(0))
    process.kill(early.pid(), 'SIGTERM')
    expect(await early.exit).toEqual({ reason: expect.stringMatching(/SIGTERM.*Resume/), overdue: false, interrupted: true })
  })

  it('that is asked to end by signals writes a checkpoint for SIGTERM, and leaves the others to the host', async () => {
    using folder = temporaryFolder()
    const trainer = watch(folder.path, { stepMs: 20 }, { config: sampleConfig({ steps: 1e6 }) })
    await trainer.until(atStep(3))
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.kill(trainer.pid(), signal)
    await trainer.until(atStep(6))
    for (let times = 0; times < 2; times++) process.kill(trainer.pid(), 'SIGTERM')
    expect(await trainer.exit).toEqual({ reason: null, overdue: false })
    expect(trainer.reports.at(-1)).toMatchObject({ kind: 'ended', outcome: 'interrupted' })
    expect(trainer.reports.at(-2)).toMatchObject({ kind: 'checkpoint', checkpoint: 'pause' })
  })

  it('that goes without a result says so', async () => {
    using folder = temporaryFolder()
    const trainer = watch(folder.path, { dies: { step: 5, how: 'lastWord' } })
    expect(await trainer.exit).toMatchObject({ reason: expect.stringMatching(/^The trainer exited without a result\./) })
  })

  it('that does not obey is killed in time, and what it reported meanwhile is kept', async () => {
    using folder = temporaryFolder()
    const trainer = watch(folder.path, { deaf: true }, { config: sampleConfig({ steps: 1e6 }) })
    await trainer.until(atStep(3))
    const before = Date.now()
    trainer.handle.command('stop')
    trainer.handle.command('pause')
    expect(await trainer.exit).toEqual({ reason: expect.stringContaining('did not stop'), overdue: true })
    expect(Date.now() - before).toBeGreaterThanOrEqual(295)
    const steps = points(trainer.reports)
    expect(steps).toEqual(to(steps.length))
    expect(steps.length).toBeGreaterThan(10)
  })

  it('that stays after its last report is ended', async () => {
    using folder = temporaryFolder()
    const trainer = watch(folder.path, { neverExits: true })
    expect(await trainer.exit).toEqual({ reason: null, overdue: false })
    expect(trainer.reports.at(-1)).toMatchObject({ kind: 'ended' })
  })

  it('that is told to stop before it began is gone, and nothing failed', async () => {
    using folder = temporaryFolder()
    const trainer = watch(folder.path, {})
    trainer.handle.command('stop')
    expect(await trainer.exit).toEqual({ reason: null, overdue: false })
    expect(trainer.reports).toEqual([])
  })

  it.each([
    ['of another build', { protocol: 99 }, /different builds/],
    ['that sends nonsense', { garbage: true }, /does not understand/],
    ['that never begins', { silent: true }, /did not start within/],
  ])('%s is ended with the reason', async (_, behaviour, reason) => {
    using folder = temporaryFolder()
    const trainer = watch(folder.path, behaviour, { patience: { hello: 'silent' in behaviour ? 500 : 30_000 } })
    expect((await trainer.exit).reason).toMatch(reason)
  })

  it('that cannot be started says why', async () => {
    using folder = temporaryFolder()
    const missing = watch(folder.path, {}, { entry: join(folder.path, 'nowhere.mjs') })
    expect((await missing.exit).reason).toMatch(/code 1\..*Cannot find module/)
    const blocked = watch(folder.path, {}, { checkpointFolder: join(ENTRY, 'checkpoints') })
    expect((await blocked.exit).reason).toMatch(/could not be started: .*ENOTDIR/)
  })

  it('goes on while the database is held by another program, and all that it reports is kept once, in its order', async () => {
    using folder = temporaryFolder()
    let refused = 0
    const kept: TrainerReport[] = []
    const trainer = watch(
      folder.path,
      { traceKept: true, trace: join(folder.path, 'trace') },
      {
        onReport(report) {
          if (report.kind === 'points' && report.step === 6 && refused++ < 3)
            throw new UserError('UNAVAILABLE', 'in use by another program', { obstacle: 'busy' })
          kept.push(report)
        },
      },
    )
    expect(await trainer.exit).toEqual({ reason: null, overdue: false })
    expect(refused).toBe(4)
    expect(points(kept)).toEqual(to(30))
    expect(kept.at(-1)).toMatchObject({ kind: 'ended', outcome: 'finished' })
  })

  it('is killed when what it reports cannot be kept', async () => {
    using folder = temporaryFolder()
    const trainer = watch(
      folder.path,
      {},
      {
        config: sampleConfig({ steps: 1e6 }),
        onReport(report) {
          if (report.kind === 'points' && report.step === 6) throw new Error('The disk is full: free some space.')
        },
      },
    )
    expect(await trainer.exit).toEqual({ reason: 'The disk is full: free some space.', overdue: false })
    expect(points(trainer.reports)).toEqual(to(6))
  })

  it('starts only when the last one of its run is gone, by itself or killed', async () => {
    using folder = temporaryFolder()
    const orphan = watch(folder.path, { deaf: true, lingers: true, stepMs: 5 }, { config: sampleConfig({ steps: 1e6 }) })
    await orphan.until(atStep(2))
    expect(await isTrainerOf(orphan.pid(), 'abcd')).toBe(true)
    expect(await isTrainerOf(orphan.pid(), 'abc')).toBe(false)
    const next = watch(folder.path, {}, { lease: 2, previousPid: orphan.pid() })
    await next.until(({ kind }) => kind === 'started')
    expect(await isTrainerOf(orphan.pid(), 'abcd')).toBe(false)
    await next.exit
    const files = readdirSync(join(folder.path, 'checkpoints')).filter((name) => name.includes('lease-'))
    expect(files).toContain('step-30-lease-2.json')
  })

  it('does not touch another process that got the old number', async () => {
    using folder = temporaryFolder()
    const other = watch(folder.path, { stepMs: 20 }, { runId: 'other', config: sampleConfig({ steps: 1e6 }) })
    await other.until(atStep(1))
    const next = watch(join(folder.path, 'b'), {}, { previousPid: other.pid() })
    expect(await next.exit).toEqual({ reason: null, overdue: false })
    expect(await isTrainerOf(other.pid(), 'other')).toBe(true)
    other.handle.kill('enough')
    expect(await other.exit).toEqual({ reason: 'enough', overdue: false })
    await sleep(50)
    expect(existsSync(`/proc/${other.pid()}`)).toBe(false)
  })
})
