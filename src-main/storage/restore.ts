import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'
import type { z } from 'zod'
import { UserError } from '../contract/errors.js'
import { guarded, warn } from '../processes/guarded.js'
import { makeFolderBelow } from '../durable/folders.js'
import { belongsToHome, DATABASE, HEAD, HeadSchema, META_LIMIT, TAIL, TailSchema, type Head } from './backup-format.js'
import { identifyFile, openDatabase } from './database.js'
import { explainDiskError } from './disk-errors.js'
import type { Identity } from './identity.js'
import { findProblems } from './integrity.js'
import { openHomeDisk } from './home-disk.js'

/**
 * Unpacks a backup into an empty folder and verifies it: every file by its hash, and the database by SQLite's own checks. A file that is
 * not a backup, is damaged, or contains anything else is rejected.
 *
 * @param onProgress fraction of the bytes that have been unpacked, 0 to 1
 * @throws UserError BAD_INPUT, NOT_FOUND or DISK
 */
export async function unpackBackup(
  file: string,
  into: string,
  onProgress: (progress: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Head> {
  const refuse = refusalOf(file)
  const size = await sizeOf(file)
  const tar = extract()
  const reading = pipeline(createReadStream(file), tar)
  // Its failure also ends the loop below, which reports it.
  reading.catch(() => undefined)

  let head: Head | null = null
  let sums: Record<string, string> | null = null
  let bytes = 0
  const hashes = new Map<string, string>()
  try {
    for await (const next of tar) {
      signal?.throwIfAborted()
      const { name, type, size: length = 0 } = next.header
      const entry = next as AsyncIterable<Buffer>
      if (sums) throw refuse('it has trailing data')
      if (type !== 'file') throw refuse(`it contains ${name}, which is not a regular file`)
      if (!head) {
        head = await readHead(name, entry, length, size, refuse)
        const space = openHomeDisk(into).space()
        if (space && space.free < head.bytes)
          throw new UserError('DISK', `The disk of ${into} has no room for the ${head.bytes} bytes of this backup. Free some space first.`)
      } else if (name === TAIL) sums = parse(TailSchema, await readText(entry, length, refuse), refuse).sha256
      else {
        if (!belongsToHome(name)) throw refuse(`it contains ${JSON.stringify(name)}, which does not belong in a home`)
        if (hashes.has(name)) throw refuse(`it contains ${name} twice`)
        bytes += length
        if (bytes > head.bytes || hashes.size >= head.files) throw refuse('it contains more than its header states')
        hashes.set(name, await unpackFile(entry, into, name))
        onProgress(bytes / Math.max(1, head.bytes))
      }
    }
    await reading
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof UserError) throw error
    const code = (error as NodeJS.ErrnoException).code
    if (code) throw explainDiskError(error, into)
    throw refuse(`it is not a complete archive (${error instanceof Error ? error.message : String(error)})`)
  }
  if (!head || !sums) throw refuse('it is truncated')
  if (hashes.size !== head.files) throw refuse(`${head.files - hashes.size} files are missing from it`)
  const damaged = [...hashes].find(([path, hash]) => sums[path] !== hash)
  if (damaged) throw refuse(`${damaged[0]} in it is damaged`)
  if (!hashes.has(DATABASE)) throw refuse('it contains no database and therefore no runs')
  await checkDatabase(join(into, DATABASE), refuse, signal)
  return head
}

type Refuse = (why: string) => UserError

const refusalOf =
  (file: string): Refuse =>
  (why) =>
    new UserError('BAD_INPUT', `Cannot restore ${file}: ${why}. Choose another backup.`)

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new UserError('NOT_FOUND', `${file} does not exist. Give the path of a backup.`)
    throw explainDiskError(error, file)
  }
}

async function readHead(name: string, entry: AsyncIterable<Buffer>, length: number, size: number, refuse: Refuse): Promise<Head> {
  if (name !== HEAD) throw refuse('it is not a Retrace backup')
  const head = parse(HeadSchema, await readText(entry, length, refuse), refuse)
  if (head.bytes > size) throw refuse('it is truncated')
  return head
}

/**
 * The header of a backup, without reading the rest.
 *
 * @throws UserError BAD_INPUT when it is not a backup or is truncated, NOT_FOUND or DISK
 */
export async function inspectBackup(file: string): Promise<Head> {
  const [refuse, size, tar] = [refusalOf(file), await sizeOf(file), extract()]
  const reading = createReadStream(file)
  reading.once(
    'error',
    guarded(warn, (error) => tar.destroy(error)),
  )
  reading.pipe(tar)
  try {
    for await (const entry of tar)
      return await readHead(entry.header.name, entry as AsyncIterable<Buffer>, entry.header.size ?? 0, size, refuse)
  } catch (error) {
    if (error instanceof UserError) throw error
    if ((error as NodeJS.ErrnoException).code) throw explainDiskError(error, file)
  } finally {
    reading.destroy()
  }
  throw refuse('it is not a Retrace backup')
}

/** Messages do not name our copy, which users do not know about. */
async function checkDatabase(path: string, refuse: Refuse, signal?: AbortSignal): Promise<void> {
  let identity: Identity
  try {
    identity = await identifyFile(path)
  } catch (error) {
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(String((error as { code?: unknown }).code))) throw refuse('its database is damaged')
    throw error
  }
  if (identity.kind === 'empty') throw refuse('its database is empty')
  if ('why' in identity) throw refuse(`its database ${identity.why}`)
  const db = await openDatabase(path)
  try {
    const [problem] = await findProblems(path, signal)
    if (problem) throw refuse(`its database is damaged (${problem})`)
  } finally {
    db.close()
  }
}

async function unpackFile(entry: AsyncIterable<Buffer>, into: string, name: string): Promise<string> {
  const path = join(into, name)
  await makeFolderBelow(into, dirname(path), 0o700)
  const hash = createHash('sha256')
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk)
      next(null, chunk)
    },
  })
  // wx: an existing file is never overwritten.
  await pipeline(entry, hashed, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
  return hash.digest('hex')
}

async function readText(entry: AsyncIterable<Buffer>, length: number, refuse: Refuse): Promise<string> {
  if (length > META_LIMIT) throw refuse('its table of contents is too large')
  const parts: Buffer[] = []
  for await (const chunk of entry) parts.push(chunk)
  return Buffer.concat(parts).toString('utf8')
}

function parse<T>(schema: z.ZodType<T>, text: string, refuse: Refuse): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    throw refuse('its table of contents cannot be read; it may have been written by a newer Retrace')
  }
}
