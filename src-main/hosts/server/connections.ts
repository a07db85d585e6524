import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { guarded, warn } from '../../processes/guarded.js'

/**
 * Bounds of a server's connections. A process may have some thousand files and connections open, which runs need too, so that who is not
 * let in must not take them all; and who is let in has a window, of which nobody has hundreds.
 */
export interface ConnectionBounds {
  /** Connections that have not been let in, at a time: the oldest is closed for a new one. */
  strangers: number
  /** How long one may take to be let in, in milliseconds; also the page is delivered within. */
  strangerMs: number
  /** Connections that are let in, at a time: further ones are refused. */
  admitted: number
}

export const CONNECTION_BOUNDS: ConnectionBounds = { strangers: 128, strangerMs: 60_000, admitted: 256 }

/** How long the head of a request may take, and how often that is looked at, in milliseconds. */
export const HEADERS_MS = 10_000
export const CHECK_MS = 2000

/** The connections of a server, kept within bounds: few and short ones for strangers, long ones for who was let in. */
export class Connections {
  /** In the order in which they came, each with its end. */
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

  /** Whether another connection may be admitted. */
  get full(): boolean {
    return this.admitted.size >= this.bounds.admitted
  }

  /** This connection named a secret: it stays as long as it likes. */
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
