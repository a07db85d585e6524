import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { sha256 } from '../engine/altered-files.js'
import { bindingSource } from '../engine/binding-source.js'
import { cacheFolder, enginePaths, NAPI_BUILD, packageFolder, placedEngine, TENSORFLOW_VERSION, type Variant } from '../engine/location.js'

/**
 * Bindings shipped with a package, because its users have no compiler: `VARIANT-PLATFORM-ARCHITECTURE/tfjs_binding.node`, and next to it
 * what it was built from.
 */
const BINARY = 'tfjs_binding.node'
const RECORD = 'binding.json'
const RecordSchema = z.strictObject({ source: z.string(), tensorflow: z.string(), napi: z.int(), sha256: z.string() })

const folderOf = (folder: string, variant: Variant): string => join(folder, `${variant}-${process.platform}-${process.arch}`)

/** The shipped binding for this program and machine; null if there is none, or it was built from other sources, or is damaged. */
export async function shippedBinding(folder: string, variant: Variant, packageRoot: string): Promise<string | null> {
  const own = folderOf(folder, variant)
  let text: string
  try {
    text = await readFile(join(own, RECORD), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const record = RecordSchema.parse(JSON.parse(text))
  const path = join(own, BINARY)
  const fits = record.source === bindingSource(packageRoot) && record.tensorflow === TENSORFLOW_VERSION && record.napi === NAPI_BUILD
  return fits && (await sha256(path)) === record.sha256 ? path : null
}

/** Copies a binding that was built here to the folder of those shipped with a package. */
export async function shipBinding(binding: string, folder: string, variant: Variant, packageRoot: string): Promise<void> {
  const own = folderOf(folder, variant)
  await mkdir(own, { recursive: true })
  await copyFile(binding, join(own, BINARY))
  const record: z.infer<typeof RecordSchema> = {
    source: bindingSource(packageRoot),
    tensorflow: TENSORFLOW_VERSION,
    napi: NAPI_BUILD,
    sha256: await sha256(join(own, BINARY)),
  }
  await writeFile(join(own, RECORD), JSON.stringify(record, null, 1))
}

/**
 * Copies the bindings that set-up has built on this machine to the folder of those shipped with a package. @returns whether there are any
 */
export async function shipOwnBinding(folder: string): Promise<boolean> {
  const packageRoot = packageFolder('@tensorflow/tfjs-node-gpu')
  let found = false
  for (const variant of ['cpu', 'cuda'] as const) {
    const paths = enginePaths(cacheFolder(), variant, packageRoot)
    if (placedEngine(paths) === null) continue
    await shipBinding(paths.binding, folder, variant, packageRoot)
    found = true
  }
  return found
}
