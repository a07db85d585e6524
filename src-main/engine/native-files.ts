import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { alteredFiles, type ExpectedFile } from './altered-files.js'
import { placedEngine, type EnginePaths } from './location.js'

/** In the library's folder: what set-up extracted. */
export const MANIFEST = 'manifest.json'
export const ManifestSchema = z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() }))

/** Keeps which files of the cache were found to be sound. */
export const soundFilesMemory = (cache: string): string => join(cache, 'sound-files.json')

/** The files of a library with the hashes of what was extracted; null where there is no library, or only a part. */
export async function libraryFiles(folder: string): Promise<ExpectedFile[] | null> {
  let text: string
  try {
    text = await readFile(join(folder, MANIFEST), 'utf8')
  } catch {
    return null
  }
  const parsed = ManifestSchema.safeParse(parseJson(text))
  return parsed.success ? Object.entries(parsed.data).map(([path, { sha256 }]) => ({ path: join(folder, path), sha256 })) : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * Which files of the native engine are not what set-up placed: what is loaded runs with all rights of the user, and a library that was
 * cut short or damaged computes wrong numbers or crashes.
 */
export async function alteredNativeFiles(cache: string, paths: EnginePaths): Promise<string[]> {
  const placed = placedEngine(paths)
  if (placed === null) return [paths.binding]
  const folder = await realpath(paths.deps)
  const library = await libraryFiles(folder)
  if (library === null) return [join(folder, MANIFEST)]
  return alteredFiles([...library, { path: paths.binding, sha256: placed.sha256 }], soundFilesMemory(cache))
}
