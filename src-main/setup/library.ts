import { existsSync, readFileSync, statSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { downloadWheel, findPip } from './download.js'
import { SetupFailure } from './failure.js'
import { placeFolder, sha256, withTemporaryFolder } from './files.js'
import type { Progress } from './progress.js'
import { extractWheel, type ExtractedFile } from './wheel-archive.js'
import type { LibraryRecipe } from './wheels.js'

const MANIFEST = 'manifest.json'
const ManifestSchema = z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() }))

export const libraryFolder = (cache: string, recipe: LibraryRecipe): string => join(cache, 'tensorflow', recipe.key)

/** Of TensorFlow: the two libraries and the headers that the binding includes. Of NVIDIA's wheels: the libraries and what compiles kernels. */
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

/** Whether the library is in the cache, by the sizes of its files: fast enough for every start. */
export function libraryIsPresent(folder: string): boolean {
  const manifest = join(folder, MANIFEST)
  if (!existsSync(manifest)) return false
  const parsed = ManifestSchema.safeParse(JSON.parse(readFileSync(manifest, 'utf8')))
  return (
    parsed.success &&
    Object.entries(parsed.data).every(([path, { bytes }]) => statSync(join(folder, path), { throwIfNoEntry: false })?.size === bytes)
  )
}

/** Files of the library whose content is not what was extracted; reads everything (a second a GB). */
export async function damagedFiles(folder: string): Promise<string[]> {
  const manifest = ManifestSchema.parse(JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')))
  const damaged: string[] = []
  for (const [path, expected] of Object.entries(manifest)) if ((await sha256(join(folder, path))) !== expected.sha256) damaged.push(path)
  return damaged
}

/**
 * Brings TensorFlow's library into the cache; does nothing where it is already. The folder appears in one rename, so
 * that whatever ends this half-way leaves either nothing or all of it.
 */
export async function installLibrary(cache: string, recipe: LibraryRecipe, progress: Progress): Promise<string> {
  const folder = libraryFolder(cache, recipe)
  if (libraryIsPresent(folder)) return folder
  const python = await findPip()
  await withTemporaryFolder(cache, 'library', async (temporary) => {
    const staged = join(temporary, 'staged')
    const manifest: Record<string, ExtractedFile> = {}
    for (const wheel of recipe.wheels)
      await withTemporaryFolder(cache, 'wheel', async (download) => {
        const loading = progress.stage(`downloading ${wheel.requirement} (${Math.round(wheel.bytes / 1e6)} MB)`)
        const path = await downloadWheel(python, wheel, download, (fraction) => loading.update(fraction)).catch((error: unknown) => {
          loading.failed('not possible')
          throw error
        })
        loading.done('SHA-256 as expected')
        const extracting = progress.stage(`extracting ${wheel.requirement}`)
        Object.assign(manifest, await extractWheel(path, staged, place, () => undefined))
        extracting.done()
      })
    const links = LINKS[process.platform] ?? {}
    for (const [name, target] of Object.entries(links)) {
      if (manifest[`lib/${target}`] === undefined)
        throw new SetupFailure('damaged', `The wheel holds no ${target}.`, 'Please report this as a defect of Retrace.')
      await symlink(target, join(staged, 'lib', name))
    }
    await writeFile(join(staged, MANIFEST), JSON.stringify(manifest, null, 1), { flush: true })
    await placeFolder(staged, folder)
  })
  return folder
}
