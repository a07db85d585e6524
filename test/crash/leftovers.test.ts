import { fork } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idx } from '../data/helpers.js'
import { bundleForNode } from '../fixtures/build.js'
import { temporaryFolder } from '../fixtures/home.js'
import { killProcess } from '../fixtures/processes.js'
import { unfinishedAt } from '../../src-main/durable/unfinished.js'
import { Died, Life } from './life.js'

const FIXTURES = resolve(import.meta.dirname, '../fixtures')
const LEFTOVERS = { best: true, last: true, pinned: true, leftovers: true }
const MIB = 2 ** 20

const made: Awaited<ReturnType<typeof bundleForNode>>[] = []
let [host, importer, uploader] = ['', '', '']
beforeAll(async () => {
  const entries = [
    join(FIXTURES, 'crash-host.ts'),
    resolve(import.meta.dirname, '../../src-main/data/import-process.ts'),
    join(FIXTURES, 'upload-host.ts'),
  ]
  for (const entry of entries) made.push(await bundleForNode(entry))
  ;[host, importer, uploader] = made.map(({ file }) => file) as [string, string, string]
}, 120_000)
afterAll(() => made.forEach((each) => each[Symbol.dispose]()))

const tree = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    // Files that an open host writes itself.
    .filter((path) => !/retrace\.sqlite|\/trace$/.test(path))
    .sort()

/** Waits for the file that a process has started in the folder. */
async function begun(folder: string, pattern: RegExp): Promise<string> {
  for (;;) {
    const name = existsSync(folder) && readdirSync(folder).find((each) => pattern.test(each))
    if (name) return name
    await sleep(1)
  }
}

/** A data set whose import takes a second, most of it holes in a sparse file. */
function digits(folder: string): string {
  const count = 200_000
  const source = join(folder, 'source')
  mkdirSync(source)
  for (const part of ['train', 't10k']) {
    const n = part === 'train' ? count : 10
    writeFileSync(join(source, `${part}-images-idx3-ubyte`), idx([n, 28, 28], new Uint8Array(0)))
    truncateSync(join(source, `${part}-images-idx3-ubyte`), 16 + n * 784)
    writeFileSync(join(source, `${part}-labels-idx1-ubyte`), idx([n], new Uint8Array(n)))
  }
  return source
}

/** A home with a finished run, whose last checkpoint and data set are large. */
async function home(folder: string) {
  const path = join(folder, 'home')
  mkdirSync(path)
  const first = await Life.begin(host, path, { behaviour: { stepMs: 1 } })
  const { id } = await first.call('runs', 'create', { preset: 'small', dataset: 'digits', overrides: { steps: 30 } })
  const { checkpoints } = await first.until(id, ({ status }) => status === 'finished')
  await first.kill()
  const life = await Life.begin(host, path, { importer })
  mkdirSync(join(path, 'datasets/digits'), { recursive: true })
  writeFileSync(join(path, 'datasets/digits/train.bin'), '')
  const enlarge = (bytes: number): void => {
    truncateSync(join(path, 'datasets/digits/train.bin'), bytes)
    truncateSync(join(path, 'runs', id, 'checkpoints', checkpoints.at(-1)!.file), bytes)
  }
  return { path, life, id, enlarge }
}

describe('what killed work leaves', () => {
  it('is counted, named with its age, and removed on demand, and nothing else is', async () => {
    using folder = temporaryFolder()
    const { path, life, id, enlarge } = await home(folder.path)
    const backup = join(folder.path, 'whole.tar')
    enlarge(200 * MIB)
    await life.call('storage', 'backup', { file: backup })
    enlarge(2048 * MIB)
    const kept = tree(path)
    let next = life
    /** Starts something, and kills its process (and the host's children) in the middle. */
    async function killInside(work: () => Promise<unknown>, where: string, pattern: RegExp): Promise<void> {
      const lost = expect(work()).rejects.toThrow(Died)
      const name = await begun(where, pattern)
      const maker = unfinishedAt(name, 'folder')?.maker?.pid ?? null
      const gone = next.kill()
      if (maker !== null && maker !== next.pid) killProcess(maker)
      await Promise.all([gone, lost])
      expect(readdirSync(where)).toContain(name)
      next = await Life.begin(host, path, { importer })
    }
    const outside = join(folder.path, 'outside')
    mkdirSync(outside)
    const source = digits(folder.path)
    await killInside(
      () => next.call('runs', 'exportFile', { id, format: 'archive', path: join(path, 'exports/run.tar.gz') }),
      join(path, 'exports'),
      /unfinished/,
    )
    await killInside(() => next.call('runs', 'exportFile', { id, format: 'archive', path: join(outside, 'run.tar.gz') }), outside, /^run/)
    await killInside(() => next.call('storage', 'backup', { file: join(outside, 'b.tar') }), outside, /^b/)
    await killInside(() => next.call('storage', 'restore', { file: backup }), path, /^\.restore-unpacking/)
    await killInside(() => next.call('datasets', 'import', { path: source, name: 'big' }), join(path, 'datasets'), /^\.importing/)

    const server = fork(uploader, [join(path, 'uploads')], { execArgv: [] })
    const port = await new Promise<number>((resolvePort) => server.once('message', (message) => resolvePort(message as number)))
    const address = `/uploads/01234567-89ab-cdef-0123-456789abcdef/a.png`
    const put = request({ port, path: address, method: 'PUT', headers: { 'content-length': 100 } })
    put.on('error', () => undefined)
    put.write('a part of it')
    const folderOfUpload = join(path, 'uploads', String(server.pid), '01234567-89ab-cdef-0123-456789abcdef')
    const part = join(folderOfUpload, await begun(folderOfUpload, /a\.png/))
    await expect.poll(() => statSync(part).size).toBe(12)
    const ended = new Promise((resolveEnd) => server.once('exit', resolveEnd))
    server.kill('SIGKILL')
    await ended

    const { unfinished, leftovers, total } = await next.call('storage', 'usage')
    expect(unfinished.map(({ what, maker }) => [what, maker]).sort()).toEqual([
      ['file', null],
      ['file', null],
      ['file', null],
      ['importing', null],
      ['restore-unpacking', null],
      ['upload', null],
    ])
    expect(leftovers).toBe(0)
    expect(unfinished.find(({ what }) => what === 'upload')!.bytes).toBe(12)
    expect(total).toBeGreaterThan(2 * 2048 * MIB)
    const { remarks } = await next.call('storage', 'check', { deep: false })
    for (const each of unfinished)
      expect(remarks).toContainEqual(
        expect.stringMatching(
          new RegExp(`^${each.path.replace(/[.+]/g, '\\$&')} .* left by .* interrupted 0 min ago; \`home clean --leftovers\` removes it`),
        ),
      )
    expect(remarks).toHaveLength(6)

    const without = await next.call('storage', 'clean', { dryRun: false })
    expect(without.items.filter(({ runId }) => runId === null)).toEqual([])
    const plan = await next.call('storage', 'clean', { dryRun: true, keep: LEFTOVERS })
    expect(plan.items.map((item) => item.path).sort()).toEqual(unfinished.map((each) => each.path).sort())
    await next.call('storage', 'clean', { dryRun: false, keep: LEFTOVERS })
    expect((await next.call('storage', 'usage')).unfinished).toEqual([])
    const dispensed = without.items.map((item) => join(path, item.path))
    expect(tree(path)).toEqual(kept.filter((file) => !dispensed.includes(file)))
    expect(readdirSync(outside)).toEqual([])
    expect(existsSync(backup)).toBe(true)
    await next.kill()
  })

  it('is told from work that goes on, which a clean-up leaves alone', async () => {
    using folder = temporaryFolder()
    const { path, life, enlarge } = await home(folder.path)
    const clean = async () => {
      const { items } = await life.call('storage', 'clean', { dryRun: false, keep: LEFTOVERS })
      return items.filter(({ runId }) => runId === null)
    }
    const importing = life.call('datasets', 'import', { path: digits(folder.path), name: 'big' })
    const name = await begun(join(path, 'datasets'), /^\.importing/)
    const maker = unfinishedAt(name, 'folder')!.maker!.pid
    // Suspended, so that it is certainly still working.
    process.kill(maker, 'SIGSTOP')
    const at = `datasets/${name}`
    expect((await life.call('storage', 'usage')).unfinished).toMatchObject([{ path: at, what: 'importing', maker }])
    expect((await life.call('storage', 'check', { deep: false })).remarks).toEqual([
      expect.stringMatching(new RegExp(`^${at} \\(.* MiB\\): an import in progress \\(process ${maker}\\)\\.$`)),
    ])
    expect(await clean()).toEqual([])
    process.kill(maker, 'SIGCONT')
    // Even if it has just been put in place and has no row yet.
    let done = false
    const cleaning = (async () => {
      while (!done) expect(await clean()).toEqual([])
    })()
    expect(await importing.finally(() => (done = true))).toMatchObject({ name: 'big' })
    await cleaning
    expect(await life.call('datasets', 'verify', { name: 'big' })).toEqual({ ok: true, problems: [] })

    enlarge(200 * MIB)
    const file = join(folder.path, 'backup.tar')
    const backingUp = life.call('storage', 'backup', { file })
    await begun(folder.path, /^backup\.tar/)
    expect((await life.call('storage', 'usage')).unfinished.map(({ maker: by }) => by)).toEqual([life.pid, life.pid])
    expect(await clean()).toEqual([])
    expect(await backingUp).toMatchObject({ file })
    await life.call('storage', 'inspectBackup', { file })
    await life.kill()
  })
})
