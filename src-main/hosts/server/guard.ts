import { ownCommand } from '../../processes/installation.js'
import type { IncomingMessage } from 'node:http'
import { keyOfProtocols } from '../../contract/entry.js'
import type { Refusal } from '../../transport/websocket.js'
import { sameSecret, TabKeys } from './tickets.js'

/**
 * Controls access to the local server. Three checks protect it against different attacks:
 * - a secret, against other users and programs of this machine: the command line's token, or the key of a tab;
 * - `Host`, against a foreign name that resolves to 127.0.0.1 (DNS rebinding);
 * - `Origin`, against pages of other sites that send requests to this server directly.
 *
 * There is no cookie: browsers send cookies to every port of a host, and thus to every other server of this machine. A tab's key is stored
 * in its `sessionStorage`, which belongs to this port, and sent explicitly by the page. The built page is the same for everybody, so it
 * needs no secret; it shows nothing without a socket.
 */
export class Guard {
  readonly keys = new TabKeys()

  constructor(
    private readonly port: number,
    private readonly token: string,
  ) {}

  /** Why the addressing of the request is wrong, before any secret is checked; null if it is right. */
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

  /** Why the request may not be served; null if it may. */
  refuse(request: IncomingMessage): Refusal | null {
    return this.refuseAddress(request) ?? (this.isCommand(request) || this.isTab(request) ? null : STRANGER)
  }

  /** The same for requests that change something: pages must also send their origin, which browsers always do. */
  refuseChange(request: IncomingMessage): Refusal | null {
    const refusal = this.refuse(request)
    if (refusal || this.isCommand(request) || request.headers.origin !== undefined) return refusal
    return { status: 403, message: 'A request with a window key must come from the page of this server.' }
  }

  /** The same for requests reserved to the user's own commands, which have the token. */
  refuseAllButCommands(request: IncomingMessage): Refusal | null {
    return this.refuseAddress(request) ?? (this.isCommand(request) ? null : STRANGER)
  }

  /** Whether a permitted request comes from the command line, not from a window. */
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
