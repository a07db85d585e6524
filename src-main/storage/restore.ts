import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'
import type { z } from 'zod'
import { UserError } from '../contract/errors.js'
import { belongsToHome, HEAD, HeadSchema, META_LIMIT, TAIL, TailSchema, type Head } from './backup-format.js'
import { openDatabase } from './database.js'
import { explainDiskError } from './disk-errors.js'
import { findProblems } from './integrity.js'
import { openHomeDisk } from './home-disk.js'

/**
 * Unpacks a backup into an empty folder and makes sure that it is whole: every file with its hash, and the database by SQLite's
 * own checks. A file that is not a backup, is damaged, or holds anything else is refused.
 *
 * @param onProgress part of the bytes that are unpacked, 0 to 1
 * @throws UserError BAD_INPUT, NOT_FOUND or DISK
 */
export async function unpackBackup(file: string, into: string, onProgress: (progress: number) => void = () => undefined): Promise<Head> {
  const refuse = (why: string): UserError => new UserError('BAD_INPUT', `${file} cannot be restored: ${why}.`)
  const size = (
    await stat(file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        throw new UserError('NOT_FOUND', `There is no file ${file}: give the path of a backup.`)
      throw explainDiskError(error, file)
    })
  ).size
  const tar = extract()
  const reading = pipeline(createReadStream(file), tar)
  // Its failure also ends the loop below, which tells of it.
  reading.catch(() => undefined)

  let head: Head | null = null
  let sums: Record<string, string> | null = null
  let bytes = 0
  const hashes = new Map<string, string>()
  try {
    for await (const next of tar) {
      const { name, type, size: length = 0 } = next.header
      const entry = next as AsyncIterable<Buffer>
      if (sums) throw refuse('something follows its end')
      if (type !== 'file') throw refuse(`it holds ${name}, which is no plain file`)
      if (!head) {
        if (name !== HEAD) throw refuse('it is no backup of Retrace')
        head = parse(HeadSchema, await readText(entry, length, refuse), refuse)
        if (head.bytes > size) throw refuse('it is cut short')
        const space = openHomeDisk(into).space()
        if (space && space.free < head.bytes)
          throw new UserError('DISK', `The disk of ${into} has no room for the ${head.bytes} bytes of this backup: free some space first.`)
      } else if (name === TAIL) sums = parse(TailSchema, await readText(entry, length, refuse), refuse).sha256
      else {
        if (!belongsToHome(name)) throw refuse(`it holds ${JSON.stringify(name)}, which does not belong into a home`)
        if (hashes.has(name)) throw refuse(`it holds ${name} twice`)
        bytes += length
        if (bytes > head.bytes || hashes.size >= head.files) throw refuse('it holds more than it announces')
        hashes.set(name, await unpackFile(entry, join(into, name)))
        onProgress(bytes / Math.max(1, head.bytes))
      }
    }
    await reading
  } catch (error) {
    if (error instanceof UserError) throw error
    const code = (error as NodeJS.ErrnoException).code
    if (code) throw explainDiskError(error, into)
    throw refuse(`it is no whole archive (${error instanceof Error ? error.message : String(error)})`)
  }
  if (!head || !sums) throw refuse('it is cut short')
  if (hashes.size !== head.files) throw refuse(`${head.files - hashes.size} files are missing from it`)
  const damaged = [...hashes].find(([path, hash]) => sums[path] !== hash)
  if (damaged) throw refuse(`${damaged[0]} in it is damaged`)
  await checkDatabase(join(into, 'retrace.sqlite'), refuse)
  return head
}

async function checkDatabase(path: string, refuse: (why: string) => UserError): Promise<void> {
  const db = await openDatabase(path)
  try {
    const [problem] = await findProblems(path)
    if (problem) throw refuse(`its database is damaged (${problem})`)
  } finally {
    db.close()
  }
}

async function unpackFile(entry: AsyncIterable<Buffer>, path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const hash = createHash('sha256')
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk)
      next(null, chunk)
    },
  })
  // wx: a name that is there already is never written over.
  await pipeline(entry, hashed, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
  return hash.digest('hex')
}

async function readText(entry: AsyncIterable<Buffer>, length: number, refuse: (why: string) => UserError): Promise<string> {
  if (length > META_LIMIT) throw refuse('its table of contents is too large')
  const parts: Buffer[] = []
  for await (const chunk of entry) parts.push(chunk)
  return Buffer.concat(parts).toString('utf8')
}

function parse<T>(schema: z.ZodType<T>, text: string, refuse: (why: string) => UserError): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    throw refuse('its table of contents cannot be read; it may be of a newer Retrace')
  }
}
