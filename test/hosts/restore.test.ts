import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Change } from '../../src-main/contract/changes.js'
import { callsOf } from '../fixtures/calls.js'
import { openBackend } from '../fixtures/backend.js'
import { openHost, type Host, type OpenBackend } from '../../src-main/hosts/host.js'
import { placeRestored } from '../../src-main/storage/place-restored.js'
import { prepareRestore } from '../../src-main/storage/prepare-restore.js'
import { connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { fakeCatalogue, fakeImporter } from '../fixtures/fake-ports.js'
import { temporaryFolder } from '../fixtures/home.js'

const REQUEST = { preset: 'small', dataset: 'digits', overrides: { steps: 100_000 } }

const backendOf: OpenBackend = ({ home, ...options }) =>
  openBackend({
    home,
    trainerEntry: resolve(import.meta.dirname, '../fixtures/fake-trainer.mjs'),
    catalogue: fakeCatalogue,
    importer: fakeImporter(),
    environment: () => ({ FAKE_TRAINER: JSON.stringify({ stepMs: 10 }) }),
    ...options,
  })

async function hostOf(home: string, open: OpenBackend = backendOf, kind: 'server' | 'cli' = 'server') {
  const defects: Error[] = []
  const onDefect = (error: Error): void => void defects.push(error)
  const found = await openHost({
    home: { folder: home, chosen: true },
    kind,
    lasting: true,
    openBackend: open,
    page: null,
    port: 0,
    onDefect,
  })
  if (!('opened' in found)) throw new Error('another host was found')
  return { host: found.opened, defects }
}

/** A home with a run called `kept`, which is then backed up; after that, a run called `later` is running. */
async function backedUp(folder: string, options: Parameters<typeof hostOf>[2] = 'server', open?: OpenBackend) {
  const home = join(folder, 'home')
  const { host, defects } = await hostOf(home, open, options)
  const kept = await callsOf(host.api).runs.create({ ...REQUEST, name: 'kept' })
  await callsOf(host.api).runs.stop({ id: kept.id })
  const file = join(folder, 'backup.tar')
  await callsOf(host.api).storage.backup({ file })
  const later = await callsOf(host.api).runs.create({ ...REQUEST, name: 'later' })
  await expect.poll(async () => (await callsOf(host.api).runs.get({ id: later.id })).step, { timeout: 20_000 }).toBeGreaterThan(5)
  return { home, host, defects, file, kept, later }
}

/** The rows are sent as one text; only the names matter here. */
const namesOf = (rows: unknown): string[] =>
  [...JSON.stringify(rows).matchAll(/\\?"name\\?":\\?"([^"\\]+)\\?"/g)].map(([, name]) => name!).sort()
const namesIn = async ({ api }: Pick<Host, 'api'>): Promise<string[]> => namesOf(await callsOf(api).runs.list())

const restoredAlert = async (host: Pick<Host, 'api'>) =>
  (await callsOf(host.api).alerts.list()).alerts.find(({ kind }) => kind === 'restored')

describe('a backup that is restored from a window', () => {
  it('takes the place of the home while its clients stay; runs at work have written a checkpoint, and are kept with the old content', async () => {
    using folder = temporaryFolder()
    const { home, host, defects, file, later } = await backedUp(folder.path)
    expect(await callsOf(host.api).storage.inspectBackup({ file })).toMatchObject({
      files: expect.any(Number),
      createdAt: expect.any(Number),
    })
    const { address, token } = host.server
    const { client, close } = connectWebSocket(address, token)
    const seen: Change['kind'][] = []
    const { seq } = await callsOf(host.api).alerts.list()
    const watch = client.changes.subscribe({ lastEventId: seq, detailOf: [later.id] }, { onData: ({ data }) => void seen.push(data.kind) })
    const answer = await client.storage.restore.mutate({ file, taskId: 'mine' })
    expect(answer).toEqual({ when: 'now', kept: expect.stringContaining('home.before-restore-') })

    // Calls made meanwhile wait, and are answered by the restored home.
    expect(namesOf(await client.runs.list.query())).toEqual(['kept'])
    expect(await restoredAlert(host)).toMatchObject({
      level: 'info',
      message: expect.stringMatching(/backup\.tar of .* was restored\. .*before-restore/),
    })
    expect(seen).toContain('task')
    watch.unsubscribe()
    // A window requests the changes after the last one that it knows, and is told to refetch everything.
    const again: Change['kind'][] = []
    const second = client.changes.subscribe({ lastEventId: seq + 20, detailOf: [] }, { onData: ({ data }) => void again.push(data.kind) })
    await expect.poll(() => again[0]).toBe('reset')
    second.unsubscribe()
    const fresh = await callsOf(host.api).runs.create({ ...REQUEST, name: 'afterwards' })
    await expect.poll(async () => (await callsOf(host.api).runs.get({ id: fresh.id })).step, { timeout: 20_000 }).toBeGreaterThan(1)
    await close()
    await host.close()
    expect(defects).toEqual([])
    expect(readdirSync(home).filter((name) => name.startsWith('.restore'))).toEqual([])

    const { host: before } = await hostOf(answer.kept)
    expect(await namesIn(before)).toEqual(['kept', 'later'])
    const run = await callsOf(before.api).runs.get({ id: later.id })
    expect(run.status).toBe('interrupted')
    expect(run.checkpoints.at(-1)?.step).toBe(run.step)
    await before.close()
  }, 60_000)

  it('waits for the next start where a command holds the home, and is refused whole when it is damaged', async () => {
    using folder = temporaryFolder()
    const { home, host, file } = await backedUp(folder.path, 'cli')
    const damaged = join(folder.path, 'damaged.tar')
    const content = readFileSync(file)
    content[content.length / 2]! ^= 1
    writeFileSync(damaged, content)
    await expect(callsOf(host.api).storage.restore({ file: damaged })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(callsOf(host.api).storage.restore({ file: 'relative.tar' })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(callsOf(host.api).storage.inspectBackup({ file: join(home, 'host.json') })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    expect(readdirSync(home).filter((name) => name.startsWith('.restore'))).toEqual([])
    expect(await callsOf(host.api).storage.restore({ file })).toMatchObject({ when: 'next start' })
    expect(await namesIn(host)).toEqual(['kept', 'later'])
    await host.close()
    const { host: next } = await hostOf(home)
    expect(await namesIn(next)).toEqual(['kept'])
    expect(await restoredAlert(next)).toBeDefined()
    await next.close()
  }, 60_000)

  it('is taken out again when it cannot be opened', async () => {
    using folder = temporaryFolder()
    let refuse = false
    const { host, defects, file } = await backedUp(folder.path, 'server', async (options) => {
      if (refuse && options.news.some(({ level }) => level === 'info')) throw new Error('no such format')
      return backendOf(options)
    })
    refuse = true
    await callsOf(host.api).storage.restore({ file })
    await expect
      .poll(() => restoredAlert(host))
      .toMatchObject({ level: 'error', message: expect.stringMatching(/no such format.*home is unchanged/) })
    expect(await namesIn(host)).toEqual(['kept', 'later'])
    expect(defects).toMatchObject([{ message: 'no such format' }])
    await host.close()
  }, 60_000)

  it('is placed whole after a crash at any of its steps', async () => {
    using folder = temporaryFolder()
    const { host, file } = await backedUp(folder.path)
    await host.close()
    for (let crash = 0; ; crash++) {
      const home = join(folder.path, `home${crash}`)
      mkdirSync(join(home, 'runs/mine'), { recursive: true })
      mkdirSync(join(home, 'datasets'))
      writeFileSync(join(home, 'retrace.sqlite'), 'old')
      writeFileSync(join(home, 'window.json'), 'stays')
      await prepareRestore(file, home)
      let renamed = 0
      const rename: typeof renameSync = (from, to) => {
        if (renamed++ === crash) throw new Error('crash')
        renameSync(from, to)
      }
      let finished = true
      try {
        placeRestored(home, rename)
      } catch {
        finished = false
      }
      if (!finished) {
        const { host: next } = await hostOf(home)
        expect(await namesIn(next), `crash at ${crash}`).toEqual(['kept'])
        await next.close()
      }
      const [kept] = readdirSync(folder.path).filter((name) => name.startsWith(`home${crash}.before-restore`))
      expect(readFileSync(join(folder.path, kept!, 'retrace.sqlite'), 'utf8')).toBe('old')
      expect(existsSync(join(folder.path, kept!, 'runs/mine'))).toBe(true)
      expect(readFileSync(join(home, 'window.json'), 'utf8')).toBe('stays')
      expect(readdirSync(home).filter((name) => name.startsWith('.restore'))).toEqual([])
      if (finished) {
        expect(crash).toBeGreaterThan(4)
        break
      }
    }
  }, 120_000)
})
