import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Returns 256 random bits as URL-safe text. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares in constant time; lengths may differ. */
export const sameSecret = (given: string | null | undefined, secret: string): boolean =>
  Boolean(given) && timingSafeEqual(digest(given!), digest(secret))

/** How long a ticket is good that the workbench hands to a browser, which comes within seconds, in milliseconds. */
export const HANDED_MS = 60_000
/** The same for one that a user reads from a terminal and opens. */
export const PRINTED_MS = 10 * 60_000
/** The same for one that another program reads, which may keep what it reads. */
export const PIPED_MS = 2 * 60_000

/** Number of tickets remembered, so that an expired ticket can be told from an invalid one. */
const KEPT = 1000

export type Spent = 'good' | 'used' | 'expired' | 'unknown'

interface Ticket {
  until: number
  used: boolean
  /** Called once: it was spent, or came too late. */
  onEnd: (() => void) | undefined
}

/** Tickets that each let one window in, once and for a while. */
export class Tickets {
  /** Keyed by hash, so that the duration of a look-up reveals nothing. */
  private readonly issued = new Map<string, Ticket>()

  /** @param now a clock that only goes forward, in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @param onEnd called when the ticket was presented for the first time, also when that was too late */
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

/** Keys of tabs. Each carries its own proof, so that none has to be remembered; they end with the server that made them. */
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
