import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../contract/errors.js'
import type { Services } from '../contract/services.js'
import type { NewAlert } from '../experiments/alerts.js'
import type { DefectListener } from '../transport/channel-server.js'
import { findHost, removeHostRecord, writeHostRecord, type HostRecord } from './discovery.js'
import { prepareHome, type HomeChoice } from './home.js'
import { reopen } from './reopen.js'
import { ReplaceableBackend, type Backend } from './replaceable-backend.js'
import { tryLockHome } from './home-lock.js'
import { requirePage, startLocalServer, takePort, type LocalServer } from './server/http.js'
import { VERSION } from './version.js'

export type HostKind = HostRecord['kind']

export type { Backend } from './replaceable-backend.js'

export type OpenBackend = (options: {
  home: string
  hostKind: HostKind
  /** Absent where the process has work of its own that would be lost. */
  restart?: (() => void) | undefined
  news: readonly NewAlert[]
}) => Promise<Backend>

export interface HostOptions {
  home: HomeChoice
  kind: HostKind
  /** See `HostRecord.lasting`. */
  lasting: boolean
  openBackend: OpenBackend
  /** Folder of the built page; null serves the API alone. */
  page: string | null
  port?: number | undefined
  onDefect: DefectListener
  /** How long to wait for a process that holds the home but cannot be reached, or is about to end. */
  waitMs?: number
}

/** This process holds the home, and serves it to the user's other processes. */
export interface Host {
  home: string
  services: Services
  server: LocalServer
  /** Ends everything in order; calling it again waits for the same end. */
  close(): Promise<void>
}

/**
 * Becomes the host of a home, or finds the one that is running. One of several that start at once becomes the host, the
 * others find it.
 * @returns `running` when another lasting process holds the home and answers
 * @throws UserError DISK, UNAVAILABLE, or CONFLICT when a process that does not answer holds the home
 */
export async function openHost(options: HostOptions): Promise<{ opened: Host } | { running: HostRecord }> {
  if (options.page !== null) requirePage(options.page)
  await checkPort(options)
  const home = prepareHome(options.home)
  const deadline = Date.now() + (options.waitMs ?? 10_000)
  for (;;) {
    const lock = await tryLockHome(home)
    if (lock) {
      try {
        return { opened: await open(home, lock, options) }
      } catch (error) {
        lock.release()
        throw error
      }
    }
    const running = await findHost(home)
    if (running?.lasting) return { running }
    if (Date.now() > deadline)
      throw new UserError(
        'CONFLICT',
        running
          ? `A command of Retrace (process ${running.pid}) uses the home folder ${home}: wait for its end, or choose another with --home.`
          : `Another process uses the home folder ${home} and does not answer: end it, or choose another folder with --home.`,
      )
    await sleep(50)
  }
}

/**
 * Looks whether the wanted port is free before a home is made, so that a taken one leaves no folder behind. A home that is
 * there already may be held by who has the port, which is for its lock to say.
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

async function open(home: string, lock: { release(): void }, options: HostOptions): Promise<Host> {
  const { kind, lasting, openBackend, page, port, onDefect } = options
  const bound = await takePort(port)
  let backend: ReplaceableBackend | undefined
  let server: LocalServer | undefined
  try {
    const restart = (): void =>
      void backend?.replace((closed) => reopen(home, openOn, closed, onDefect)).catch((error: Error) => onDefect(error, 'restore'))
    const openOn = (news: readonly NewAlert[]): Promise<Backend> =>
      openBackend({ home, hostKind: kind, restart: kind === 'cli' ? undefined : () => void setImmediate(restart), news })
    backend = await ReplaceableBackend.open(() => reopen(home, openOn, null, onDefect))
    server = startLocalServer(bound, {
      services: backend.services,
      page,
      ...(page === null ? {} : { uploads: join(home, 'uploads') }),
      onDefect,
    })
    const { address, token } = server
    writeHostRecord(home, { pid: process.pid, kind, address, token, lasting, startedAt: Date.now(), version: VERSION })
  } catch (error) {
    bound.close()
    await backend?.close()
    throw error
  }
  const parts = { backend, server }
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    // The record goes first, so that nobody comes while the rest is closed, and the lock last.
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
  return { home, services: backend.services, server, close: () => (closing ??= close()) }
}
