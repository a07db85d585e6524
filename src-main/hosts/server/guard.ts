import { ownCommand } from '../../processes/installation.js'
import type { IncomingMessage } from 'node:http'
import { keyOfProtocols } from '../../contract/entry.js'
import type { Refusal } from '../../transport/websocket.js'
import { sameSecret, TabKeys } from './tickets.js'

/**
 * Who may speak to the local server. Three things guard it, each against another way in:
 * - a secret, against other users and programs of this machine: the command line's token, or the key of a tab;
 * - `Host`, against a foreign name that resolves to 127.0.0.1 (DNS rebinding);
 * - `Origin`, against pages of other sites that address this server directly.
 *
 * There is no cookie: browsers send those to every port of a host, and so to every other server of this machine. A tab's key lies in its
 * `sessionStorage`, which belongs to this port, and the page names it itself. The built page is the same for everybody, so that it
 * needs no secret; it shows nothing without a socket.
 */
export class Guard {
  readonly keys = new TabKeys()

  constructor(
    private readonly port: number,
    private readonly token: string,
  ) {}

  /** Why the address of the request is wrong, before any secret is looked at; null when it is right. */
  refuseAddress(request: IncomingMessage): Refusal | null {
    const { host, origin } = request.headers
    const hosts = [`127.0.0.1:${this.port}`, `localhost:${this.port}`]
    if (host === undefined || !hosts.includes(host))
      return {
        status: 403,
        message: `This server only accepts requests to http://${hosts[0]}, not to the host ${JSON.stringify(host ?? '')}.`,
      }
    if (origin !== undefined && origin !== `http://${host}`)
      return { status: 403, message: 'Requests from pages of other origins are not allowed.' }
    return null
  }

  /** Why the request may not be served; null when it may. */
  refuse(request: IncomingMessage): Refusal | null {
    return this.refuseAddress(request) ?? (this.isCommand(request) || this.isTab(request) ? null : STRANGER)
  }

  /** The same for what changes something: a page must name its origin too, which browsers always do. */
  refuseChange(request: IncomingMessage): Refusal | null {
    const refusal = this.refuse(request)
    if (refusal || this.isCommand(request) || request.headers.origin !== undefined) return refusal
    return { status: 403, message: 'A request with a window key must come from the page of this server.' }
  }

  /** The same for what only the user's own commands may do, which have the token. */
  refuseAllButCommands(request: IncomingMessage): Refusal | null {
    return this.refuseAddress(request) ?? (this.isCommand(request) ? null : STRANGER)
  }

  /** Whether a request that may be served comes from the command line, not from a window. */
  isCommand(request: IncomingMessage): boolean {
    return sameSecret(bearer(request), this.token)
  }

  private isTab(request: IncomingMessage): boolean {
    return this.keys.isKey(bearer(request) ?? keyOfProtocols(request.headers['sec-websocket-protocol']))
  }
}

const STRANGER: Refusal = {
  status: 401,
  message: `This window does not belong to the running workbench. Run ${ownCommand('start')} again to open one that does.`,
}

const bearer = (request: IncomingMessage): string | undefined => /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
