import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { enginePaths, placedEngine, type EnginePaths } from '../../src-main/engine/location.js'
import { selectEngine, type EngineSelection } from '../../src-main/engine/select.js'
import { alteredNativeFiles, libraryFiles } from '../../src-main/engine/native-files.js'
import { sha256 } from '../../src-main/engine/altered-files.js'
import { libraryFolder, libraryIsSound } from '../../src-main/setup/library.js'
import { silentProgress } from '../../src-main/setup/progress.js'
import { shipBinding } from '../../src-main/setup/shipped-binding.js'
import { setUp, type SetupOutcome } from '../../src-main/setup/setup.js'
import { tryLock } from '../../src-main/sqlite/lock.mjs'
import { buildDriver, ended, removeDriver, smallWorld, type SmallWorld } from './small-world.js'

beforeAll(buildDriver)
afterAll(removeDriver)
afterEach(() => vi.unstubAllEnvs())

/** Set-up in this process, with the world's tools first on PATH. */
function run(world: SmallWorld, changes: { path?: string; force?: boolean } = {}): Promise<SetupOutcome> {
  vi.stubEnv('WORLD', world.root)
  vi.stubEnv('PATH', changes.path ?? `${world.tools}:${process.env.PATH}`)
  return setUp(silentProgress, { ...world.options, force: changes.force ?? false })
}

/** As in a package of Retrace, which does not include node-gyp. */
function setUpWithoutCompiler(world: SmallWorld): Promise<SetupOutcome> {
  vi.stubEnv('WORLD', world.root)
  vi.stubEnv('PATH', `${world.tools}:${process.env.PATH}`)
  return setUp(silentProgress, { ...world.options, gyp: null, force: true })
}

const selection = (world: SmallWorld, engine?: string): EngineSelection =>
  selectEngine({ env: { RETRACE_ENGINE: engine }, cache: world.options.cache, packageRoot: world.options.packages.binding })

const library = (world: SmallWorld): string => libraryFolder(world.options.cache, world.options.recipe)

/** Read again, ignoring what is remembered. */
async function damagedFiles(folder: string): Promise<string[]> {
  const files = await libraryFiles(folder)
  if (!files) throw new Error(`${folder} is no library`)
  const found = await Promise.all(files.map(async (file) => ({ ...file, found: await sha256(file.path) })))
  return found.filter((file) => file.found !== file.sha256).map(({ path }) => path)
}

const pathsOf = (world: SmallWorld): EnginePaths => enginePaths(world.options.cache, 'cpu', world.options.packages.binding)

const altered = (world: SmallWorld): Promise<string[]> => alteredNativeFiles(world.options.cache, pathsOf(world))

/** Other content of the same size and modification time, as after a bit flip or deliberate tampering. */
function tamper(path: string): void {
  const { atime, mtime } = statSync(path)
  const bytes = readFileSync(path)
  bytes[0]! ^= 1
  chmodSync(path, 0o644)
  writeFileSync(path, bytes)
  utimesSync(path, atime, mtime)
}

describe('set-up', () => {
  it('brings library and binding once, and does nothing afterwards', async () => {
    using world = smallWorld()
    expect(await run(world)).toEqual({ worked: true, failures: {} })
    expect(selection(world)).toMatchObject({ engine: 'native', remedy: null })
    expect(await damagedFiles(library(world))).toEqual([])
    expect(existsSync(join(library(world), 'include/tensorflow/c/c_api.h'))).toBe(true)
    expect(existsSync(join(library(world), 'lib/large_and_unwanted.so'))).toBe(false)
    expect(world.temporary()).toEqual([])
    expect(await run(world)).toEqual({ worked: false, failures: {} })
    expect(world.log()).toEqual(['download', 'build'])
  })

  it('places the engine again, without a download, where it was removed', async () => {
    using world = smallWorld()
    await run(world)
    rmSync(pathsOf(world).folder, { recursive: true })
    expect((await run(world)).worked).toBe(true)
    expect(selection(world).engine).toBe('native')
    expect(world.log()).toEqual(['download', 'build', 'build'])
  })

  it('writes nothing into the folder of the program, which may belong to somebody else', async () => {
    using world = smallWorld()
    const before = readdirSync(world.options.packages.binding, { recursive: true })
    await run(world)
    expect(readdirSync(world.options.packages.binding, { recursive: true })).toEqual(before)
  })

  it('takes a binding that the program brings along in place of a compiler, but only where it fits', async () => {
    using world = smallWorld()
    const { shipped, packages } = world.options
    await shipBinding(join(world.root, 'binding.node'), shipped, 'cpu', packages.binding)
    expect(await setUpWithoutCompiler(world)).toEqual({ worked: true, failures: {} })
    expect(selection(world).engine).toBe('native')
    expect(world.log()).toEqual(['download'])
    // Built from other sources than the program has now.
    appendFileSync(join(packages.binding, 'binding/tfjs.cc'), '// changed')
    expect((await setUpWithoutCompiler(world)).failures.native).toMatchObject({ kind: 'platform' })
    expect(selection(world).engine).toBe('portable')
  })

  it('keeps engines of several variants, and takes the one for the processor while the other is missing', async () => {
    using world = smallWorld()
    await run(world)
    const { cache, packages } = world.options
    const wanting = (device: string): EngineSelection =>
      selectEngine({ env: { RETRACE_DEVICE: device }, cache, packageRoot: packages.binding })
    expect(wanting('cuda').engine).toBe('portable')
    cpSync(pathsOf(world).folder, enginePaths(cache, 'cuda', packages.binding).folder, { recursive: true })
    expect([wanting('cuda').native?.variant, wanting('cpu').native?.variant]).toEqual(['cuda', 'cpu'])
  })

  it('builds the binding anew when its sources change', async () => {
    using world = smallWorld()
    await run(world)
    appendFileSync(join(world.options.packages.binding, 'binding/tfjs.cc'), '// changed')
    await run(world)
    expect(world.log()).toEqual(['download', 'build', 'build'])
  })

  it('replaces a library that was cut short', async () => {
    using world = smallWorld()
    await run(world)
    truncateSync(join(library(world), 'lib/libtensorflow_cc.so.2'), 10)
    await run(world)
    expect(await damagedFiles(library(world))).toEqual([])
  })

  it.each(['library', 'binding'])('replaces a %s of which one bit has changed, which no trainer loads meanwhile', async (what) => {
    using world = smallWorld()
    await run(world)
    expect(await altered(world)).toEqual([])
    const { binding } = pathsOf(world)
    const file = what === 'library' ? join(library(world), 'lib/libtensorflow_cc.so.2') : binding
    tamper(file)
    expect(await altered(world)).toEqual([file])
    expect(await run(world)).toEqual({ worked: true, failures: {} })
    expect(await altered(world)).toEqual([])
    expect(await damagedFiles(library(world))).toEqual([])
    expect(world.log()).toEqual(['download', 'build', ...(what === 'library' ? ['download'] : []), 'build'])
    expect((await run(world)).worked).toBe(false)
  })

  it('reads the files again only when they have changed', async () => {
    using world = smallWorld()
    await run(world)
    await altered(world)
    const memory = join(world.options.cache, 'sound-files.json')
    const before = statSync(memory).mtimeMs
    expect((await run(world)).worked).toBe(false)
    expect(await altered(world)).toEqual([])
    expect(statSync(memory).mtimeMs).toBe(before)
    // What is remembered about a file applies to that file only.
    writeFileSync(memory, readFileSync(memory, 'utf8').replaceAll(/"sha256":"./g, '"sha256":"x'))
    expect((await altered(world)).length).toBeGreaterThan(1)
    writeFileSync(memory, '{')
    expect(await altered(world)).toEqual([])
  })
})

describe('set-up that cannot succeed', () => {
  it('refuses a download whose content is not the pinned one, and leaves nothing of it', async () => {
    using world = smallWorld()
    writeFileSync(join(world.root, 'wheel'), 'something else')
    const { failures } = await run(world)
    expect(failures.native).toMatchObject({ kind: 'damaged' })
    expect(world.temporary()).toEqual([])
    expect(existsSync(library(world))).toBe(false)
    expect(selection(world)).toMatchObject({ engine: 'portable', reason: failures.native?.reason })
  })

  it('without Python says so and tries again only when it appears', async () => {
    using world = smallWorld()
    const empty = join(world.root, 'empty')
    mkdirSync(empty)
    expect((await run(world, { path: empty })).failures.native?.kind).toBe('python')
    expect(selection(world).engine).toBe('portable')
    expect(selection(world).reason).toMatch(/Python 3 with pip is needed/)
    expect(selection(world).remedy).toMatch(/install/i)
    expect((await run(world, { path: empty })).worked).toBe(false)
    vi.unstubAllEnvs()
    expect(await run(world)).toEqual({ worked: true, failures: {} })
    expect(selection(world).engine).toBe('native')
  })

  it('without a compiler keeps the library and names what is missing', async () => {
    using world = smallWorld()
    rmSync(join(world.tools, 'make'))
    const path = `${world.tools}:${join(world.root, 'coreutils')}`
    // Only what the fake pip needs, so that the machine's own make is hidden.
    mkdirSync(join(world.root, 'coreutils'))
    for (const name of ['head', 'sleep', 'cat', 'sh']) symlinkSync(`/bin/${name}`, join(world.root, 'coreutils', name))
    const { failures } = await run(world, { path })
    expect(failures.native).toMatchObject({ kind: 'compiler' })
    expect(failures.native?.reason).toMatch(/make/)
    expect(await libraryIsSound(world.options.cache, world.options.recipe)).toBe(true)
  })

  it('without a network records it, starts quickly afterwards, and is tried again by force', async () => {
    using world = smallWorld()
    writeFileSync(join(world.root, 'offline'), '')
    expect((await run(world)).failures.native).toMatchObject({ kind: 'network' })
    expect((await run(world)).worked).toBe(false)
    expect(world.log()).toEqual(['download'])
    rmSync(join(world.root, 'offline'))
    expect((await run(world, { force: true })).failures).toEqual({})
    expect(selection(world).engine).toBe('native')
  })

  it('where the machine has no native engine says what it needs', async () => {
    using world = smallWorld()
    vi.stubEnv('PATH', world.tools)
    const { failures } = await setUp(silentProgress, { ...world.options, recipe: null })
    expect(failures.native).toMatchObject({ kind: 'platform' })
  })

  it('is passed over by a forced portable engine and an error for a forced native one', async () => {
    using world = smallWorld()
    expect(() => selection(world, 'native')).toThrow(/not been set up yet.*npm run setup/)
    expect(() => selection(world, 'fast')).toThrow(/Set it to native, portable or auto/)
    await run(world)
    expect(selection(world, 'native').engine).toBe('native')
    expect(selection(world, 'portable')).toMatchObject({ engine: 'portable', native: null })
  })
})

describe('set-up that is disturbed', () => {
  it('two at once do the work once', async () => {
    using world = smallWorld()
    const results = await Promise.all([ended(world.start()), ended(world.start())])
    expect(results.map((r) => [r.status, r.errors])).toEqual([
      [0, ''],
      [0, ''],
    ])
    expect(world.log()).toEqual(['download', 'build'])
    expect(selection(world).engine).toBe('native')
    expect(world.temporary()).toEqual([])
  })

  it(
    'killed before any of its changes of the disk it leaves nothing half-done, and the next one succeeds',
    { timeout: 300_000 },
    async () => {
      using whole = smallWorld()
      const { changes } = JSON.parse((await ended(whole.start(0))).output) as { changes: number }
      expect(changes).toBeGreaterThan(20)
      for (let fatal = 2; fatal <= changes; fatal += 4) {
        using world = smallWorld()
        const child = world.start(fatal)
        await ended(child)
        expect(child.signalCode).toBe('SIGKILL')
        if (existsSync(library(world))) expect(await damagedFiles(library(world))).toEqual([])
        if (placedEngine(pathsOf(world)) !== null) expect(selection(world).engine).toBe('native')
        vi.unstubAllEnvs()
        expect((await run(world)).failures).toEqual({})
        expect(selection(world).engine).toBe('native')
        expect(await damagedFiles(library(world))).toEqual([])
        expect(readFileSync(pathsOf(world).binding)).toEqual(readFileSync(join(world.root, 'binding.node')))
        expect(world.temporary()).toEqual([])
      }
    },
  )

  it.each([
    ['SIGTERM', 'it'],
    ['SIGTERM', 'every process'],
    ['SIGINT', 'every process'],
    ['SIGHUP', 'every process'],
  ] as const)(
    'at %s to %s it cleans up with all that it has started, and the next one goes on',
    { timeout: 60_000 },
    async (signal, whom) => {
      using world = smallWorld()
      const slow = join(world.root, 'slow')
      writeFileSync(slow, '')
      const child = world.start()
      const end = ended(child)
      await vi.waitFor(() => expect(readFileSync(slow, 'utf8')).toMatch(/\d/), { timeout: 20_000 })
      // As by a service manager, or a terminal: the download ends before set-up can end it.
      if (whom === 'every process') process.kill(Number(readFileSync(slow, 'utf8')), signal)
      for (let times = 0; times < 2; times++) child.kill(signal)
      expect((await end).errors).toContain(`Set-up was interrupted (${signal})`)
      expect(child.signalCode).toBeNull()
      expect(world.temporary()).toEqual([])
      // Empty for a zombie process.
      const arguments_ = `/proc/${readFileSync(slow, 'utf8').trim()}/cmdline`
      await vi.waitFor(() => expect(existsSync(arguments_) && readFileSync(arguments_, 'utf8')).toBeFalsy())
      rmSync(slow)
      expect(JSON.parse((await ended(world.start())).output)).toMatchObject({ outcome: { failures: {} } })
      expect(selection(world).engine).toBe('native')
    },
  )

  it('that was killed has left its lock at once, whatever the clock says of it', { timeout: 60_000 }, async () => {
    using world = smallWorld()
    const child = world.start()
    const end = ended(child)
    while (!world.log().includes('download')) await sleep(20)
    const lock = join(world.options.cache, 'setup-lock.sqlite')
    expect(await tryLock(lock)).toBeNull()
    child.kill('SIGKILL')
    await end
    const later = new Date(Date.now() + 86_400_000)
    utimesSync(lock, later, later)
    const free = await tryLock(lock)
    expect(free).not.toBeNull()
    free!.release()
    expect((await ended(world.start())).status).toBe(0)
    expect(selection(world).engine).toBe('native')
  })

  it('that waits for another ends when it is asked to', { timeout: 60_000 }, async () => {
    using world = smallWorld()
    mkdirSync(world.options.cache)
    const held = await tryLock(join(world.options.cache, 'setup-lock.sqlite'))
    const child = world.start()
    const end = ended(child)
    await sleep(1500)
    expect([child.exitCode, world.log()]).toEqual([null, []])
    child.kill('SIGTERM')
    expect((await end).errors).toContain('Set-up was interrupted (SIGTERM)')
    held!.release()
  })
})
