import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cp, mkdir, realpath, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { bindingPaths, NAPI_BUILD, type PlacedBinding, placedBinding } from '../engine/location.js'
import { sha256 } from '../engine/altered-files.js'
import { alteredNativeFiles } from '../engine/native-files.js'
import { trainerEnvironment } from '../engine/environment.js'
import { PATCH_KEY, patchBinding } from './binding-patch.js'
import { SetupFailure } from './failure.js'
import { placeFile, placeFolder, placeLink, withTemporaryFolder, writeFileAtomic } from './files.js'
import { buildPackage } from './gyp.js'
import { libraryFolder } from './library.js'
import { makeNapiHeaders } from './napi-headers.js'
import type { Progress } from './progress.js'
import { lastLines, runCommand } from './run-command.js'
import type { LibraryRecipe } from './wheels.js'

const BINARY = 'tfjs_binding.node'

/** Names a build of the binding by everything that it depends on. */
function bindingKey(packageRoot: string, recipe: LibraryRecipe): string {
  const hash = createHash('sha256').update(`${recipe.key} napi${NAPI_BUILD} ${process.platform} ${process.arch} ${PATCH_KEY}`)
  const sources = readdirSync(join(packageRoot, 'binding')).sort()
  for (const file of ['binding.gyp', ...sources.map((name) => join('binding', name))])
    hash.update(file).update(readFileSync(join(packageRoot, file)))
  return hash.digest('hex').slice(0, 24)
}

export interface BindingJob {
  cache: string
  /** Folder of tfjs's package in the checkout. */
  packageRoot: string
  recipe: LibraryRecipe
  /** node-gyp's command line. */
  gyp: string
  progress: Progress
}

const cachedFolder = (cache: string, key: string): string => join(cache, 'bindings', key)

/** Whether the checkout's tfjs package holds this very binding, and its link leads to a library, as set-up placed them. */
export async function bindingIsSound(cache: string, packageRoot: string, recipe: LibraryRecipe): Promise<boolean> {
  const paths = bindingPaths(packageRoot)
  return (
    placedBinding(paths)?.key === bindingKey(packageRoot, recipe) &&
    (await realpath(paths.deps)) === (await realpath(libraryFolder(cache, recipe)).catch(() => null)) &&
    (await alteredNativeFiles(cache, paths)).length === 0
  )
}

/** The hash of a binding that was built before; null where there is none, or it is not the one that was built. */
async function builtBefore(folder: string): Promise<string | null> {
  const file = join(folder, BINARY)
  const recorded = `${file}.sha256`
  if (!existsSync(file) || !existsSync(recorded)) return null
  const expected = readFileSync(recorded, 'utf8')
  return (await sha256(file)) === expected ? expected : null
}

async function build({ cache, packageRoot, recipe, gyp, progress }: BindingJob, key: string): Promise<void> {
  await withTemporaryFolder(cache, 'binding', async (temporary) => {
    const stage = progress.stage('building the TensorFlow binding')
    try {
      const work = join(temporary, 'package')
      await mkdir(work)
      for (const name of ['binding', 'binding.gyp', 'package.json'])
        await cp(join(packageRoot, name), join(work, name), { recursive: true })
      await patchBinding(work)
      await symlink(libraryFolder(cache, recipe), join(work, 'deps'), 'dir')
      const output = join(work, 'lib', `napi-v${NAPI_BUILD}`)
      const headers = join(temporary, 'node')
      await makeNapiHeaders(headers)
      await buildPackage(work, gyp, {
        headers,
        variables: { module_name: 'tfjs_binding', module_path: output, napi_build_version: String(NAPI_BUILD) },
      })
      if (process.platform === 'darwin') await addMacSearchPath(join(output, BINARY))
      await checkLoads(join(output, BINARY), recipe)
      const staged = join(temporary, 'staged')
      await mkdir(staged)
      await placeFile(join(output, BINARY), join(staged, BINARY))
      await writeFileAtomic(join(staged, `${BINARY}.sha256`), await sha256(join(staged, BINARY)))
      await placeFolder(staged, cachedFolder(cache, key))
    } catch (error) {
      stage.failed('failed')
      throw error
    }
    stage.done()
  })
}

/** The wheel's libraries name each other by @rpath, which tfjs's binding.gyp does not set on macOS. */
async function addMacSearchPath(binary: string): Promise<void> {
  const result = await runCommand('install_name_tool', ['-add_rpath', '@loader_path/../../deps/lib', binary], { timeout: 60_000 })
  if (result.status !== 0)
    throw new SetupFailure(
      'build',
      `install_name_tool failed: ${lastLines(result.output)}.`,
      'Install the command line tools with `xcode-select --install`.',
    )
}

/** A binding that links may still not load: an old C library, or a processor without AVX. Better known now than in a trainer. */
async function checkLoads(binary: string, recipe: LibraryRecipe): Promise<void> {
  const env = trainerEnvironment(process.env, { libraryFolder: join(binary, '..', '..', '..', 'deps'), variant: recipe.variant })
  const result = await runCommand(process.execPath, ['-e', `require(${JSON.stringify(binary)})`], { env, timeout: 120_000 })
  if (result.status === 0) return
  const why =
    result.signal === 'SIGILL' ? 'the processor lacks required instructions (AVX)' : lastLines(result.output, 1) || `${result.signal}`
  throw new SetupFailure(
    'platform',
    `TensorFlow's library does not run on this machine: ${why}.`,
    'Use another machine or a newer version of the system.',
  )
}

/** Builds the binding (or takes it from the cache) and places it into the checkout's tfjs package. Needs the library in the cache. */
export async function installBinding(job: BindingJob): Promise<void> {
  const { cache, packageRoot, recipe } = job
  const key = bindingKey(packageRoot, recipe)
  const cached = cachedFolder(cache, key)
  const { deps, binding, marker } = bindingPaths(packageRoot)
  if ((await builtBefore(cached)) === null) await build(job, key)
  const hash = await builtBefore(cached)
  if (hash === null)
    throw new SetupFailure('disk', `The files in ${cached} have changed since they were built.`, 'Check the disk of the cache folder.')
  await placeLink(libraryFolder(cache, recipe), deps)
  await placeFile(join(cached, BINARY), binding)
  const placed: PlacedBinding = { key, sha256: hash, variant: recipe.variant }
  await writeFileAtomic(marker, JSON.stringify(placed))
}
