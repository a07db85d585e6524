import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { TICKETS_PATH, WINDOW_PATHS } from '../contract/entry.js'
import { UserError } from '../contract/errors.js'
import { replaceTextSync } from '../durable/replace-file.js'
import { explainDiskError } from '../storage/disk-errors.js'

/** The record that the process holding a home leaves for the user's other processes. */
const HostRecordSchema = z.object({
  pid: z.int().positive(),
  kind: z.enum(['electron', 'server', 'cli']),
  /** `http://127.0.0.1:PORT` */
  address: z.string().regex(/^http:\/\/127\.0\.0\.1:\d+$/),
  token: z.string().min(32),
  /** True when it serves until the user or its last client ends it; false when it exits after its own short command. */
  lasting: z.boolean(),
  startedAt: z.number(),
  version: z.string(),
})
export type HostRecord = z.infer<typeof HostRecordSchema>

const fileOf = (home: string): string => join(home, 'host.json')

/** Writes the record atomically, readable by this user only because it holds the token. */
export function writeHostRecord(home: string, record: HostRecord): void {
  try {
    replaceTextSync(fileOf(home), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
  } catch (error) {
    throw explainDiskError(error, fileOf(home))
  }
}

/** The record of a home, or null when there is none or it cannot be read. Its host may have died. */
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
    // A foreign record, or one of another version, counts as none: the lock decides.
    return null
  }
}

/** Removes the record if it still belongs to this host. */
export function removeHostRecord(home: string, own: Pick<HostRecord, 'pid' | 'token'>): void {
  const found = readHostRecord(home)
  if (found?.pid === own.pid && found.token === own.token) rmSync(fileOf(home), { force: true })
}

/** The host of a home, if it currently responds to its token. */
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
    // Nobody listens at that port: a killed host left the record behind.
    return null
  }
}

/** @throws UserError UNAVAILABLE when the host does not respond properly */
async function post({ address, token, pid }: HostRecord, path: string, expected: number): Promise<string> {
  try {
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(`${address}${path}`, { method: 'POST', headers, signal: AbortSignal.timeout(5000) })
    if (response.status === expected) return (await response.text()).trim()
    throw new Error(`status ${response.status}`)
  } catch (error) {
    throw new UserError('UNAVAILABLE', `The workbench (process ${pid}) does not respond. End that process and start Retrace again.`, {
      cause: error,
    })
  }
}

/**
 * Requests a new address from a running host that admits one window within a minute.
 * @throws UserError UNAVAILABLE when the host does not respond
 */
export const askWindowAddress = (host: HostRecord): Promise<string> => post(host, TICKETS_PATH, 201)

/**
 * Revokes the keys of all windows of a running host, including open ones.
 * @throws UserError UNAVAILABLE when the host does not respond
 */
export const askToForgetWindows = async (host: HostRecord): Promise<void> => void (await post(host, WINDOW_PATHS.forget, 200))
