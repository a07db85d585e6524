import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { replaceFile } from '../durable/replace-file.js'

/** SHA-256 of a file in hexadecimal, read as a stream. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

export interface ExpectedFile {
  path: string
  sha256: string
}

/** Known content hashes by path, with the size and times of the file. */
const MemorySchema = z.record(z.string(), z.strictObject({ identity: z.string(), sha256: z.string() }))
type Memory = z.infer<typeof MemorySchema>

/** A fingerprint that changes when a file is replaced or written to; null when it does not exist. */
async function identityOf(path: string): Promise<string | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}

async function recall(memory: string): Promise<Memory> {
  try {
    return MemorySchema.parse(JSON.parse(await readFile(memory, 'utf8')))
  } catch {
    // Nothing is assumed then: every file is read.
    return {}
  }
}

/** If the folder cannot be written, every start takes longer, without other consequences. */
const keep = (memory: string, known: Memory): Promise<void> =>
  replaceFile(memory, (temporary) => writeFile(temporary, JSON.stringify(known))).catch(() => undefined)

/**
 * Lists the files that are missing or whose content differs from what is expected. A file is read once after each change of its size or
 * times (about a second per GB), and otherwise only its status is checked.
 * @param memory file in which the results are stored; it may be shared
 */
export async function alteredFiles(expected: readonly ExpectedFile[], memory: string): Promise<string[]> {
  const known = await recall(memory)
  const read: Memory = {}
  const altered: string[] = []
  for (const file of expected) {
    const identity = await identityOf(file.path)
    const before = known[file.path]
    const same = before?.identity === identity ? before?.sha256 : undefined
    const content = identity === null ? null : (same ?? (await sha256(file.path)))
    if (content !== file.sha256) altered.push(file.path)
    if (identity !== null && content !== null && same === undefined) read[file.path] = { identity, sha256: content }
  }
  if (Object.keys(read).length > 0) await keep(memory, { ...(await recall(memory)), ...read })
  return altered
}

/** Stores the content hashes of files that were just written, so that they need not be read again. */
export async function rememberFiles(written: readonly ExpectedFile[], memory: string): Promise<void> {
  const read: Memory = {}
  for (const { path, sha256: content } of written) {
    const identity = await identityOf(path)
    if (identity !== null) read[path] = { identity, sha256: content }
  }
  await keep(memory, { ...(await recall(memory)), ...read })
}
