import { appendFileSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { placedBinding, bindingPaths } from '../../src-main/engine/location.js'
import { selectEngine, type EngineSelection } from '../../src-main/engine/select.js'
import { damagedFiles, libraryFolder, libraryIsPresent } from '../../src-main/setup/library.js'
import { silentProgress } from '../../src-main/setup/progress.js'
import { setUp, type SetupOutcome } from '../../src-main/setup/setup.js'
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

const selection = (world: SmallWorld, engine?: string): EngineSelection =>
  selectEngine({ env: { RETRACE_ENGINE: engine }, cache: world.options.cache, packageRoot: world.options.packages.binding })

const library = (world: SmallWorld): string => libraryFolder(world.options.cache, world.options.recipe)

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

  it('gives a second checkout everything from the cache', async () => {
    using world = smallWorld()
    await run(world)
    const { deps, binding, marker } = bindingPaths(world.options.packages.binding)
    ;[deps, binding, marker].forEach((path) => rmSync(path))
    expect((await run(world)).worked).toBe(true)
    expect(selection(world).engine).toBe('native')
    expect(world.log()).toEqual(['download', 'build'])
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

  it("puts its link in the place of a folder that tfjs's own installer left", async () => {
    using world = smallWorld()
    mkdirSync(join(world.options.packages.binding, 'deps/lib'), { recursive: true })
    await run(world)
    expect(lstatSync(join(world.options.packages.binding, 'deps')).isSymbolicLink()).toBe(true)
    expect(selection(world).engine).toBe('native')
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
    expect(selection(world).reason).toMatch(/no Python 3/)
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
    // Only what the fake pip needs, so that the machine's own make stays out of sight.
    mkdirSync(join(world.root, 'coreutils'))
    for (const name of ['head', 'sleep', 'cat', 'sh']) symlinkSync(`/bin/${name}`, join(world.root, 'coreutils', name))
    const { failures } = await run(world, { path })
    expect(failures.native).toMatchObject({ kind: 'compiler' })
    expect(failures.native?.reason).toMatch(/make/)
    expect(libraryIsPresent(library(world))).toBe(true)
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
    expect(() => selection(world, 'fast')).toThrow(/use native, portable or auto/)
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
        // A killed process cannot give its lock back; waiting ten seconds each time would only make the test slow.
        rmSync(join(world.options.cache, 'setup.lock'), { recursive: true, force: true })
        if (existsSync(library(world))) expect(await damagedFiles(library(world))).toEqual([])
        if (placedBinding(bindingPaths(world.options.packages.binding)) !== null) expect(selection(world).engine).toBe('native')
        vi.unstubAllEnvs()
        expect((await run(world)).failures).toEqual({})
        expect(selection(world).engine).toBe('native')
        expect(await damagedFiles(library(world))).toEqual([])
        expect(readFileSync(bindingPaths(world.options.packages.binding).binding)).toEqual(readFileSync(join(world.root, 'binding.node')))
        expect(world.temporary()).toEqual([])
      }
    },
  )

  it('breaks the lock of a killed one', { timeout: 60_000 }, async () => {
    using world = smallWorld()
    const child = world.start()
    const end = ended(child)
    while (!world.log().includes('download')) await sleep(20)
    child.kill('SIGKILL')
    await end
    expect(existsSync(join(world.options.cache, 'setup.lock'))).toBe(true)
    expect((await ended(world.start())).status).toBe(0)
    expect(selection(world).engine).toBe('native')
  })
})
