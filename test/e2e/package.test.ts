import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findOnPath, packageFolder } from '../../src-main/engine/location.js'
import { makeDeb } from '../../src-main/hosts/launcher/package/deb.mjs'
import { bytesOf } from '../../src-main/hosts/launcher/package/tree.mjs'
import { ROOT } from '../../src-main/hosts/launcher/root.mjs'
import { shipBinding } from '../../src-main/setup/shipped-binding.js'
import { libraryRecipe } from '../../src-main/setup/wheels.js'
import { DAMPED } from '../fixtures/own-dynamics.js'
import { FULL } from '../fixtures/slice.js'
import { zipSync } from '../fixtures/zip.js'
import { noBrowser } from './support/chromium.js'
import { completeForThisNode, openFolder, packagedTree } from './support/packaged.js'
import { openInElectron, openOnChromium, type PackagedShell } from './support/packaged-shell.js'

const run = promisify(execFile)
const MIB = 2 ** 20
const MINUTE = 60_000

/** A package with a real Electron, given by `npm run package:check`; without it, the current build runs on the substitute. */
const real = process.env['RETRACE_PACKAGE'] ? resolve(process.env['RETRACE_PACKAGE']) : null
const recipe = libraryRecipe('cpu')
const withSetUp = real === null && process.platform === 'linux' && recipe !== null

/** Another user, who cannot write to the program's folder; null if the test does not run as root. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : null
if (nobody === null) console.warn('not root: the package runs as the user of the test, with the folder of the program closed to writing')

/** Files that are neither a TensorFlow library nor an add-on, but can be installed and loaded as such. */
const WHEEL = Buffer.from(
  zipSync({
    'tensorflow/libtensorflow_cc.so.2': Buffer.alloc(9000, 'cc'),
    'tensorflow/libtensorflow_framework.so.2': Buffer.alloc(900, 'f'),
  }),
)

let folder = ''
let tree = ''
const app = (...parts: string[]): string => join(tree, 'resources/app', ...parts)

beforeAll(async () => {
  folder = real === null ? await packagedTree() : mkdtempSync(join(tmpdir(), 'retrace-package-'))
  tree = real ?? join(folder, 'tree')
  chmodSync(folder, 0o755)
}, 3 * MINUTE)
afterAll(() => {
  if (real === null) execFileSync('chmod', ['-R', 'u+w', tree])
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

describe.skipIf(real)('the tree of a package', () => {
  it('holds what the program loads, for this system alone, and nothing to develop or to install with', () => {
    const system = `${process.platform}-${process.arch}`
    for (const file of [
      'package.json',
      'LICENSE',
      'THIRD-PARTY-NOTICES',
      'resources/icon.png',
      'resources/examples/examples.json',
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

describe.skipIf(real !== null || !FULL || findOnPath('dpkg-deb') === null)(
  'the Debian package (only in npm run test:full, where dpkg-deb is)',
  () => {
    it('puts the program where it belongs, and its command on the PATH', { timeout: 300_000 }, async () => {
      const output = openFolder('retrace-deb-')
      try {
        const file = await makeDeb({
          tree,
          stage: join(output, 'stage'),
          output,
          version: '0.0.0',
          maintainer: 'A Test <test@example.org>',
          whole: false,
        })
        await run('dpkg-deb', ['-x', file, join(output, 'installed')])
        const command = join(output, 'installed/usr/bin/retrace')
        expect(() => accessSync(command, constants.X_OK)).not.toThrow()
        expect((await run(command, ['--version'], { cwd: '/' })).stdout).toMatch(/^\d+\.\d+\.\d+/)
        expect((await run('dpkg-deb', ['-f', file, 'Package', 'Depends'])).stdout).toMatch(/retrace-no-electron[\s\S]*nodejs/)
        const whole = await makeDeb({
          tree,
          stage: join(output, 'whole'),
          output,
          version: '0.0.0',
          maintainer: 'A Test <test@example.org>',
          whole: true,
        })
        const { stdout: listed } = await run('dpkg-deb', ['-c', whole], { maxBuffer: 2 ** 26 })
        for (const place of [
          'usr/share/applications/retrace.desktop',
          'usr/share/mime/packages/retrace.xml',
          'etc/apparmor.d/retrace',
          'usr/share/icons/hicolor/256x256/apps/retrace.png',
        ])
          expect(listed).toMatch(new RegExp(` root/root .* \\./${place}\n`))
      } finally {
        rmSync(output, { recursive: true, force: true })
      }
    })
  },
)

const index = createServer((request, response) => {
  if (request.url?.endsWith('.whl')) return void response.end(WHEEL)
  const sha256 = createHash('sha256').update(WHEEL).digest('hex')
  response.setHeader('Content-Type', 'application/vnd.pypi.simple.v1+json')
  response.end(JSON.stringify({ files: [{ filename: 'a.whl', url: '/a.whl', hashes: { sha256 } }] }))
})

/**
 * The package pins the content of a library of 270 MB; this pins the one of the index here, and provides a binding that links to nothing.
 */
async function pinSmallLibrary(): Promise<void> {
  const pinned = recipe!.wheels[0]!.sha256
  const sha256 = createHash('sha256').update(WHEEL).digest('hex')
  const out = join(tree, 'resources/app/out/main')
  let changed = 0
  for (const file of readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))) {
    const text = readFileSync(join(out, file), 'utf8')
    if (!text.includes(pinned)) continue
    writeFileSync(join(out, file), text.replaceAll(pinned, sha256))
    changed++
  }
  expect(changed).toBeGreaterThan(0)
  writeFileSync(join(folder, 'addon.cc'), 'extern "C" void* napi_register_module_v1(void*, void* exports) { return exports; }')
  execFileSync('c++', ['-shared', '-fPIC', '-o', join(folder, 'addon.node'), join(folder, 'addon.cc')])
  await shipBinding(
    join(folder, 'addon.node'),
    join(tree, 'resources/app/resources/bindings'),
    'cpu',
    packageFolder('@tensorflow/tfjs-node-gpu'),
  )
}

const newRun = (steps: number, more: object): string =>
  `#/new?${new URLSearchParams({ preset: 'mlp-hamiltonian', dataset: 'two-spirals', overrides: JSON.stringify({ steps, ...more }) })}`

describe.skipIf(noBrowser)(`a package ${real === null ? 'on the stand-in for Electron, read-only' : 'with its Electron'}`, () => {
  let own = ''
  let env: NodeJS.ProcessEnv = {}
  let shell: PackagedShell | null = null

  beforeAll(async () => {
    own = join(folder, 'own')
    mkdirSync(join(own, 'no-tools'), { recursive: true })
    mkdirSync(join(own, 'home/dynamics'), { recursive: true })
    writeFileSync(join(own, 'home/dynamics/damped.ts'), DAMPED)
    if (real === null) {
      completeForThisNode(tree)
      if (withSetUp) await pinSmallLibrary()
      execFileSync('chmod', ['-R', 'a-w,a+rX', tree])
    }
    if (nobody) execFileSync('chown', ['-R', `${nobody.uid}:${nobody.gid}`, own])
    await new Promise<void>((ready) => index.listen(0, '127.0.0.1', ready))
    env = {
      ...(real === null ? { PATH: join(own, 'no-tools') } : process.env),
      LANG: 'C.UTF-8',
      RETRACE_HOME: join(own, 'home'),
      RETRACE_CACHE: join(own, 'cache'),
      ...(withSetUp ? { RETRACE_DEVICE: 'cpu' } : { RETRACE_ENGINE: 'portable' }),
      PIP_INDEX_URL: `http://127.0.0.1:${(index.address() as AddressInfo).port}/simple`,
    }
  }, MINUTE)
  afterAll(() => {
    shell?.kill()
    index.close()
  })

  it(
    'opens, sets the engine up, trains, shows the run after a reload, and leaves a run that can be resumed when it is quit',
    async () => {
      const places = { tree, own, env, user: nobody ?? undefined }
      shell = await (real === null ? openOnChromium(places) : openInElectron(places))
      const { page } = shell
      page.setDefaultTimeout(MINUTE)
      const complaints: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.getByText('No runs yet').waitFor()

      if (withSetUp) {
        await page.getByRole('button', { name: 'Set up the fast engine' }).click()
        await expect.poll(() => page.getByTestId('engine').innerText(), { timeout: MINUTE }).toMatch(/Native engine/)
      }

      const start = async (steps: number, more = {}): Promise<string> => {
        await page.evaluate(
          (address) => Object.assign((globalThis as unknown as { location: object }).location, { hash: address }),
          newRun(steps, more),
        )
        const button = page.getByTestId('start')
        await expect.poll(() => button.isEnabled(), { timeout: 2 * MINUTE }).toBe(true)
        await button.click()
        await page.waitForURL(/#\/runs\/[a-z0-9]+$/)
        return page.url().split('/').at(-1) ?? ''
      }
      // With a dynamics that the user has added to the home, and that is not part of the package.
      await start(20, { arch: 'damped-leapfrog', friction: 0.2 })
      await page.getByRole('tab', { name: 'Environment' }).click()
      await page.getByText(/^damped\.ts, SHA-256 /).waitFor()
      await expect.poll(() => page.getByTestId('status').innerText(), { timeout: 2 * MINUTE }).toBe('finished')
      await page.reload()
      await expect.poll(() => page.getByTestId('status').innerText(), { timeout: MINUTE }).toBe('finished')

      const going = await start(1_000_000)
      await expect.poll(() => page.getByTestId('status').innerText(), { timeout: MINUTE }).toBe('running')
      // The first of "Stop and quit", "Keep running in the background" and "Cancel".
      await shell.answerDialogs(0)
      await shell.closeWindow()
      expect(await shell.ended, shell.errors()).toBe(0)
      expect([complaints, shell.refused]).toEqual([[], []])

      const { stdout } = await run(join(tree, 'retrace'), ['runs', 'list', '--json'], {
        env: { ...env, PATH: process.env['PATH'] },
        cwd: '/',
        ...(nobody ?? {}),
      })
      const runs = JSON.parse(stdout) as { id: string; status: string; step: number }[]
      expect(runs.map(({ status }) => status).sort()).toEqual(['finished', 'interrupted'])
      expect(runs.find(({ id }) => id === going)?.step).toBeGreaterThan(0)
    },
    8 * MINUTE,
  )
})
