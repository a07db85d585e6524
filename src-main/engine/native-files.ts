import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { alteredFiles, type ExpectedFile } from './altered-files.js'
import { placedEngine, type EnginePaths } from './location.js'

/** The list of extracted files in the library's folder. */
export const MANIFEST = 'manifest.json'
export const ManifestSchema = z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() }))

/** Stores which files of the cache were found to be undamaged. */
export const soundFilesMemory = (cache: string): string => join(cache, 'sound-files.json')

/** The files of a library with the hashes of the extracted content; null if there is no complete library. */
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
 * Lists files of the native engine that differ from what set-up installed: loaded code runs with all permissions of the user, and a
 * truncated or damaged library computes wrong results or crashes.
 */
export async function alteredNativeFiles(cache: string, paths: EnginePaths): Promise<string[]> {
  const placed = placedEngine(paths)
  if (placed === null) return [paths.binding]
  const folder = await realpath(paths.deps)
  const library = await libraryFiles(folder)
  if (library === null) return [join(folder, MANIFEST)]
  return alteredFiles([...library, { path: paths.binding, sha256: placed.sha256 }], soundFilesMemory(cache))
}
