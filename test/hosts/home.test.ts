import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/contract/errors.js'
import { findHost, readHostRecord, removeHostRecord, writeHostRecord, type HostRecord } from '../../src-main/hosts/discovery.js'
import { tryLockHome } from '../../src-main/hosts/home-lock.js'
import { chooseHome, prepareHome, userPath } from '../../src-main/hosts/home.js'
import { bundleProgram, start } from './programs/program.js'
import { temporaryFolder } from './temporary.js'

const thrown = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('the home folder', () => {
  it('is the option, else RETRACE_HOME, else the data folder of the platform', () => {
    expect(chooseHome('/a', { RETRACE_HOME: '/b' })).toEqual({ folder: '/a', chosen: true })
    expect(chooseHome(undefined, { RETRACE_HOME: '/b' })).toEqual({ folder: '/b', chosen: true })
    const other = chooseHome(undefined, {})
    expect(other.chosen).toBe(false)
    expect(other.folder).toMatch(/retrace/i)
  })

  it('counts from the folder in which the command was typed, also under npm', () => {
    expect(userPath('x', {})).toBe(join(process.cwd(), 'x'))
    expect(userPath('x', { npm_lifecycle_event: 'retrace', INIT_CWD: '/typed' })).toBe('/typed/x')
    expect(userPath('/x', { npm_lifecycle_event: 'retrace', INIT_CWD: '/typed' })).toBe('/x')
  })

  it('is created for its user alone', () => {
    const folder = join(temporaryFolder(), 'home')
    expect(prepareHome({ folder, chosen: true })).toBe(folder)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(prepareHome({ folder, chosen: true })).toBe(folder)
  })

  it('refuses a path whose parent is missing, and creates nothing', () => {
    const parent = join(temporaryFolder(), 'mistyped')
    const error = thrown(() => prepareHome({ folder: join(parent, 'home'), chosen: true }))
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toMatch(/Cannot create the home folder .*mistyped does not exist\. Create it first/)
    expect(existsSync(parent)).toBe(false)
  })

  it('refuses a file in its place', () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, 'mine')
    expect(thrown(() => prepareHome({ folder: file, chosen: true }))).toMatchObject({
      code: 'DISK',
      message: expect.stringMatching(/file/),
    })
    expect(thrown(() => prepareHome({ folder: join(file, 'home'), chosen: true }))).toMatchObject({ code: 'DISK' })
  })

  it.skipIf(process.platform !== 'linux')('refuses a place where nobody may write', () => {
    const error = thrown(() => prepareHome({ folder: '/sys/retrace', chosen: true }))
    expect(error).toMatchObject({ code: 'DISK', message: expect.stringMatching(/Cannot write .*--home/) })
    expect(thrown(() => prepareHome({ folder: '/proc/retrace', chosen: true }))).toMatchObject({
      code: 'DISK',
      message: expect.stringMatching(/Cannot create the home folder .*--home/),
    })
  })

  it.skipIf(process.getuid?.() === 0)('refuses a folder that cannot be written to', () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o500)
    expect(thrown(() => prepareHome({ folder, chosen: true }))).toMatchObject({ code: 'DISK', message: expect.stringMatching(/--home/) })
    chmodSync(folder, 0o700)
  })
})

describe("the home's lock", () => {
  let program: Awaited<ReturnType<typeof bundleProgram>>
  beforeAll(async () => {
    program = await bundleProgram('hold-lock')
  })
  afterAll(() => program.remove())

  it('is held by one at a time within a process', async () => {
    const home = temporaryFolder()
    const first = await tryLockHome(home)
    expect(first).not.toBeNull()
    expect(await tryLockHome(home)).toBeNull()
    first!.release()
    first!.release()
    const second = await tryLockHome(home)
    expect(second).not.toBeNull()
    second!.release()
  })

  it('is held against other processes, and free at once when its holder is killed with -9', async () => {
    const home = temporaryFolder()
    const holder = start(program.file, [home])
    expect(await holder.line(/./)).toBe('locked')
    expect(await tryLockHome(home)).toBeNull()
    holder.child.kill('SIGKILL')
    expect(await holder.ended).toBe('SIGKILL')
    const lock = await tryLockHome(home)
    expect(lock).not.toBeNull()
    lock!.release()
  })

  it('goes to exactly one of several that start at once', async () => {
    const home = temporaryFolder()
    const lines = await Promise.all([1, 2, 3].map(() => start(program.file, [home]).line(/./)))
    expect(lines.sort()).toEqual(['busy', 'busy', 'locked'])
  })
})

describe('the record of the host', () => {
  const record: HostRecord = {
    pid: process.pid,
    kind: 'server',
    address: 'http://127.0.0.1:1',
    token: 't'.repeat(43),
    lasting: true,
    startedAt: 1,
    version: '0.1.0',
  }

  it('is written whole, for the user alone, and leaves nothing else behind', () => {
    const home = temporaryFolder()
    writeHostRecord(home, { ...record, pid: 4 })
    writeHostRecord(home, record)
    expect(readHostRecord(home)).toEqual(record)
    expect(readdirSync(home)).toEqual(['host.json'])
    expect(statSync(join(home, 'host.json')).mode & 0o777).toBe(0o600)
  })

  it("is removed by its own host only, so that a late end does not remove the next host's", () => {
    const home = temporaryFolder()
    writeHostRecord(home, record)
    removeHostRecord(home, { pid: record.pid, token: 'u'.repeat(43) })
    expect(readHostRecord(home)).toEqual(record)
    removeHostRecord(home, record)
    expect(readHostRecord(home)).toBeNull()
    removeHostRecord(home, record)
  })

  it('is ignored when nobody answers there, when it is damaged, or when it names another machine', async () => {
    const home = temporaryFolder()
    expect(await findHost(home)).toBeNull()
    writeHostRecord(home, record)
    expect(await findHost(home)).toBeNull()
    writeFileSync(join(home, 'host.json'), '{"pid": 1, ')
    expect(await findHost(home)).toBeNull()
    writeFileSync(join(home, 'host.json'), JSON.stringify({ ...record, address: 'http://example.org:80' }))
    expect(readHostRecord(home)).toBeNull()
  })

  it('says what is wrong when it cannot be written', () => {
    const home = temporaryFolder()
    mkdirSync(join(home, 'host.json'))
    expect(thrown(() => writeHostRecord(home, record))).toBeInstanceOf(Error)
    expect(readdirSync(home)).toEqual(['host.json'])
  })
})
