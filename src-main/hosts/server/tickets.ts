import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Returns 256 random bits as URL-safe text. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares in constant time; lengths may differ. */
export const sameSecret = (given: string | null | undefined, secret: string): boolean =>
  Boolean(given) && timingSafeEqual(digest(given!), digest(secret))

/** Lifetime of a ticket that the workbench hands to a browser, which connects within seconds, in milliseconds. */
export const HANDED_MS = 60_000
/** Lifetime of a ticket that a user copies from a terminal. */
export const PRINTED_MS = 10 * 60_000
/** Lifetime of a ticket that another program reads, which may store what it reads. */
export const PIPED_MS = 2 * 60_000

/** Number of tickets remembered, so that an expired ticket can be distinguished from an invalid one. */
const KEPT = 1000

export type Spent = 'good' | 'used' | 'expired' | 'unknown'

interface Ticket {
  until: number
  used: boolean
  /** Called once, when the ticket is spent or comes too late. */
  onEnd: (() => void) | undefined
}

/** Tickets that admit one window each, once and for a limited time. */
export class Tickets {
  /** Keyed by hash, so that the duration of a look-up reveals nothing. */
  private readonly issued = new Map<string, Ticket>()

  /** @param now a monotonic clock, in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @param onEnd called when the ticket is presented for the first time, even if that is too late */
  issue(lifeMs: number, onEnd?: () => void): string {
    const text = newSecret()
    this.issued.set(digest(text).toString('hex'), { until: this.now() + lifeMs, used: false, onEnd })
    for (const oldest of this.issued.keys()) {
      if (this.issued.size <= KEPT) break
      this.issued.delete(oldest)
    }
    return text
  }

  spend(text: string): Spent {
    const ticket = this.issued.get(digest(text).toString('hex'))
    if (!ticket) return 'unknown'
    if (ticket.used) return 'used'
    const { onEnd } = ticket
    ticket.onEnd = undefined
    const late = this.now() > ticket.until
    if (!late) ticket.used = true
    onEnd?.()
    return late ? 'expired' : 'good'
  }
}

/** Keys of tabs. Each contains its own proof, so that none has to be stored; they expire with the server that issued them. */
export class TabKeys {
  private secret = randomBytes(32)

  issue(): string {
    const name = randomBytes(16).toString('base64url')
    return `${name}.${this.proof(name)}`
  }

  /** Revokes all of them. */
  forget(): void {
    this.secret = randomBytes(32)
  }

  isKey(given: string | null | undefined): boolean {
    const [name = '', proof = '', ...rest] = given?.split('.') ?? []
    return name !== '' && rest.length === 0 && sameSecret(proof, this.proof(name))
  }

  private proof(name: string): string {
    return createHmac('sha256', this.secret).update(name).digest('base64url')
  }
}
