import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../contract/errors.js'
import type { NewAlert } from '../features/home/alerts.js'
import type { Api } from '../features/router.js'
import type { DefectListener } from '../transport/channel-server.js'
import { findHost, readHostRecord, removeHostRecord, writeHostRecord, type HostRecord } from './discovery.js'
import { guarded } from '../processes/guarded.js'
import { sayWhenSlow } from '../processes/say-when-slow.js'
import { mendRights } from './home-rights.js'
import { prepareHome, type HomeChoice } from './home.js'
import { reopen } from './reopen.js'
import { ReplaceableBackend, type Backend } from './replaceable-backend.js'
import { tryLockHome, type HomeLock } from './home-lock.js'
import { startLocalServer, takePort, type LocalServer } from './server/http.js'
import { requirePage, type PageAddress } from './server/page.js'
import { portOfWindows } from './server/window-keys.js'
import { VERSION } from './version.js'

export type HostKind = HostRecord['kind']

export type { Backend } from './replaceable-backend.js'

export type OpenBackend = (options: {
  home: string
  hostKind: HostKind
  /** Absent when the process has work of its own that would be lost. */
  restart?: (() => void) | undefined
  news: readonly NewAlert[]
  /** Receives errors that nobody awaits, from timers, events and streams. */
  fault: (error: unknown) => void
}) => Promise<Backend>

export interface HostOptions {
  home: HomeChoice
  kind: HostKind
  /** See `HostRecord.lasting`. */
  lasting: boolean
  openBackend: OpenBackend
  /** Null serves the API only. */
  page: PageAddress | null
  port?: number | undefined
  /** Folder in which windows may write files; by default `exports` in the home. */
  exports?: string | undefined
  onDefect: DefectListener
  /** Receives messages about corrected permissions of the home and about waiting for other processes. */
  note?: ((line: string) => void) | undefined
  /** How long to wait for a process that holds the home but does not respond or is about to end. */
  waitMs?: number
}

/** This process holds the home and serves it to the user's other processes. */
export interface Host {
  home: string
  /** The folder to which windows may write files. */
  exports: string
  api: Api
  server: LocalServer
  /** Shuts everything down in order; calling it again awaits the same shutdown. */
  close(): Promise<void>
}

/**
 * Becomes the host of a home, or finds the running one. Of several processes that start at once, one becomes the host and the others find
 * it.
 * @returns `running` when another lasting process holds the home and responds
 * @throws UserError DISK, UNAVAILABLE, or CONFLICT when a process that does not respond holds the home
 */
export async function openHost(options: HostOptions): Promise<{ opened: Host } | { running: HostRecord }> {
  if (options.page !== null) requirePage(options.page)
  await checkPort(options)
  const home = prepareHome(options.home)
  const mended = mendRights(home)
  for (const sentence of mended) options.note?.(sentence)
  const found = await sayWhenSlow(lockOrFind(home, options), () => options.note?.(describeWait(home)))
  if ('running' in found) return found
  try {
    return { opened: await open(home, found.lock, mended, options) }
  } catch (error) {
    found.lock.release()
    throw error
  }
}

function describeWait(home: string): string {
  const record = readHostRecord(home)
  const who = record === null ? 'another process' : `process ${record.pid}`
  return `Waiting for ${who}, which holds the home folder ${home} and has not responded yet.`
}

async function lockOrFind(home: string, options: HostOptions): Promise<{ lock: HomeLock } | { running: HostRecord }> {
  const deadline = performance.now() + (options.waitMs ?? 10_000)
  for (;;) {
    const lock = await tryLockHome(home)
    if (lock) return { lock }
    const running = await findHost(home)
    if (running?.lasting) return { running }
    if (performance.now() > deadline)
      throw new UserError(
        'CONFLICT',
        running
          ? `The home folder ${home} is in use by another Retrace command (process ${running.pid}). Wait until it ends, or choose another folder with --home.`
          : `The home folder ${home} is in use by another process that does not respond. End that process, or choose another folder with --home.`,
      )
    await sleep(50)
  }
}

/**
 * Checks that the requested port is free before a home is created, so that no folder is left behind if it is not. The process that has
 * the port may hold an existing home, in which case the lock decides.
 */
async function checkPort({ home, port }: HostOptions): Promise<void> {
  if (!port || existsSync(home.folder)) return
  try {
    const probe = await takePort(port)
    await new Promise((resolve) => probe.close(resolve))
  } catch (error) {
    if (!existsSync(home.folder)) throw error
  }
}

async function open(home: string, lock: { release(): void }, mended: readonly string[], options: HostOptions): Promise<Host> {
  const { kind, lasting, openBackend, page, port, exports = join(home, 'exports'), onDefect, note } = options
  const before = page === null ? null : portOfWindows(home)
  const bound = await takePort(port, before ?? undefined)
  let backend: ReplaceableBackend | undefined
  let server: LocalServer | undefined
  try {
    const restart = (): void =>
      void backend?.replace((closed) => reopen(home, openOn, closed, onDefect)).catch((error: Error) => onDefect(error, 'restore'))
    const fault = (error: unknown): void => onDefect(error instanceof Error ? error : new Error(String(error)), undefined)
    // Raised once, by the first back end that opens.
    const rights: NewAlert[] = mended.map((message) => ({ kind: 'rights', level: 'warn', runId: null, message }))
    const openOn = async (news: readonly NewAlert[]): Promise<Backend> => {
      const restartSoon = kind === 'cli' ? undefined : () => void setImmediate(guarded(fault, restart))
      const opened = await openBackend({ home, hostKind: kind, restart: restartSoon, news: [...rights, ...news], fault })
      rights.length = 0
      return opened
    }
    backend = await ReplaceableBackend.open(() => reopen(home, openOn, null, onDefect))
    server = startLocalServer(bound, {
      api: backend,
      page,
      ...(page === null ? {} : { uploads: join(home, 'uploads'), exports, home }),
      onDefect,
    })
    const { address, token } = server
    if (port === undefined && before !== null && before !== server.port)
      note?.(
        `Port ${before}, which the workbench of this home used before, is in use by another program, so port ${server.port} is used instead. Close windows that are still open: they cannot reconnect.`,
      )
    writeHostRecord(home, { pid: process.pid, kind, address, token, lasting, startedAt: Date.now(), version: VERSION })
  } catch (error) {
    bound.close()
    await backend?.close()
    throw error
  }
  const parts = { backend, server }
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    // The record is removed first, so that nobody connects during shutdown, and the lock is released last.
    try {
      removeHostRecord(home, { pid: process.pid, token: parts.server.token })
      await parts.server.close()
    } finally {
      try {
        await parts.backend.close()
      } finally {
        lock.release()
      }
    }
  }
  return { home, exports, api: backend, server, close: () => (closing ??= close()) }
}
