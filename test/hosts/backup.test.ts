import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import { openBackend } from '../fixtures/backend.js'
import { tryLockHome } from '../../src-main/hosts/home-lock.js'
import { restoreHome } from '../../src-main/hosts/restore.js'
import { openDriver } from '../../src-main/sqlite/driver.mjs'
import { APPLICATION_ID } from '../../src-main/storage/identity.js'
import { fakeCatalogue, fakeImporter } from '../fixtures/fake-ports.js'
import { temporaryFolder } from '../fixtures/home.js'

const open = (home: string, stepMs: number) => {
  mkdirSync(home, { recursive: true })
  return openBackend({
    home,
    hostKind: 'server',
    trainerEntry: resolve(import.meta.dirname, '../fixtures/fake-trainer.mjs'),
    catalogue: fakeCatalogue,
    importer: fakeImporter(),
    environment: () => ({ FAKE_TRAINER: JSON.stringify({ stepMs }) }),
  })
}

/** A home with a running run, and its backup. */
async function backedUp(folder: string) {
  const home = join(folder, 'home')
  const backend = await open(home, 10)
  const { id } = await backend.services.runs.create({ preset: 'small', dataset: 'digits', overrides: { steps: 1200 } })
  await expect.poll(async () => (await backend.services.runs.get({ id })).checkpoints.length, { timeout: 20_000 }).toBeGreaterThan(3)
  mkdirSync(join(home, 'datasets/digits'), { recursive: true })
  writeFileSync(join(home, 'datasets/digits/train.bin'), Buffer.alloc(200_000, 7))
  const { id: logged } = await backend.services.logging.begin({ name: 'logged' })
  const file = join(folder, 'backup.tar')
  const result = await backend.services.storage.backup({ file })
  return { home, backend, id, logged, file, result }
}

describe('a backup', () => {
  it('is made while a run trains, and what is restored goes on from there without a gap', async () => {
    using folder = temporaryFolder()
    const { home, backend, id, logged, file, result } = await backedUp(folder.path)
    expect(result.files).toBeGreaterThan(5)
    expect(readdirSync(home).filter((name) => name.startsWith('.backup'))).toEqual([])
    await expect(backend.services.storage.backup({ file })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('exists'),
    })
    await expect(backend.services.storage.backup({ file: 'relative.tar' })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    const going = await backend.services.runs.get({ id })
    expect(going.status).toBe('running')
    await backend.close()

    const other = join(folder.path, 'other')
    expect(await restoreHome(file, other)).toBeNull()
    expect(readFileSync(join(other, 'datasets/digits/train.bin')).every((byte) => byte === 7)).toBe(true)
    const copy = await open(other, 1)
    const run = await copy.services.runs.get({ id })
    expect(run).toMatchObject({ status: 'interrupted', reason: expect.stringContaining('Resume it from its last checkpoint.') })
    // A run logged by another program has no checkpoint.
    const { reason } = await copy.services.runs.get({ id: logged })
    expect(reason).toBe('This run was active when the backup was made.')
    expect(await copy.services.storage.lastRepair()).toBeNull()
    expect((await copy.services.storage.check({ deep: true })).problems).toEqual([])
    await copy.services.runs.resume({ id })
    await expect
      .poll(async () => await copy.services.runs.get({ id }), { timeout: 20_000 })
      .toMatchObject({ status: 'finished', reason: null })
    const { series } = await copy.services.runs.series({ id, keys: ['train/loss'] })
    expect([...unpackPoints(series[0]!.points).steps]).toEqual(Array.from({ length: 1200 }, (_, at) => at + 1))
    await copy.close()
  })

  it('is restored only over a home that nobody uses, which is kept', async () => {
    using folder = temporaryFolder()
    const { home, backend, id, file } = await backedUp(folder.path)
    await backend.services.runs.rename({ id, name: 'after the backup' })
    await backend.close()
    const lock = await tryLockHome(home)
    await expect(restoreHome(file, home)).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('in use') })
    lock!.release()
    const kept = await restoreHome(file, home)
    expect(kept).toMatch(/home\.before-restore-/)
    const [restored, before] = [await open(home, 1), await open(kept!, 1)]
    expect((await restored.services.runs.get({ id })).name).toBe('small 1')
    expect((await before.services.runs.get({ id })).name).toBe('after the backup')
    await Promise.all([restored.close(), before.close()])
    expect(readdirSync(folder.path).filter((name) => name.includes('restoring'))).toEqual([])
  })

  it('can be cancelled and leaves nothing behind', async () => {
    using folder = temporaryFolder()
    const { home, backend } = await backedUp(folder.path)
    const file = join(folder.path, 'second.tar')
    const made = backend.services.storage.backup({ file, taskId: 'mine' })
    await backend.services.storage.cancelBackup({ taskId: 'mine' })
    await expect(made).rejects.toMatchObject({ message: expect.stringContaining('cancelled') })
    expect([file, `${file}.part`].map((path) => existsSync(path))).toEqual([false, false])
    expect(readdirSync(home).filter((name) => name.startsWith('.backup'))).toEqual([])
    await backend.close()
  })
})

describe('a file that is no whole backup', () => {
  async function tarOf(path: string, entries: [name: string, content: string | Buffer, type?: 'symlink'][]): Promise<void> {
    const tar = pack()
    for (const [name, content, type] of entries)
      if (type) tar.entry({ name, type, linkname: String(content) })
      else tar.entry({ name }, content)
    tar.finalize()
    const parts: Buffer[] = []
    for await (const part of tar) parts.push(part as Buffer)
    writeFileSync(path, Buffer.concat(parts))
  }
  const HEAD: [string, string] = ['retrace-backup.json', JSON.stringify({ format: 'retrace-backup-1', createdAt: 0, files: 1, bytes: 4 })]
  const TAIL: [string, string] = ['checksums.json', JSON.stringify({ sha256: {} })]

  it.each([
    ['another archive', [['file', 'text']], /is not a Retrace backup/],
    ['a newer format', [['retrace-backup.json', '{"format":"retrace-backup-9"}']], /newer Retrace/],
    ['a way out', [HEAD, ['../evil', 'text']], /does not belong in a home/],
    ['an absolute path', [HEAD, ['/etc/evil', 'text']], /does not belong in a home/],
    ['a way out below a data set', [HEAD, ['datasets/a/../../evil', 'text']], /does not belong in a home/],
    ['a link', [HEAD, ['runs/abcd/checkpoints/x', '/etc/passwd', 'symlink']], /not a regular file/],
    ['more than it announces', [HEAD, ['retrace.sqlite', 'more than four']], /more than its header states/],
    ['a missing file', [HEAD, TAIL], /1 files are missing/],
    ['a wrong hash', [HEAD, ['retrace.sqlite', 'text'], TAIL], /is damaged/],
    ['no end', [HEAD, ['retrace.sqlite', 'text']], /truncated/],
  ] as [string, [string, string, 'symlink'?][], RegExp][])(
    'with %s is refused, and the home is left as it was',
    async (_, entries, message) => {
      using folder = temporaryFolder()
      const [home, file] = [join(folder.path, 'home'), join(folder.path, 'x.tar')]
      mkdirSync(home)
      writeFileSync(join(home, 'mine'), 'mine')
      await tarOf(file, entries)
      await expect(restoreHome(file, home)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(message) })
      expect(readFileSync(join(home, 'mine'), 'utf8')).toBe('mine')
      expect(readdirSync(folder.path).sort()).toEqual(['home', 'x.tar'])
    },
  )

  const digest = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex')

  it.each<[string, (db: Awaited<ReturnType<typeof openDriver>>) => unknown, RegExp]>([
    ['an empty database', () => undefined, /its database is empty/],
    ['the database of another program', (db) => db.exec('CREATE TABLE contacts (name TEXT)'), /its database is not a Retrace database/],
    [
      'a newer database',
      (db) => db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 999`),
      /newer Retrace \(format 999/,
    ],
  ])('that holds %s is refused by its own name', async (_, make, message) => {
    using folder = temporaryFolder()
    const [home, file, made] = [join(folder.path, 'home'), join(folder.path, 'x.tar'), join(folder.path, 'made.sqlite')]
    const db = await openDriver(made)
    make(db)
    db.close()
    const content = existsSync(made) ? readFileSync(made) : Buffer.alloc(0)
    const head = JSON.stringify({ format: 'retrace-backup-1', createdAt: 0, files: 1, bytes: content.length })
    const tail = JSON.stringify({ sha256: { 'retrace.sqlite': digest(content) } })
    await tarOf(file, [['retrace-backup.json', head], ['retrace.sqlite', content], ['checksums.json', tail]]) // prettier-ignore
    await expect(restoreHome(file, home)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(message) })
    await expect(restoreHome(file, home)).rejects.toThrow(`Cannot restore ${file}: `)
    await expect(restoreHome(file, home)).rejects.not.toThrow(/unpacking/)
    expect(existsSync(home)).toBe(false)
  })

  it('because no database is in it is refused, and restores no empty home', async () => {
    using folder = temporaryFolder()
    const [home, file] = [join(folder.path, 'home'), join(folder.path, 'x.tar')]
    const head = JSON.stringify({ format: 'retrace-backup-1', createdAt: 0, files: 1, bytes: 4 })
    const tail = JSON.stringify({ sha256: { 'datasets/a/b': digest('text') } })
    await tarOf(file, [['retrace-backup.json', head], ['datasets/a/b', 'text'], ['checksums.json', tail]]) // prettier-ignore
    await expect(restoreHome(file, home)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('contains no database'),
    })
    expect(existsSync(home)).toBe(false)
  })

  it('because it was cut short or changed is refused', async () => {
    using folder = temporaryFolder()
    const { backend, file } = await backedUp(folder.path)
    await backend.close()
    const whole = readFileSync(file)
    const target = join(folder.path, 'target')
    const changed = Buffer.from(whole)
    changed[whole.indexOf('datasets/digits') + 512 + 100]! ^= 1
    for (const content of [changed, whole.subarray(0, whole.length / 2), Buffer.alloc(3000, 1), Buffer.alloc(0)]) {
      writeFileSync(file, content)
      await expect(restoreHome(file, target)).rejects.toMatchObject({
        code: 'BAD_INPUT',
        message: expect.stringContaining('Cannot restore'),
      })
    }
    truncateSync(file, 0)
    expect(existsSync(target)).toBe(false)
    await expect(restoreHome(join(folder.path, 'nowhere.tar'), target)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
