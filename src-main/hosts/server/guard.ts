import { randomBytes, timingSafeEqual, createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Refusal } from '../../transport/websocket.js'

/** 256 random bits as URL-safe text. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

/** Compares without telling by its duration how much of the text is right; lengths may differ. */
export function sameSecret(given: string | null | undefined, secret: string): boolean {
  if (!given) return false
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(secret))
}

/**
 * Who may speak to the local server. Three things guard it, each against another way in:
 * - the secret, against other users and programs of this machine: a bearer token for the command line, a cookie
 *   (HttpOnly, SameSite=Strict) for the page;
 * - `Host`, against a foreign name that resolves to 127.0.0.1 (DNS rebinding);
 * - `Origin`, against pages of other sites that address this server directly.
 *
 * The cookie's value is not the token: browsers send cookies to every port of a host, so another local server may see
 * it, and the token is kept for longer and opens more.
 */
export class Guard {
  /** Value of the page's cookie. */
  private readonly session = newSecret()

  constructor(
    private readonly port: number,
    private readonly token: string,
  ) {}

  /** Ports share cookies, so the name tells servers apart. */
  get cookieName(): string {
    return `retrace-${this.port}`
  }

  /** The header that gives a window its session. */
  get setCookie(): string {
    return `${this.cookieName}=${this.session}; HttpOnly; SameSite=Strict; Path=/`
  }

  isToken(given: string | null): boolean {
    return sameSecret(given, this.token)
  }

  /** Why the address of the request is wrong, before any secret is looked at; null when it is right. */
  refuseAddress(request: IncomingMessage): Refusal | null {
    const { host, origin } = request.headers
    const hosts = [`127.0.0.1:${this.port}`, `localhost:${this.port}`]
    if (host === undefined || !hosts.includes(host))
      return { status: 403, message: `This server answers only to http://${hosts[0]}, not to the name ${JSON.stringify(host ?? '')}.` }
    if (origin !== undefined && origin !== `http://${host}`)
      return { status: 403, message: 'Pages of other sites may not use this server.' }
    return null
  }

  /** Why the request may not be served; null when it may. */
  refuse(request: IncomingMessage): Refusal | null {
    const address = this.refuseAddress(request)
    if (address) return address
    if (this.hasBearer(request) || sameSecret(this.cookie(request), this.session)) return null
    return {
      status: 401,
      message: 'This window does not belong to the running workbench: open the address that Retrace printed when it started.',
    }
  }

  /** For a socket: a page must name its origin too, which browsers always do; other programs need the bearer token. */
  refuseSocket(request: IncomingMessage): Refusal | null {
    const refusal = this.refuse(request)
    if (refusal || this.hasBearer(request) || request.headers.origin !== undefined) return refusal
    return { status: 403, message: 'A connection with a cookie must come from the page of this server.' }
  }

  private hasBearer(request: IncomingMessage): boolean {
    return sameSecret(/^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1], this.token)
  }

  private cookie(request: IncomingMessage): string | undefined {
    const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='))
    return pairs.find(([name]) => name === this.cookieName)?.[1]
  }
}
