import { fork, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import type { RunDetail, RunSummary } from '../../src-main/contract/runs.js'
import type { Calls } from '../fixtures/calls.js'
import { openDatabase } from '../../src-main/storage/database.js'
import { openDriver } from '../../src-main/sqlite/driver.mjs'
import { databaseFile } from '../../src-main/storage/home-files.js'
import type { Call } from '../fixtures/backend-host.js'
import { bundleForNode } from '../fixtures/build.js'
import { temporaryFolder } from '../fixtures/home.js'
import { killProcess } from '../fixtures/processes.js'

const TRAINER = resolve(import.meta.dirname, '../fixtures/fake-trainer.mjs')

let bundle: Awaited<ReturnType<typeof bundleForNode>>
beforeAll(async () => void (bundle = await bundleForNode(resolve(import.meta.dirname, '../fixtures/backend-host.ts'))), 60_000)
afterAll(() => bundle[Symbol.dispose]())

const hosts = new Set<ChildProcess>()
const traces = new Set<string>()
afterEach(() => {
  for (const host of hosts) host.kill('SIGKILL')
  hosts.clear()
  for (const pid of [...traces].filter(existsSync).flatMap((path) => readFileSync(path, 'utf8').match(/^\d+/gm) ?? [])) {
    const arguments_ = `/proc/${pid}/cmdline`
    if (existsSync(arguments_) && readFileSync(arguments_, 'utf8').includes('fake-trainer')) killProcess(Number(pid))
  }
  traces.clear()
})

/** A host in a process of its own. */
async function startHost(home: string, behaviour: object) {
  const trace = join(home, 'trace')
  traces.add(trace)
  const child = fork(bundle.file, [home, TRAINER], {
    env: { ...process.env, FAKE_TRAINER: JSON.stringify({ trace, ...behaviour }) },
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  hosts.add(child)
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let ready: () => void = () => undefined
  const readied = new Promise<void>((resolve) => (ready = resolve))
  child.on('message', (message: 'ready' | { id: number; result?: unknown; error?: string }) => {
    if (message === 'ready') return ready()
    const call = waiting.get(message.id)
    if (message.error !== undefined) call?.reject(new Error(message.error))
    else call?.resolve(message.result)
  })
  await readied
  let calls = 0
  const call = <T>(method: Call['method'], input?: unknown): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const id = ++calls
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      child.send({ id, method, input } satisfies Call)
    })
  const get = (id: string): Promise<RunDetail> => call('get', { id })
  return {
    create: (steps: number): Promise<RunSummary> => call('create', { preset: 'small', dataset: 'digits', overrides: { steps } }),
    resume: (id: string): Promise<RunSummary> => call('resume', { id }),
    get,
    async steps(id: string): Promise<number[]> {
      const { series } = await call<Awaited<ReturnType<Calls['runs']['series']>>>('series', { id })
      return series[0] ? [...unpackPoints(series[0].points).steps] : []
    },
    async until(id: string, condition: (run: RunDetail) => boolean): Promise<RunDetail> {
      for (;;) {
        const run = await get(id)
        if (condition(run)) return run
        if (run.endedAt !== null) throw new Error(`run ${id} is ${run.status} at step ${run.step}: ${run.reason}`)
        await sleep(20)
      }
    },
    close: (): Promise<void> => call('close'),
    async kill(): Promise<void> {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** The trace of a home's trainers: their process, what they did, and the step. */
const lives = (home: string): { pid: number; did: string; rest: string }[] =>
  readFileSync(join(home, 'trace'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([pid, did, ...rest]) => ({ pid: Number(pid), did: did ?? '', rest: rest.join(' ') }))

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)

/** Every step of the series with its time, read from the files alone. */
async function storedPoints(home: string, id: string) {
  const db = await openDatabase(databaseFile(home))
  try {
    const { createStores } = await import('../../src-main/storage/stores.js')
    return { problems: db.problems(), points: createStores(db).series.read(id, ['train/loss'])[0]?.points }
  } finally {
    db.close()
  }
}

describe('kill -9', () => {
  it('of a trainer: the run has failed within 5 s, with the reason, and its last second is stored', async () => {
    using folder = temporaryFolder()
    const host = await startHost(folder.path, { stepMs: 10 })
    const { id } = await host.create(1e6)
    await host.until(id, ({ step }) => step >= 30)
    const killedAt = Date.now()
    process.kill(lives(folder.path)[0]!.pid, 'SIGKILL')
    const run = await host.until(id, ({ status }) => status === 'failed')
    expect(Date.now() - killedAt).toBeLessThan(5000)
    expect(run.reason).toMatch(/SIGKILL.*out of memory/)
    await host.kill()
    const { points, problems } = await storedPoints(folder.path, id)
    expect(killedAt - points!.times.at(-1)!).toBeLessThan(1000)
    expect([...points!.steps]).toEqual(upTo(points!.steps.length))
    expect(problems).toEqual([])
  })

  it('of the host: the run is interrupted, all but the last second is stored, and it goes on without a gap', async () => {
    using folder = temporaryFolder()
    const host = await startHost(folder.path, { stepMs: 10 })
    const { id } = await host.create(400)
    await host.until(id, ({ step }) => step >= 30)
    const killedAt = Date.now()
    await host.kill()
    const { points, problems } = await storedPoints(folder.path, id)
    expect(problems).toEqual([])
    expect(killedAt - points!.times.at(-1)!).toBeLessThan(1000)

    const next = await startHost(folder.path, { stepMs: 1 })
    const run = await next.get(id)
    expect(run).toMatchObject({ status: 'interrupted', reason: expect.stringMatching(/Resume it/) })
    await next.resume(id)
    const done = await next.until(id, ({ status }) => status === 'finished')
    expect(done).toMatchObject({ step: 400, lease: 2 })
    expect(await next.steps(id)).toEqual(upTo(400))
    const trainers = [...new Set(lives(folder.path).map(({ pid }) => pid))]
    expect(trainers).toHaveLength(2)
    const order = lives(folder.path).map(({ pid, did }) => `${trainers.indexOf(pid)} ${did}`)
    expect(order.indexOf('1 began')).toBeGreaterThan(order.lastIndexOf('0 ended'))
    expect(order.slice(order.indexOf('1 began')).filter((line) => line.startsWith('0'))).toEqual([])
  })

  it('of the host alone, restarted at once: a trainer that lingers is gone before the next one writes', async () => {
    using folder = temporaryFolder()
    const host = await startHost(folder.path, { stepMs: 10, lingers: true })
    const { id } = await host.create(1e6)
    await host.until(id, ({ checkpoints }) => checkpoints.length >= 2)
    await host.kill()
    // The lease is taken over immediately, so that a lingering trainer can write nothing; only then the host waits for it, and kills it.
    const next = await startHost(folder.path, { stepMs: 10 })
    await next.resume(id)
    await next.until(id, ({ phase }) => phase === 'waiting for the previous trainer')
    const orphan = lives(folder.path)[0]!.pid
    await next.until(id, ({ status }) => status === 'running')
    expect(existsSync(`/proc/${orphan}/cmdline`) && readFileSync(`/proc/${orphan}/cmdline`, 'utf8')).toBeFalsy()
    const all = lives(folder.path)
    const began = all.findIndex(({ did, rest }) => did === 'began' && rest.startsWith('2 '))
    expect(all.slice(began).every(({ pid }) => pid !== orphan)).toBe(true)
    expect(all.filter(({ pid, did }) => pid === orphan && did === 'refused').length).toBeGreaterThan(0)
    await next.close()
  }, 60_000)

  it('of the host alone: a trainer that lingers is ended at the next start, though nobody resumes its run', async () => {
    using folder = temporaryFolder()
    const host = await startHost(folder.path, { stepMs: 10, lingers: true })
    const { id } = await host.create(1e6)
    await host.until(id, ({ checkpoints }) => checkpoints.length >= 2)
    await host.kill()
    const orphan = lives(folder.path)[0]!.pid
    const next = await startHost(folder.path, { stepMs: 10 })
    await vi.waitFor(() => expect(existsSync(`/proc/${orphan}/cmdline`) && readFileSync(`/proc/${orphan}/cmdline`, 'utf8')).toBeFalsy(), {
      timeout: 30_000,
    })
    expect(await next.get(id)).toMatchObject({ status: 'interrupted', lease: 1 })
    await next.close()
  }, 60_000)

  it('of host and trainer together, again and again: the series has no gap and no doubled step', async () => {
    using folder = temporaryFolder()
    let host = await startHost(folder.path, { stepMs: 10 })
    const { id } = await host.create(400)
    for (let round = 0; round < 3; round++) {
      const { step } = await host.get(id)
      await host.until(id, (run) => run.status === 'running' && run.step > step + 15)
      const pids = new Set(lives(folder.path).map(({ pid }) => pid))
      await host.kill()
      killProcess([...pids].at(-1)!)
      host = await startHost(folder.path, { stepMs: round === 2 ? 1 : 10 })
      await host.resume(id)
    }
    await host.until(id, ({ status }) => status === 'finished')
    expect(await host.steps(id)).toEqual(upTo(400))
    await host.kill()
    expect((await storedPoints(folder.path, id)).problems).toEqual([])
  })
})

describe('another program that holds the database', () => {
  it('ends neither the host nor its run: what was reported meanwhile is kept afterwards', async () => {
    using folder = temporaryFolder()
    const host = await startHost(folder.path, { stepMs: 10 })
    const { id } = await host.create(600)
    await host.until(id, ({ step }) => step >= 30)
    const other = await openDriver(databaseFile(folder.path))
    try {
      other.exec('BEGIN IMMEDIATE')
      const { step } = await host.get(id)
      await sleep(3000)
      expect(await host.get(id)).toMatchObject({ status: 'running', step })
      other.exec('COMMIT')
    } finally {
      other.close()
    }
    await host.until(id, ({ status }) => status === 'finished')
    expect(await host.steps(id)).toEqual(upTo(600))
    expect(new Set(lives(folder.path).map(({ pid }) => pid)).size).toBe(1)
  })
})

describe('SIGTERM', () => {
  it('to a trainer: the run is interrupted at a checkpoint, in both orders of news at a shutdown, and goes on without a gap', async () => {
    using folder = temporaryFolder()
    let host = await startHost(folder.path, { stepMs: 5 })
    const { id } = await host.create(1000)
    await host.until(id, ({ step }) => step >= 15)
    const trainer = (): number => lives(folder.path).at(-1)!.pid
    process.kill(trainer(), 'SIGTERM')
    const alone = await host.until(id, ({ status }) => status === 'interrupted')
    expect(alone.reason).toMatch(/trainer was terminated.*Resume this run from step \d+/)
    expect(alone.checkpoints.at(-1)).toMatchObject({ kind: 'pause', step: alone.step })

    for (const first of ['trainer', 'host'] as const) {
      const { step } = await host.resume(id)
      await host.until(id, (run) => run.status === 'running' && run.step > step + 10)
      if (first === 'trainer') process.kill(trainer(), 'SIGTERM')
      const closed = host.close()
      if (first === 'host') process.kill(trainer(), 'SIGTERM')
      await closed
      await host.kill()
      host = await startHost(folder.path, { stepMs: 2 })
      const run = await host.get(id)
      expect(run.status).toBe('interrupted')
      expect(run.checkpoints.at(-1)).toMatchObject({ kind: 'pause', step: run.step })
    }
    await host.resume(id)
    await host.until(id, ({ status }) => status === 'finished')
    expect(await host.steps(id)).toEqual(upTo(1000))
  })
})

describe('closing a host', () => {
  it('leaves its run interrupted at a checkpoint, from which it goes on', async () => {
    using folder = temporaryFolder()
    const host = await startHost(folder.path, { stepMs: 5 })
    const { id } = await host.create(1000)
    await host.until(id, ({ step }) => step >= 15)
    await host.close()
    await host.kill()
    const next = await startHost(folder.path, { stepMs: 1 })
    const run = await next.get(id)
    expect(run).toMatchObject({ status: 'interrupted', reason: expect.stringContaining('closed') })
    expect(run.checkpoints.at(-1)).toMatchObject({ kind: 'pause', step: run.step })
    await next.resume(id)
    await next.until(id, ({ status }) => status === 'finished')
    expect(await next.steps(id)).toEqual(upTo(1000))
  })
})
