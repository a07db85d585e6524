import { symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { alteredFiles, rememberFiles, sha256 } from '../engine/altered-files.js'
import { libraryFiles, MANIFEST, soundFilesMemory } from '../engine/native-files.js'
import { ownCommand } from '../processes/installation.js'
import { SetupFailure } from './failure.js'
import { placeFolder, withTemporaryFolder } from './files.js'
import type { Progress } from './progress.js'
import { extractWheel, type ExtractedFile } from './wheel-archive.js'
import { chooseSource } from './wheel-source.js'
import type { LibraryRecipe, Wheel } from './wheels.js'

export const libraryFolder = (cache: string, recipe: LibraryRecipe): string => join(cache, 'tensorflow', recipe.key)

/**
 * From TensorFlow: the two libraries and the headers that the binding includes. From NVIDIA's wheels: the libraries and what is needed to
 * compile kernels.
 */
function place(entry: string): string | null {
  const library = /^tensorflow\/(libtensorflow_(?:cc|framework)\.(?:so\.2|2\.dylib))$/.exec(entry)
  if (library) return `lib/${library[1]}`
  const header =
    /^tensorflow\/(include\/(?:tensorflow\/c\/[^/]+\.h|tensorflow\/c\/eager\/c_api\.h|(?:tensorflow\/core|tsl|tensorflow\/tsl)\/platform\/ctstring[^/]*\.h|xla\/tsl\/c\/[^/]+\.h))$/.exec(
      entry,
    )
  if (header) return header[1] ?? null
  if (/^tensorflow\/(THIRD_PARTY_NOTICES\.txt|include\/LICENSE)$/.test(entry)) return `licenses/${entry.split('/').at(-1)}`
  if (/^nvidia\/[^/]+\/lib\/[^/]+\.so[.0-9]*$/.test(entry) || /^nvidia\/cuda_nvcc\/(bin\/ptxas|nvvm\/libdevice\/.+)$/.test(entry))
    return entry
  return null
}

/** The names under which the binding's build looks for the libraries. */
const LINKS: Partial<Record<NodeJS.Platform, Record<string, string>>> = {
  linux: {
    'libtensorflow.so': 'libtensorflow_cc.so.2',
    'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
  },
  darwin: { 'libtensorflow.2.dylib': 'libtensorflow_cc.2.dylib' },
}

/** Whether the cache contains the library, complete and with the extracted content; see `alteredFiles` for the cost. */
export async function libraryIsSound(cache: string, recipe: LibraryRecipe): Promise<boolean> {
  const files = await libraryFiles(libraryFolder(cache, recipe))
  return files !== null && (await alteredFiles(files, soundFilesMemory(cache))).length === 0
}

/**
 * Installs TensorFlow's library into the cache; does nothing if it is already there. The folder appears in one rename, so that an
 * interruption leaves either nothing or all of it.
 * @param offline see `chooseSource`
 */
export async function installLibrary(cache: string, recipe: LibraryRecipe, progress: Progress, offline?: string): Promise<string> {
  const folder = libraryFolder(cache, recipe)
  if (await libraryIsSound(cache, recipe)) return folder
  const source = await chooseSource(cache, progress, offline)
  await withTemporaryFolder(cache, 'library', async (temporary) => {
    const staged = join(temporary, 'staged')
    const manifest: Record<string, ExtractedFile> = {}
    for (const wheel of recipe.wheels)
      await withTemporaryFolder(cache, 'wheel', async (download) => {
        const loading = progress.stage(`${source.verb} ${wheel.requirement} (${Math.round(wheel.bytes / 1e6)} MB)`)
        const get = async (): Promise<string> => {
          const arrived = await source.fetch(wheel, download, (fraction) => loading.update(fraction))
          await requireContent(arrived, wheel)
          return arrived
        }
        const path = await get().catch((error: unknown) => {
          loading.failed('failed')
          throw error
        })
        loading.done('SHA-256 verified')
        const extracting = progress.stage(`extracting ${wheel.requirement}`)
        Object.assign(manifest, await extractWheel(path, staged, place, () => undefined))
        extracting.done()
      })
    const links = LINKS[process.platform] ?? {}
    for (const [name, target] of Object.entries(links)) {
      if (manifest[`lib/${target}`] === undefined)
        throw new SetupFailure('damaged', `The wheel does not contain ${target}.`, 'Please report this as a bug in Retrace.')
      await symlink(target, join(staged, 'lib', name))
    }
    await writeFile(join(staged, MANIFEST), JSON.stringify(manifest, null, 1), { flush: true })
    await placeFolder(staged, folder)
    await rememberFiles((await libraryFiles(folder)) ?? [], soundFilesMemory(cache))
  })
  return folder
}

/** @throws SetupFailure unless it is exactly the pinned wheel */
async function requireContent(path: string, wheel: Wheel): Promise<void> {
  const found = await sha256(path)
  if (found === wheel.sha256) return
  throw new SetupFailure(
    'damaged',
    `The downloaded ${basename(path)} was discarded because its hash is wrong (SHA-256 ${found.slice(0, 12)}..., expected ${wheel.sha256.slice(0, 12)}...).`,
    `Check which package index pip uses, then run ${ownCommand('setup')}.`,
  )
}
