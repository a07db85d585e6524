import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { handleKeepAlive } from '@trpc/server/adapters/ws'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Services } from '../contract/services.js'
import { connectionHandler, MAX_MESSAGE_BYTES, MAX_UNREAD_BYTES, type DefectListener } from './channel-server.js'

/** Why an upgrade is refused: the status, and a sentence for the body. */
export interface Refusal {
  status: 401 | 403 | 404 | 405
  message: string
}

export interface WebSocketOptions {
  server: Server
  services: Services
  /** Decides on each upgrade before anything else is read from the connection; null admits it. */
  refuse(request: IncomingMessage): Refusal | null
  onDefect: DefectListener
}

export interface WebSocketService {
  /** Connections that are open now. */
  readonly clients: number
  /** Closes every connection and takes no more. */
  close(): void
}

function reject(socket: Duplex, { status, message }: Refusal): void {
  const body = `${message}\n`
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

/** Cuts off a client that does not read, so that its backlog cannot fill the host's memory. */
function limitBacklog(socket: WebSocket): void {
  const send = socket.send.bind(socket)
  socket.send = ((...args: Parameters<typeof send>) => {
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate()
    else send(...args)
  }) as typeof socket.send
}

/** Serves the router over WebSocket connections of an HTTP server, each admitted by `refuse` first. */
export function serveWebSocket({ server, services, refuse, onDefect }: WebSocketOptions): WebSocketService {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false })
  const serve = connectionHandler(services, onDefect)

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Until ws takes the connection over, nobody else listens, and a reset would end the process.
    const lost = (): void => void socket.destroy()
    socket.on('error', lost)
    const refusal = refuse(request)
    if (refusal) return reject(socket, refusal)
    socket.off('error', lost)
    sockets.handleUpgrade(request, socket, head, (client) => {
      limitBacklog(client)
      handleKeepAlive(client)
      serve(client, request)
    })
  }
  server.on('upgrade', upgrade)

  return {
    get clients() {
      return sockets.clients.size
    },
    close() {
      server.off('upgrade', upgrade)
      for (const client of sockets.clients) {
        client.close(1001, 'the workbench was closed')
        // A client that does not answer the closing handshake must not hold up the end.
        setTimeout(() => client.terminate(), 500).unref()
      }
      sockets.close()
    },
  }
}
