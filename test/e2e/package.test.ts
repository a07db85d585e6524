import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytesOf } from '../../src-main/hosts/launcher/package/tree.mjs'
import { makeDeb } from '../../src-main/hosts/launcher/package/deb.mjs'
import { findOnPath } from '../../src-main/engine/location.js'
import { ROOT } from '../../src-main/hosts/launcher/root.mjs'
import { FULL } from '../fixtures/slice.js'
import { completeForThisNode, openFolder, packagedTree } from './support/packaged.js'

const run = promisify(execFile)
const MIB = 2 ** 20

let folder = ''
let tree = ''
const app = (...parts: string[]): string => join(tree, 'resources/app', ...parts)

beforeAll(async () => {
  folder = await packagedTree()
  tree = join(folder, 'tree')
}, 180_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the tree of a package', () => {
  it('holds what the program loads, for this system alone, and nothing to develop or to install with', () => {
    const system = `${process.platform}-${process.arch}`
    for (const file of [
      'package.json',
      'LICENSE',
      'THIRD-PARTY-NOTICES',
      'out/build.json',
      'out/renderer/index.html',
      'out/preload/preload.cjs',
      ...['electron', 'cli', 'server', 'trainer', 'batch-worker', 'compute-worker', 'import-process', 'set-up-process'].map(
        (name) => `out/main/${name}.js`,
      ),
      `node_modules/better-sqlite3/prebuilds/${system}.node`,
      'node_modules/@tensorflow/tfjs-node-gpu/binding/tfjs_backend.cc',
    ])
      expect(existsSync(app(file)), file).toBe(true)
    const packages = readdirSync(app('node_modules'))
    for (const name of ['electron', 'typescript', 'vitest', 'playwright-core', 'node-gyp', 'better-sqlite3-node20', '@mapbox', '@types'])
      expect(packages, name).not.toContain(name)
    expect(readdirSync(app('node_modules/better-sqlite3/prebuilds'))).toEqual([`${system}.node`])
  })

  it('is small, has no links, maps or names of the machine that made it, and can be read by everybody', async () => {
    expect(await bytesOf(tree)).toBeLessThan(200 * MIB)
    const files = readdirSync(tree, { recursive: true, withFileTypes: true }).map((entry) => join(entry.parentPath, entry.name))
    expect(files.filter((file) => lstatSync(file).isSymbolicLink())).toEqual([])
    expect(files.filter((file) => file.endsWith('.map'))).toEqual([])
    expect(files.filter((file) => (statSync(file).mode & 0o044) !== 0o044)).toEqual([])
    const own = files.filter((file) => file.startsWith(app('out')) && /\.(js|cjs|html|json|css)$/.test(file))
    expect(own.length).toBeGreaterThan(20)
    expect(own.filter((file) => readFileSync(file, 'utf8').includes(ROOT))).toEqual([])
  })

  it('runs the command line from a place of its own, naming commands that its users have', async () => {
    completeForThisNode(tree)
    const environment = { ...process.env, RETRACE_HOME: join(folder, 'home'), RETRACE_CACHE: join(folder, 'cache') }
    const { stdout } = await run(join(tree, 'retrace'), ['engine', '--json'], { env: environment, cwd: '/' })
    expect(JSON.parse(stdout)).toMatchObject({ engine: 'portable', remedy: 'Run `retrace setup`.' })
    const made = await run(join(tree, 'retrace'), ['datasets', 'make', 'points', '--kind', 'spirals', '--points', '20', '--json'], {
      env: environment,
      cwd: '/',
    })
    expect(JSON.parse(made.stdout)).toMatchObject({ name: 'points' })
  })
})

describe.skipIf(!FULL || findOnPath('dpkg-deb') === null)('the Debian package (only in npm run test:full, where dpkg-deb is)', () => {
  it('puts the program where it belongs, and its command on the PATH', { timeout: 300_000 }, async () => {
    const output = openFolder('retrace-deb-')
    try {
      const file = await makeDeb({ tree, stage: join(output, 'stage'), output, version: '0.0.0', whole: false })
      await run('dpkg-deb', ['-x', file, join(output, 'installed')])
      const command = join(output, 'installed/usr/bin/retrace')
      expect(() => accessSync(command, constants.X_OK)).not.toThrow()
      expect((await run(command, ['--version'], { cwd: '/' })).stdout).toMatch(/^\d+\.\d+\.\d+/)
      expect((await run('dpkg-deb', ['-f', file, 'Package', 'Depends'])).stdout).toMatch(/retrace-no-electron[\s\S]*nodejs/)
    } finally {
      rmSync(output, { recursive: true, force: true })
    }
  })
})
