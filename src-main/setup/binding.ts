import { cp, mkdir, realpath, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { sha256 } from '../engine/altered-files.js'
import { trainerEnvironment } from '../engine/environment.js'
import { enginePaths, NAPI_BUILD, placedEngine, type EnginePaths, type PlacedEngine } from '../engine/location.js'
import { alteredNativeFiles } from '../engine/native-files.js'
import { patchBinding } from './binding-patch.js'
import { SetupFailure } from './failure.js'
import { placeFile, placeFolder, withTemporaryFolder, writeFileAtomic } from './files.js'
import { buildPackage } from './gyp.js'
import { libraryFolder } from './library.js'
import { makeNapiHeaders } from './napi-headers.js'
import type { Progress } from './progress.js'
import { lastLines, runCommand, runNode } from './run-command.js'
import { shippedBinding } from './shipped-binding.js'
import type { LibraryRecipe } from './wheels.js'

const BINARY = 'tfjs_binding.node'

export interface BindingJob {
  cache: string
  /** Folder of tfjs's package, with the binding's sources. */
  packageRoot: string
  recipe: LibraryRecipe
  /** node-gyp's command line; null if the program does not include it. */
  gyp: string | null
  /** Folder of the bindings shipped with the program; see `shippedBinding`. */
  shipped: string
  progress: Progress
}

/** Whether the cache contains this program's binding, linked to a library of the recipe, both as set-up installed them. */
export async function engineIsSound(cache: string, paths: EnginePaths, recipe: LibraryRecipe): Promise<boolean> {
  return (
    placedEngine(paths)?.library === recipe.key &&
    (await realpath(paths.deps)) === (await realpath(libraryFolder(cache, recipe)).catch(() => null)) &&
    (await alteredNativeFiles(cache, paths)).length === 0
  )
}

/** Builds the binding from its sources and puts it at `path`. */
async function build({ cache, packageRoot, recipe, gyp, progress }: BindingJob, path: string): Promise<void> {
  const stage = progress.stage('building the TensorFlow binding')
  try {
    await withTemporaryFolder(cache, 'build', async (temporary) => {
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
      await placeFile(join(output, BINARY), path)
    })
  } catch (error) {
    stage.failed('failed')
    throw error
  }
  stage.done()
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

/**
 * A binding that links may still fail to load, with an old C library or a processor without AVX. It is better to find out now than in a
 * trainer.
 */
async function checkLoads(binary: string, recipe: LibraryRecipe): Promise<void> {
  const env = trainerEnvironment(process.env, { libraryFolder: join(binary, '..', '..', '..', 'deps'), variant: recipe.variant })
  const result = await runNode(['-e', `require(${JSON.stringify(binary)})`], { env, timeout: 120_000 })
  if (result.status === 0) return
  const why =
    result.signal === 'SIGILL' ? 'the processor lacks required instructions (AVX)' : lastLines(result.output, 1) || `${result.signal}`
  throw new SetupFailure(
    'platform',
    `TensorFlow's library does not run on this machine: ${why}.`,
    'Use another machine or a newer version of the system.',
  )
}

/**
 * Installs the engine into the cache: the binding shipped with the program or, if none fits, one that is built here, and its link to the
 * library, which must exist. All of it appears in one rename.
 */
export async function installEngine(job: BindingJob): Promise<void> {
  const { cache, packageRoot, recipe, shipped } = job
  const paths = enginePaths(cache, recipe.variant, packageRoot)
  await withTemporaryFolder(cache, 'engine', async (temporary) => {
    const staged = join(temporary, 'staged')
    const inside = (path: string): string => join(staged, relative(paths.folder, path))
    const binding = inside(paths.binding)
    await mkdir(dirname(binding), { recursive: true })
    await symlink(libraryFolder(cache, recipe), inside(paths.deps), 'dir')
    const brought = await shippedBinding(shipped, recipe.variant, packageRoot)
    if (brought === null) await build(job, binding)
    else await placeFile(brought, binding)
    await checkLoads(binding, recipe)
    const placed: PlacedEngine = { library: recipe.key, sha256: await sha256(binding) }
    await writeFileAtomic(inside(paths.marker), JSON.stringify(placed))
    await placeFolder(staged, paths.folder)
  })
}
