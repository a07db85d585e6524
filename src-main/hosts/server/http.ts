import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import sirv from 'sirv'
import { UserError } from '../../contract/errors.js'
import type { Services } from '../../contract/services.js'
import type { DefectListener } from '../../transport/channel-server.js'
import { API_PATH } from '../../transport/websocket-client.js'
import { serveWebSocket } from '../../transport/websocket.js'
import { contentPolicy } from '../content-policy.js'
import { Guard, newSecret } from './guard.js'
import { UPLOAD_PATH, Uploads } from './uploads.js'

/** Tried first, so that a window's address stays the same from start to start. */
export const DEFAULT_PORT = 41573

export interface LocalServerOptions {
  services: Services
  /** Folder of the built page; null serves the API alone. */
  page: string | null
  /** Folder for files that a browser sends; it belongs to this server alone. Absent: none are taken. */
  uploads?: string | undefined
  onDefect: DefectListener
}

export interface LocalServer {
  port: number
  /** `http://127.0.0.1:PORT` */
  address: string
  /** For the user's other processes; whoever has it may do anything here. */
  token: string
  /** Address that gives a window its session; it holds the token. */
  windowAddress: string
  /** Connections of pages and commands that are open now. */
  readonly clients: number
  close(): Promise<void>
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Bound to this machine alone, whatever its network is.
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/**
 * Takes a port before anything else is opened, so that a port in use changes nothing.
 * @param wanted undefined: the default port, or any free one when that is taken; 0: any free one
 * @throws UserError UNAVAILABLE when the wanted port is taken
 */
export async function takePort(wanted: number | undefined): Promise<Server> {
  const server = createServer()
  try {
    await listen(server, wanted ?? DEFAULT_PORT)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    if (wanted === undefined) return takePort(0)
    const why = code === 'EACCES' ? 'may not be used without special rights' : 'is in use by another program'
    throw new UserError('UNAVAILABLE', `Port ${wanted} ${why}: choose another with --port, or leave the option out for a free one.`, {
      cause: error,
    })
  }
  return server
}

function answer(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
  response.end(message ? `${message}\n` : undefined)
}

/** The address that a request names, on this server; null when it is malformed. */
function addressOf({ url = '/' }: IncomingMessage): URL | null {
  // Without leading doubled slashes, which would name another host.
  const path = url.replace(/^\/+/, '/')
  return path.startsWith('/') && URL.canParse(path, 'http://127.0.0.1') ? new URL(path, 'http://127.0.0.1') : null
}

/**
 * Says why a folder is not the built page.
 * @throws UserError UNAVAILABLE
 */
export function requirePage(page: string): void {
  if (!existsSync(join(page, 'index.html')))
    throw new UserError('UNAVAILABLE', `The page of the workbench is not built (${page} is missing): run \`npm run build\`.`)
}

/**
 * Serves page and API on a port of 127.0.0.1, to this user's windows and commands only (see `Guard`).
 * @param server from `takePort`
 */
export function startLocalServer(server: Server, { services, page, uploads: uploadFolder, onDefect }: LocalServerOptions): LocalServer {
  const uploads = uploadFolder === undefined ? null : new Uploads(uploadFolder)
  const files = page === null ? null : sirv(page, { single: true, etag: true })
  const token = newSecret()
  const connections = new Set<Socket>()
  server.on('connection', (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  const { port } = server.address() as AddressInfo
  const guard = new Guard(port, token)
  const policy = contentPolicy(`ws://127.0.0.1:${port} ws://localhost:${port}`)

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
      // As for a socket: what changes something must come from the page itself.
      const refusal = guard.refuseSocket(request)
      if (refusal) return answer(response, refusal.status, refusal.message)
      uploads.handle(request, response, addressOf(request)?.pathname ?? '').catch((error: Error) => {
        onDefect(error, request.url)
        if (response.headersSent) response.destroy()
        else answer(response, 500, 'The upload failed by a defect of Retrace.')
      })
      return
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'Only GET is served here.')

    const url = addressOf(request)
    if (!url) return answer(response, 400, 'This address is malformed.')
    if (url.searchParams.has('token')) {
      if (!guard.isToken(url.searchParams.get('token')))
        return answer(response, 401, 'This address is of an earlier start: open the one that Retrace printed last.')
      url.searchParams.delete('token')
      // The token leaves the address bar and the history here.
      response.writeHead(303, {
        Location: `${url.pathname.replace(/^\/+/, '/')}${url.search}`,
        'Set-Cookie': guard.setCookie,
        'Cache-Control': 'no-store',
      })
      return void response.end()
    }

    const refusal = guard.refuse(request)
    if (refusal) return answer(response, refusal.status, refusal.message)
    if (url.pathname === '/session') return answer(response, 204, '')
    if (!files) return answer(response, 404, 'This process serves commands only; `npm start` opens the workbench.')
    files(request, response, () => answer(response, 404, 'There is no such file.'))
  }
  server.on('request', handle)

  const sockets = serveWebSocket({
    server,
    services,
    onDefect,
    refuse(request) {
      return (
        guard.refuseSocket(request) ??
        (addressOf(request)?.pathname === API_PATH ? null : { status: 404, message: `Sockets are served at ${API_PATH} only.` })
      )
    },
  })

  const address = `http://127.0.0.1:${port}`
  return {
    port,
    address,
    token,
    windowAddress: `${address}/?token=${token}`,
    get clients() {
      return sockets.clients
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        sockets.close()
        server.close(() => resolve())
        server.closeIdleConnections()
        // What has not ended by itself by then is cut off; the end must not depend on a client.
        setTimeout(() => connections.forEach((socket) => socket.destroy()), 700).unref()
      })
      await uploads?.close()
    },
  }
}
