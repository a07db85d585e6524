import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { guarded, warn } from '../../processes/guarded.js'

/**
 * Limits of a server's connections. A process may have about a thousand open files and connections, which runs need too, so that
 * unauthenticated clients must not exhaust them; authenticated ones have windows, and no user opens hundreds of those.
 */
export interface ConnectionBounds {
  /** Maximum number of unauthenticated connections: the oldest is closed for a new one. */
  strangers: number
  /** Time limit in milliseconds for authenticating, and for delivering the page. */
  strangerMs: number
  /** Maximum number of authenticated connections: further ones are refused. */
  admitted: number
}

export const CONNECTION_BOUNDS: ConnectionBounds = { strangers: 128, strangerMs: 60_000, admitted: 256 }

/** Time limit for the header of a request, and interval of its checks, in milliseconds. */
export const HEADERS_MS = 10_000
export const CHECK_MS = 2000

/** Enforces the limits of a server's connections: few and short ones for unauthenticated clients, long ones for authenticated ones. */
export class Connections {
  /** In the order of their arrival, each with the timer that ends it. */
  private readonly strangers = new Map<Socket, NodeJS.Timeout>()
  private readonly admitted = new Set<Socket>()

  constructor(
    server: Server,
    private readonly bounds: ConnectionBounds = CONNECTION_BOUNDS,
    private readonly fault: (error: unknown) => void = warn,
  ) {
    server.on(
      'connection',
      guarded(fault, (socket) => this.begin(socket)),
    )
  }

  /** Whether the limit of authenticated connections has been reached. */
  get full(): boolean {
    return this.admitted.size >= this.bounds.admitted
  }

  /** The connection has presented a secret and may stay open indefinitely. */
  admit(socket: Socket): void {
    const end = this.strangers.get(socket)
    if (end === undefined) return
    clearTimeout(end)
    this.strangers.delete(socket)
    this.admitted.add(socket)
  }

  destroy(): void {
    for (const socket of [...this.strangers.keys(), ...this.admitted]) socket.destroy()
  }

  private begin(socket: Socket): void {
    const end = setTimeout(
      guarded(this.fault, () => socket.destroy()),
      this.bounds.strangerMs,
    )
    end.unref()
    this.strangers.set(socket, end)
    socket.once(
      'close',
      guarded(this.fault, () => {
        clearTimeout(end)
        this.strangers.delete(socket)
        this.admitted.delete(socket)
      }),
    )
    if (this.strangers.size <= this.bounds.strangers) return
    const [oldest] = this.strangers.keys()
    this.strangers.delete(oldest!)
    oldest!.destroy()
  }
}
