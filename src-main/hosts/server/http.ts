import { ownCommand } from '../../processes/installation.js'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { TICKET, TICKETS_PATH } from '../../contract/entry.js'
import { UserError } from '../../contract/errors.js'
import type { Api } from '../../features/router.js'
import type { DefectListener } from '../../transport/channel-server.js'
import { answerCall, HTTP_API_PATH } from '../../transport/http.js'
import { API_PATH } from '../../transport/websocket-client.js'
import { serveWebSocket, type Refusal } from '../../transport/websocket.js'
import { anywhere, nowhere, onlyIn } from '../../transport/writing.js'
import { guarded, warn } from '../../processes/guarded.js'
import { contentPolicy } from '../content-policy.js'
import { CHECK_MS, CONNECTION_BOUNDS, Connections, HEADERS_MS, type ConnectionBounds } from './connections.js'
import { entryPage } from './entry.js'
import { Guard } from './guard.js'
import { pageSource, type PageAddress } from './page.js'
import { HANDED_MS, newSecret, Tickets } from './tickets.js'
import { UPLOAD_PATH, Uploads } from './uploads.js'
import { windowEntry } from './window-entry.js'
import { WindowKeys } from './window-keys.js'

/** Tried first, so that the address of a window stays the same across starts. */
export const DEFAULT_PORT = 41573

export interface LocalServerOptions {
  api: Api
  /** Null serves the API only. */
  page: PageAddress | null
  /** Folder for files uploaded by a browser; it belongs to this server alone. Absent: no uploads. */
  uploads?: string | undefined
  /** The only folder to which windows may write files. Absent: none. */
  exports?: string | undefined
  /** The home with the secret for readmitting windows after a restart. Absent: windows are not readmitted. */
  home?: string | undefined
  bounds?: Partial<ConnectionBounds> | undefined
  onDefect: DefectListener
}

export interface LocalServer {
  port: number
  /** `http://127.0.0.1:PORT` */
  address: string
  /** For the user's other processes; its holder may do anything here. */
  token: string
  /** A new address that admits one window, once, within `HANDED_MS`. */
  readonly windowAddress: string
  /** The same with another lifetime; `onEnd` is called when the address is opened for the first time, even if that is too late. */
  newWindowAddress(lifeMs: number, onEnd?: () => void): string
  /** Number of open connections of pages and commands. */
  readonly clients: number
  close(): Promise<void>
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Bound to the loopback interface only, whatever the network is.
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** Connections are refused until the home is open, instead of waiting for it. */
const refuseEarly = guarded(warn, (socket: Socket) => void socket.destroy())

/**
 * Takes a port before anything else is opened, so that a port in use has no side effects.
 * @param wanted undefined: the preferred port, or any free one if that is in use; 0: any free one
 * @throws UserError UNAVAILABLE when the wanted port is in use
 */
export async function takePort(wanted: number | undefined, preferred = DEFAULT_PORT): Promise<Server> {
  // Uploads have no time limit; unauthenticated clients are limited by `Connections`.
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: 0, connectionsCheckingInterval: CHECK_MS })
  server.on('connection', refuseEarly)
  try {
    await listen(server, wanted ?? preferred)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    if (wanted === undefined) return takePort(0)
    const why = code === 'EACCES' ? 'requires special permissions' : 'is in use by another program'
    throw new UserError('UNAVAILABLE', `Port ${wanted} ${why}. Choose another with --port, or omit the option to use a free one.`, {
      cause: error,
    })
  }
  return server
}

function answer(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
  response.end(message ? `${message}\n` : undefined)
}

/** The address of a request on this server; null if it is malformed. */
function addressOf({ url = '/' }: IncomingMessage): URL | null {
  // Without repeated leading slashes, which would denote another host.
  const path = url.replace(/^\/+/, '/')
  return path.startsWith('/') && URL.canParse(path, 'http://127.0.0.1') ? new URL(path, 'http://127.0.0.1') : null
}

/**
 * Serves page and API on a port of 127.0.0.1, the API only to this user's windows and commands (see `Guard`).
 * @param server from `takePort`
 */
export function startLocalServer(server: Server, options: LocalServerOptions): LocalServer {
  const { api, page, uploads: uploadFolder, exports, home = null, bounds, onDefect } = options
  const requireHome = async (): Promise<void> => (await api.features()).ports.home?.require()
  const uploads = uploadFolder === undefined ? null : new Uploads(uploadFolder, requireHome)
  const token = newSecret()
  const tickets = new Tickets()
  const fault = (error: unknown): void => onDefect(asError(error), undefined)
  const pages = page === null ? null : pageSource(page, fault)
  const connections = new Connections(server, { ...CONNECTION_BOUNDS, ...bounds }, fault)
  server.off('connection', refuseEarly)
  const { port } = server.address() as AddressInfo
  const guard = new Guard(port, token)
  const windows = new WindowKeys(port, home, (error) => onDefect(asError(error), 'windows.json'), undefined, requireHome)
  const ofWindows = new Set<Socket>()
  const enter = windowEntry({ guard, windows, cutOff: () => ofWindows.forEach((socket) => socket.destroy()) })
  const address = `http://127.0.0.1:${port}`
  const newWindowAddress = (lifeMs: number, onEnd?: () => void): string => `${address}/?${TICKET}=${tickets.issue(lifeMs, onEnd)}`
  const policy = contentPolicy(`ws://127.0.0.1:${port} ws://localhost:${port} ${pages?.sockets ?? ''}`.trim())

  /** Marks the connection of a request as authenticated, unless the request is refused. */
  const admit = (request: IncomingMessage, refusal: Refusal | null): Refusal | null => {
    if (!refusal) connections.admit(request.socket)
    return refusal
  }

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const headers = {
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
    }
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)

    const wrongAddress = guard.refuseAddress(request)
    if (wrongAddress) return answer(response, wrongAddress.status, wrongAddress.message)
    if (uploads && request.url?.startsWith(UPLOAD_PATH)) {
      const refusal = admit(request, guard.refuseChange(request))
      if (refusal) return answer(response, refusal.status, refusal.message)
      uploads.handle(request, response, addressOf(request)?.pathname ?? '').catch((error: Error) => {
        onDefect(error, request.url)
        if (response.headersSent) response.destroy()
        else answer(response, 500, 'The upload failed because of a bug in Retrace.')
      })
      return
    }
    const url = addressOf(request)
    if (url?.pathname === TICKETS_PATH && request.method === 'POST') {
      const refusal = admit(request, guard.refuseAllButCommands(request))
      return refusal ? answer(response, refusal.status, refusal.message) : answer(response, 201, newWindowAddress(HANDED_MS))
    }
    if (url?.pathname.startsWith(HTTP_API_PATH)) {
      const refusal = admit(request, guard.refuseAllButCommands(request))
      if (refusal) return answer(response, refusal.status, refusal.message)
      answerCall(api, request, response, url.pathname.slice(HTTP_API_PATH.length), onDefect).catch((error: Error) => {
        onDefect(error, url.pathname)
        response.destroy()
      })
      return
    }
    const entered = enter(request, response, url?.pathname ?? '')
    if (entered)
      return void entered.catch((error: Error) => {
        // If the connection broke in the middle of a request, there is no defect to report.
        if (!request.destroyed) onDefect(error, request.url)
        response.destroy()
      })
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'Only GET is supported.')
    if (!url) return answer(response, 400, 'This address is malformed.')
    if (url.pathname === '/session') {
      const refusal = admit(request, guard.refuse(request))
      return refusal ? answer(response, refusal.status, refusal.message) : answer(response, 204, '')
    }
    if (!pages) return answer(response, 404, `This process serves commands only. ${ownCommand('start')} opens the workbench.`)
    const ticket = url.searchParams.get(TICKET)
    if (ticket !== null && request.method === 'GET') {
      // A browser that prefetches the address would spend the ticket for nothing.
      if (request.headers['sec-purpose']?.includes('prefetch')) return answer(response, 503, 'This address must not be prefetched.')
      return void pages.index().then((index) => {
        if (index === null)
          return answer(response, 503, 'The page of the workbench is missing, perhaps because it is being built. Try again in a moment.')
        const entry = entryPage(index, tickets.spend(ticket), () => guard.keys.issue())
        response.writeHead(entry.status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' })
        response.end(entry.page)
      }, fault)
    }
    pages.serve(request, response, () => answer(response, 404, 'File not found.'))
  }
  server.on(
    'request',
    guarded(fault, (request, response) => {
      try {
        handle(request, response)
      } catch (error) {
        if (response.headersSent) response.destroy()
        else answer(response, 500, 'The request failed because of a bug in Retrace.')
        throw error
      }
    }),
  )
  // Such as too many open files: existing connections and runs continue.
  server.on('error', guarded(fault, fault))

  const sockets = serveWebSocket({
    server,
    api,
    onDefect,
    writePathOf: (request) => (guard.isCommand(request) ? anywhere : exports === undefined ? nowhere : onlyIn(exports)),
    refuse(request) {
      const refusal = guard.refuseChange(request)
      if (refusal) return refusal
      if (addressOf(request)?.pathname !== API_PATH) return { status: 404, message: `WebSockets are served at ${API_PATH} only.` }
      if (connections.full)
        return { status: 503, message: 'The workbench has reached the maximum number of windows and commands. Close one.' }
      if (!guard.isCommand(request)) {
        ofWindows.add(request.socket)
        request.socket.once(
          'close',
          guarded(fault, () => ofWindows.delete(request.socket)),
        )
      }
      return admit(request, null)
    },
  })

  return {
    port,
    address,
    token,
    get windowAddress() {
      return newWindowAddress(HANDED_MS)
    },
    newWindowAddress,
    get clients() {
      return sockets.clients
    },
    close: async () => {
      await windows.closeInHome()
      await new Promise<void>((resolve) => {
        sockets.close()
        server.close(() => resolve())
        server.closeIdleConnections()
        // Connections that have not ended by then are closed, because the end must not depend on a client.
        setTimeout(
          guarded(fault, () => connections.destroy()),
          700,
        ).unref()
      })
      await uploads?.close()
    },
  }
}
