import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceTextSync } from '../durable/replace-file.js'
import { explainDiskError } from '../storage/disk-errors.js'

/** What the process that holds a home says about itself, for the user's other processes. */
export const HostRecordSchema = z.object({
  pid: z.int().positive(),
  kind: z.enum(['electron', 'server', 'cli']),
  /** `http://127.0.0.1:PORT` */
  address: z.string().regex(/^http:\/\/127\.0\.0\.1:\d+$/),
  token: z.string().min(32),
  /** It serves until its user ends it, or until its last client leaves; false: it goes when its own short command is done. */
  lasting: z.boolean(),
  startedAt: z.number(),
  version: z.string(),
})
export type HostRecord = z.infer<typeof HostRecordSchema>

const fileOf = (home: string): string => join(home, 'host.json')

/** Writes the record whole or not at all, readable by this user only: it holds the token. */
export function writeHostRecord(home: string, record: HostRecord): void {
  try {
    replaceTextSync(fileOf(home), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
  } catch (error) {
    throw explainDiskError(error, fileOf(home))
  }
}

/** The record of the home, or null where there is none that can be read; it may be a dead host's. */
export function readHostRecord(home: string): HostRecord | null {
  let text: string
  try {
    text = readFileSync(fileOf(home), 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))) return null
    throw explainDiskError(error, fileOf(home))
  }
  try {
    return HostRecordSchema.parse(JSON.parse(text))
  } catch {
    // Not ours, or of a version that wrote it otherwise: as good as none, the lock decides.
    return null
  }
}

/** Removes the record if it is still this host's own. */
export function removeHostRecord(home: string, own: Pick<HostRecord, 'pid' | 'token'>): void {
  const found = readHostRecord(home)
  if (found?.pid === own.pid && found.token === own.token) rmSync(fileOf(home), { force: true })
}

/** The host of this home, if it answers to its token now. */
export async function findHost(home: string, timeoutMs = 2000): Promise<HostRecord | null> {
  const record = readHostRecord(home)
  if (!record) return null
  try {
    const response = await fetch(`${record.address}/session`, {
      headers: { authorization: `Bearer ${record.token}` },
      signal: AbortSignal.timeout(timeoutMs),
    })
    await response.body?.cancel()
    return response.status === 204 ? record : null
  } catch {
    // Nobody listens there any more: the record was left by a host that was killed.
    return null
  }
}
