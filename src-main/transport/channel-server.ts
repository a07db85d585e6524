import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { TRPCError } from '@trpc/server'
import { getWSConnectionHandler } from '@trpc/server/adapters/ws'
import type { WebSocket } from 'ws'
import { isUserError } from '../contract/errors.js'
import { Subscriptions } from '../contract/subscriptions.js'
import type { WritePath } from '../contract/writing.js'
import type { Api, AppRouter } from '../features/router.js'

/** Maximum size of a message from a client in bytes: a configuration is a few kilobytes. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
/** Maximum number of calls in one message: the page's startup needs about ten, a comparison two for each of its up to 60 runs. */
export const MAX_BATCH = 250
/** A client that leaves this many bytes unread is disconnected; it reconnects and continues from its last change. */
export const MAX_UNREAD_BYTES = 64 * 1024 * 1024

/** Called with errors that are defects (never with a UserError, which is sent to the client as the response). */
export type DefectListener = (error: Error, path: string | undefined) => void

/** Whether a failed call is a defect of Retrace and not an error of its caller. */
export const isDefect = ({ code, cause }: TRPCError): boolean => code === 'INTERNAL_SERVER_ERROR' && !isUserError(cause)

/**
 * tRPC's handler for one connection, over anything with the interface of a `ws` socket.
 * @param writePathOf the write permissions of the client that made the connection
 */
export function connectionHandler(
  { router, features }: Api,
  writePathOf: (request: IncomingMessage) => WritePath,
  onDefect: DefectListener,
): (socket: WebSocket, request: IncomingMessage) => void {
  return getWSConnectionHandler<AppRouter>({
    // Required by the type, read only by applyWSSHandler.
    wss: undefined as never,
    router,
    createContext: ({ req }) => ({ features, writePath: writePathOf(req), subscriptions: new Subscriptions() }),
    maxBatchSize: MAX_BATCH,
    onError: ({ error, path }) => {
      if (isDefect(error)) onDefect(error.cause instanceof Error ? error.cause : error, path)
    },
  })
}

/** The server's end of a string channel. Messages arrive in the order in which they were sent, or the channel closes. */
export interface Channel {
  send(text: string): void
  close(reason: string): void
}

/** Callbacks for the owner of the channel. */
export interface ChannelEvents {
  message(text: string): void
  /** The other end is closed. Later messages are ignored. */
  closed(): void
}

const OPEN = 1
const CLOSED = 3

/** A string channel with the interface of a `ws` socket, as far as tRPC's server uses it. */
class ChannelServerSocket extends EventEmitter {
  readyState = OPEN
  constructor(private readonly channel: Channel) {
    super()
  }
  send(text: string): void {
    if (this.readyState === OPEN) this.channel.send(text)
  }
  close(_code?: number, reason = 'closed'): void {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSED
    this.channel.close(reason)
    this.emit('close')
  }
  terminate(): void {
    this.close()
  }
  lost(): void {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSED
    this.emit('close')
  }
}

/** Serves the router's WebSocket protocol over one string channel. */
export function serveChannel(api: Api, writePath: WritePath, channel: Channel, onDefect: DefectListener): ChannelEvents {
  const socket = new ChannelServerSocket(channel)
  const request = { headers: {}, url: '/', socket: {} }
  connectionHandler(api, () => writePath, onDefect)(socket as unknown as WebSocket, request as unknown as IncomingMessage)
  return {
    message(text) {
      if (socket.readyState !== OPEN) return
      const bytes = Buffer.from(text, 'utf8')
      if (bytes.length > MAX_MESSAGE_BYTES) {
        socket.close(1009, `a message of ${bytes.length} bytes exceeds the limit of ${MAX_MESSAGE_BYTES}`)
        return
      }
      socket.emit('message', bytes, false)
    },
    closed: () => socket.lost(),
  }
}
