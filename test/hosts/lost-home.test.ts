import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Change } from '../../src-main/contract/changes.js'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import { readHostRecord } from '../../src-main/hosts/discovery.js'
import { openDatabase } from '../../src-main/storage/database.js'
import { databaseFile } from '../../src-main/storage/home-files.js'
import { createStores } from '../../src-main/storage/stores.js'
import { connectWebSocket, type SocketClient } from '../../src-main/transport/websocket-client.js'
import { bundleForNode } from '../fixtures/build.js'
import { bundleProgram, start, type Running } from './programs/program.js'
import { temporaryFolder } from './temporary.js'
import { removeFolder } from '../fixtures/home.js'

/** Real hosts, whose homes are moved, removed or exchanged while a run is trained. */

const REQUEST = { preset: 'small', dataset: 'digits', overrides: { steps: 1_000_000 } }

let server: Awaited<ReturnType<typeof bundleProgram>>
let cli: Awaited<ReturnType<typeof bundleProgram>>
let trainer: Awaited<ReturnType<typeof bundleForNode>>
beforeAll(async () => {
  server = await bundleProgram('real-server')
  mkdirSync(join(dirname(server.file), 'page'))
  writeFileSync(join(dirname(server.file), 'page', 'index.html'), '<!doctype html><title>Test</title>')
  cli = await bundleProgram('real-cli')
  trainer = await bundleForNode(resolve(import.meta.dirname, '../fixtures/recording-trainer.ts'))
}, 120_000)
afterAll(() => {
  server.remove()
  cli.remove()
  trainer[Symbol.dispose]()
})

interface Opened {
  host: Running
  client: SocketClient['client']
  /** What a window received: alerts of a lost home, and states of runs. */
  alerts: string[]
}

async function open(home: string): Promise<Opened> {
  const host = start(server.file, [home, trainer.file])
  await host.line(/Press Ctrl\+C to stop/)
  const { address, token } = readHostRecord(home)!
  const { client, close } = connectWebSocket(address, token)
  const alerts: string[] = []
  client.changes.subscribe(
    { lastEventId: null, detailOf: [] },
    {
      onData({ data }) {
        const change = data as Change
        if (change.kind === 'alert' && change.alert.kind === 'homeLost') alerts.push(change.alert.message)
      },
    },
  )
  onTestFinished(() => void close())
  return { host, client, alerts }
}

async function trains(client: Opened['client'], atLeast: number, id?: string): Promise<{ id: string; step: number }> {
  const run = id ?? (await client.runs.create.mutate(REQUEST)).id
  for (;;) {
    const { step, status, reason } = await client.runs.get.query({ id: run })
    if (status === 'running' && step >= atLeast) return { id: run, step }
    if (status === 'failed') throw new Error(`the run failed: ${reason}`)
    await sleep(20)
  }
}

const ended = (client: Opened['client'], id: string) =>
  vi.waitFor(
    async () => {
      const run = await client.runs.get.query({ id })
      expect(run.status).toBe('interrupted')
      return run
    },
    { timeout: 30_000, interval: 50 },
  )

/**
 * What must hold whatever happened to the home: it is reported once, and nothing more is accepted, in the window, on the terminal and by
 * commands.
 */
async function refusesEverything({ host, client, alerts }: Opened, message: RegExp): Promise<void> {
  await vi.waitFor(() => expect(alerts).toEqual([expect.stringMatching(message)]), { timeout: 15_000 })
  expect((await client.alerts.list.query()).alerts[0]).toMatchObject({ kind: 'homeLost', level: 'error' })
  const { id } = (await client.runs.list.query()).runs[0]!
  for (const change of [
    client.runs.create.mutate(REQUEST),
    client.runs.rename.mutate({ id, name: 'Other' }),
    client.settings.update.mutate({ 'queue.concurrentRuns': 2 }),
    client.storage.clean.mutate({ dryRun: false }),
  ])
    await expect(change).rejects.toThrow(message)
  await vi.waitFor(() => expect(host.output().stderr).toMatch(message))
}

const stored = async (home: string, id: string) => {
  const db = await openDatabase(databaseFile(home))
  const stores = createStores(db)
  const steps = [...(stores.series.read(id, ['train/loss'])[0]?.points.steps ?? [])]
  const run = stores.runs.get(id)
  const problems = db.problems()
  db.close()
  return { steps, run, problems }
}

const upTo = (step: number): number[] => Array.from({ length: step }, (_, index) => index + 1)

describe('a home that is lost while a host uses it', () => {
  it('moved: runs write their checkpoint to where it is now, nothing is made at its old place, and it goes on from there without a gap', async () => {
    const [home, now] = [join(temporaryFolder(), 'home'), join(temporaryFolder(), 'elsewhere')]
    const opened = await open(home)
    const { id } = await trains(opened.client, 30)
    renameSync(home, now)
    await refusesEverything(
      opened,
      /was moved to \S+elsewhere while Retrace was using it\. Nothing is stored any more.*--home \S+elsewhere\./,
    )
    const run = await ended(opened.client, id)
    expect(run.reason).toMatch(/was moved to \S+elsewhere\. Resume this run from step \d+/)

    // A command on the home at its new location finds this host, and gets the error.
    const command = start(cli.file, ['runs', 'edit', id, '--tag', 'late', '--home', now])
    expect(await command.ended).toBe(1)
    expect(command.output().stderr).toMatch(/^retrace: The home folder \S+home was moved to .*quit Retrace/)

    opened.host.child.kill('SIGTERM')
    expect(await opened.host.ended).toBe(0)
    expect(existsSync(home)).toBe(false)
    const kept = await stored(now, id)
    expect(kept.problems).toEqual([])
    expect(kept.run).toMatchObject({ status: 'running', tags: [] })

    const next = await open(now)
    await vi.waitFor(async () => expect((await next.client.runs.get.query({ id })).step).toBe(run.step))
    await next.client.runs.resume.mutate({ id })
    const { step } = await trains(next.client, run.step + 10, id)
    const { series } = await next.client.runs.series.query({ id, keys: ['train/loss'] })
    expect([...unpackPoints(series[0]!.points).steps].slice(0, step)).toEqual(upTo(step))
  }, 90_000)

  it('moved away with another home in its place: that one is not touched', async () => {
    const [home, now] = [join(temporaryFolder(), 'home'), join(temporaryFolder(), 'elsewhere')]
    const opened = await open(home)
    const { id } = await trains(opened.client, 30)
    const other = join(temporaryFolder(), 'other')
    const second = await open(other)
    await second.client.settings.update.mutate({ 'queue.concurrentRuns': 3 })
    second.host.child.kill('SIGKILL')
    await second.host.ended
    const before = listing(other)
    renameSync(home, now)
    renameSync(other, home)
    await refusesEverything(opened, /was moved to/)
    await ended(opened.client, id)
    opened.host.child.kill('SIGTERM')
    expect(await opened.host.ended).toBe(0)
    expect(listing(home).filter(([path]) => path !== 'host.json')).toEqual(before.filter(([path]) => path !== 'host.json'))
  }, 90_000)

  it('removed: says that no checkpoint could be written, and is not made again as an empty folder', async () => {
    const home = join(temporaryFolder(), 'home')
    const opened = await open(home)
    const { id, step } = await trains(opened.client, 30)
    // Its trainer may write a checkpoint in the middle of it.
    removeFolder(home)
    await refusesEverything(opened, /(The home folder|The database) \S+ was removed while Retrace was using it/)
    const run = await ended(opened.client, id)
    expect(run.reason).toMatch(/was removed\. No checkpoint could be written.*the progress of the run after step \d+ is lost/)
    // The data in memory can still be viewed and exported from the window.
    const { series } = await opened.client.runs.series.query({ id, keys: ['train/loss'] })
    expect(unpackPoints(series[0]!.points).steps.length).toBeGreaterThanOrEqual(step)
    opened.host.child.kill('SIGTERM')
    expect(await opened.host.ended).toBe(0)
    expect(existsSync(home)).toBe(false)
  }, 60_000)

  it('that has lost its -wal: what that held is written into the database at once, so that even kill -9 loses nothing', async () => {
    const home = join(temporaryFolder(), 'home')
    const opened = await open(home)
    const { id } = await trains(opened.client, 30)
    await opened.client.runs.rename.mutate({ id, name: 'Confirmed' })
    const { step } = await opened.client.runs.get.query({ id })
    rmSync(`${databaseFile(home)}-wal`)
    await refusesEverything(opened, /-wal, which holds the newest part of the database, was removed.*so nothing is missing/)
    const run = await ended(opened.client, id)
    opened.host.child.kill('SIGKILL')
    await opened.host.ended
    const kept = await stored(home, id)
    expect(kept.problems).toEqual([])
    expect(kept.run?.name).toBe('Confirmed')
    expect(kept.steps.slice(0, step)).toEqual(upTo(step))
    const next = await open(home)
    await vi.waitFor(async () => expect((await next.client.runs.get.query({ id })).step).toBe(run.step))
    const { series } = await next.client.runs.series.query({ id, keys: ['train/loss'] })
    expect([...unpackPoints(series[0]!.points).steps]).toEqual(upTo(run.step))
  }, 60_000)

  it('whose database is another file now: that one keeps its content and its log', async () => {
    const home = join(temporaryFolder(), 'home')
    const other = join(temporaryFolder(), 'other')
    const first = await open(other)
    await first.client.settings.update.mutate({ 'queue.concurrentRuns': 3 })
    first.host.child.kill('SIGKILL')
    await first.host.ended

    const opened = await open(home)
    const { id } = await trains(opened.client, 30)
    // Created next to it and renamed, like a careful program does.
    const names = readdirSync(other).filter((name) => name.startsWith('retrace.sqlite'))
    for (const name of names) cpSync(join(other, name), join(home, `${name}.new`))
    for (const name of names) renameSync(join(home, `${name}.new`), join(home, name))
    const before = listing(home).filter(([path]) => /^retrace\.sqlite/.test(path))
    await refusesEverything(opened, /Another file was put in the place of the database/)
    const run = await ended(opened.client, id)
    // The folder of runs is still in its place.
    expect(run.checkpoints.at(-1)).toMatchObject({ kind: 'pause', step: run.step })
    opened.host.child.kill('SIGTERM')
    expect(await opened.host.ended).toBe(0)
    expect(listing(home).filter(([path]) => /^retrace\.sqlite/.test(path))).toEqual(before)
  }, 60_000)
})

/**
 * Paths and sizes of everything in a folder. An active trainer may rename a file between its listing and its inspection; such a file gets
 * size 0.
 */
function listing(folder: string): [string, number][] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .map((path): [string, number] => {
      const stats = statSync(join(folder, path), { throwIfNoEntry: false })
      return [path, stats?.isFile() ? stats.size : 0]
    })
    .sort()
}
