import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { handleKeepAlive } from '@trpc/server/adapters/ws'
import { WebSocketServer, type WebSocket } from 'ws'
import { CLOSED_REASON, SOCKET_PROTOCOL } from '../contract/entry.js'
import type { WritePath } from '../contract/writing.js'
import type { Api } from '../features/router.js'
import { guarded } from '../processes/guarded.js'
import { connectionHandler, MAX_MESSAGE_BYTES, MAX_UNREAD_BYTES, type DefectListener } from './channel-server.js'

/** Why an upgrade is refused: the status, and a sentence for the body. */
export interface Refusal {
  status: 400 | 401 | 403 | 404 | 405 | 503
  message: string
}

export interface WebSocketOptions {
  server: Server
  api: Api
  /** Checks each upgrade before anything else is read from the connection; null admits it. */
  refuse(request: IncomingMessage): Refusal | null
  /** The write permissions of the client of an admitted connection. */
  writePathOf(request: IncomingMessage): WritePath
  onDefect: DefectListener
}

export interface WebSocketService {
  /** Number of open connections. */
  readonly clients: number
  /** Closes all connections and accepts no more. */
  close(): void
}

function reject(socket: Duplex, { status, message }: Refusal): void {
  const body = `${message}\n`
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

/** Disconnects a client that does not read, so that its backlog cannot fill the host's memory. */
function limitBacklog(socket: WebSocket): void {
  const send = socket.send.bind(socket)
  socket.send = ((...args: Parameters<typeof send>) => {
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate()
    else send(...args)
  }) as typeof socket.send
}

/** Serves the router over WebSocket connections of an HTTP server, each admitted by `refuse` first. */
export function serveWebSocket({ server, api, refuse, writePathOf, onDefect }: WebSocketOptions): WebSocketService {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    // Never a protocol that contains a key.
    handleProtocols: (protocols) => (protocols.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
  })
  const serve = connectionHandler(api, writePathOf, onDefect)

  const fault = (error: unknown): void => onDefect(error instanceof Error ? error : new Error(String(error)), undefined)
  const upgrade = guarded(fault, (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Until ws takes over the connection, nothing else listens for errors, and a reset would end the process.
    const lost = guarded(fault, () => void socket.destroy())
    socket.on('error', lost)
    const refusal = refuse(request)
    if (refusal) return reject(socket, refusal)
    socket.off('error', lost)
    sockets.handleUpgrade(
      request,
      socket,
      head,
      guarded(fault, (client) => {
        limitBacklog(client)
        handleKeepAlive(client)
        serve(client, request)
      }),
    )
  })
  server.on('upgrade', upgrade)

  return {
    get clients() {
      return sockets.clients.size
    },
    close() {
      server.off('upgrade', upgrade)
      for (const client of sockets.clients) {
        client.close(1001, CLOSED_REASON)
        // A client that does not answer the closing handshake must not delay the shutdown.
        setTimeout(
          guarded(fault, () => client.terminate()),
          500,
        ).unref()
      }
      sockets.close()
    },
  }
}
