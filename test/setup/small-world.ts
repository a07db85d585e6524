import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { TENSORFLOW_VERSION } from '../../src-main/engine/location.js'
import type { SetupOptions } from '../../src-main/setup/setup.js'
import type { LibraryRecipe } from '../../src-main/setup/wheels.js'
import { zipSync } from '../fixtures/zip.js'

/** Content of the fake library: large enough that writing it takes several chunks. */
const LIBRARY = Buffer.alloc(400_000, 'tensor')

const WHEEL = Buffer.from(
  zipSync({
    'tensorflow/libtensorflow_cc.so.2': LIBRARY,
    'tensorflow/libtensorflow_framework.so.2': LIBRARY.subarray(0, 1000),
    'tensorflow/include/tensorflow/c/c_api.h': Buffer.from('// header'),
    'tensorflow/python/large_and_unwanted.so': LIBRARY,
  }),
)

/**
 * Replacements for pip, make and the compiler: scripts that do little, slowly enough to be killed in the middle, and record that they ran.
 */
const PYTHON = `#!/bin/sh
if [ "$3" = "--version" ]; then echo "pip 24"; exit 0; fi
echo download >> "$WORLD/log"
while [ $# -gt 1 ]; do [ "$1" = "--dest" ] && dest=$2; shift; done
if [ -f "$WORLD/offline" ]; then echo "ERROR: Could not find a version: name resolution" >&2; exit 1; fi
head -c 1000 "$WORLD/wheel" > "$dest/tensorflow.whl"
sleep 0.05
if [ -f "$WORLD/slow" ]; then sleep 321 & echo $! > "$WORLD/slow"; wait; fi
cat "$WORLD/wheel" > "$dest/tensorflow.whl"
`
const GYP = `import { appendFileSync, copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
const world = process.env.WORLD
appendFileSync(join(world, 'log'), 'build\\n')
await new Promise((resolve) => setTimeout(resolve, 50))
const output = process.argv.find((a) => a.startsWith('--module_path='))?.slice(14)
mkdirSync(output, { recursive: true })
copyFileSync(join(world, 'binding.node'), join(output, 'tfjs_binding.node'))
`

export interface SmallWorld {
  root: string
  /** Folder with python3, make and c++, to be put first on PATH. */
  tools: string
  options: SetupOptions & { cache: string; packages: NonNullable<SetupOptions['packages']>; recipe: LibraryRecipe; shipped: string }
  /** What the fake tools have done so far. */
  log(): string[]
  /** Starts a set-up in a process of its own, which dies before its Nth change on disk if N is given. */
  start(fatal?: number): ChildProcess
  /** Everything below the cache's folder of temporary files. */
  temporary(): string[]
  [Symbol.dispose](): void
}

let driver: string | null = null

/** Bundles the driver once, so that plain Node can run it. */
export async function buildDriver(): Promise<void> {
  // Below node_modules, so that it finds the packages that set-up resolves by name.
  const outDir = mkdtempSync(join(import.meta.dirname, '../../node_modules/.retrace-driver-'))
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: join(import.meta.dirname, 'driver.ts'),
      outDir,
      target: 'node20',
      rolldownOptions: { output: { entryFileNames: 'driver.mjs' } },
    },
  })
  driver = join(outDir, 'driver.mjs')
}

export function removeDriver(): void {
  if (driver !== null) rmSync(join(driver, '..'), { recursive: true })
}

/** A checkout, a cache and tools that replace the real ones: a library of 400 kB and a binding that is an empty Node add-on. */
export function smallWorld(): SmallWorld {
  const root = mkdtempSync(join(tmpdir(), 'retrace-setup-'))
  const at = (...parts: string[]): string => join(root, ...parts)
  for (const folder of ['tools', 'tfjs/binding', 'sqlite', 'electron']) mkdirSync(at(folder), { recursive: true })
  writeFileSync(at('wheel'), WHEEL)
  writeFileSync(at('gyp.mjs'), GYP)
  writeFileSync(at('tfjs/binding.gyp'), '{}')
  writeFileSync(at('tfjs/package.json'), '{}')
  writeFileSync(at('tfjs/binding/tfjs_backend.cc'), 'TF_SessionOptions *session_options = TF_NewSessionOptions();')
  writeFileSync(at('addon.cc'), 'extern "C" void* napi_register_module_v1(void*, void* exports) { return exports; }')
  execFileSync('c++', ['-shared', '-fPIC', '-o', at('binding.node'), at('addon.cc')])
  for (const [name, script] of [
    ['python3', PYTHON],
    ['make', '#!/bin/sh\n'],
    ['c++', '#!/bin/sh\n'],
  ] as const) {
    writeFileSync(at('tools', name), script)
    chmodSync(at('tools', name), 0o755)
  }
  const cache = at('cache')
  const options: SmallWorld['options'] = {
    cache,
    packages: { binding: at('tfjs'), sqlite: at('sqlite'), electron: at('electron') },
    gyp: at('gyp.mjs'),
    shipped: at('shipped'),
    skip: ['electron', 'sqlite'],
    recipe: {
      key: 'small',
      variant: 'cpu',
      wheels: [
        {
          requirement: `tensorflow-cpu==${TENSORFLOW_VERSION}`,
          platform: 'any',
          sha256: createHash('sha256').update(WHEEL).digest('hex'),
          bytes: WHEEL.length,
        },
      ],
    },
  }
  return {
    root,
    tools: at('tools'),
    options,
    log: () => (existsSync(at('log')) ? readFileSync(at('log'), 'utf8').trim().split('\n') : []),
    start: (fatal) =>
      spawn(process.execPath, [driver ?? '', JSON.stringify(options), ...(fatal === undefined ? [] : [String(fatal)])], {
        env: { ...process.env, WORLD: root, PATH: `${at('tools')}:${process.env.PATH}` },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    temporary: () => (existsSync(join(cache, 'tmp')) ? readdirSync(join(cache, 'tmp'), { recursive: true }).map(String) : []),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  }
}

export function ended(child: ChildProcess): Promise<{ status: number | null; output: string; errors: string }> {
  let output = ''
  let errors = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, output, errors })))
}
