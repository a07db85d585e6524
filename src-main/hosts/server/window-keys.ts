import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { proofText, type Hello, type HelloAnswer, type Resume, type WindowKey } from '../../contract/entry.js'
import { replaceTextSync } from '../../durable/replace-file.js'
import { guarded } from '../../processes/guarded.js'
import { explainDiskError } from '../../storage/disk-errors.js'
import { newSecret, sameSecret } from './tickets.js'

/** How long windows can be readmitted after their server has ended, in milliseconds. */
export const WINDOW_LIFE_MS = 12 * 60 * 60_000
/** Interval at which a running server extends this time. */
const RENEW_MS = 30 * 60_000
/** Time limit for a window's answer to the server's challenge, in milliseconds. */
const CHALLENGE_MS = 15_000
/** How far a clock may be set back between two servers, in milliseconds; one set back further must not extend the lifetime of keys. */
const CLOCK_MS = 60_000

const FileSchema = z.strictObject({
  version: z.literal(1),
  /** The secret from which the keys of all windows are derived. */
  secret: z.string().min(32),
  /** The time at which they expire, by the wall clock, which is the only one that survives a restart of the machine. */
  until: z.number(),
  /** The port at which windows wait. */
  port: z.int().min(1).max(65535),
})

const fileOf = (home: string): string => join(home, 'windows.json')

function read(home: string): z.infer<typeof FileSchema> | null {
  try {
    return FileSchema.parse(JSON.parse(readFileSync(fileOf(home), 'utf8')))
  } catch {
    // Missing, or of another version: windows have to be opened again.
    return null
  }
}

/** The port at which windows of this home wait; null if there are none. */
export const portOfWindows = (home: string): number | null => read(home)?.port ?? null

/** Revokes the keys of all windows of a home without a server. */
export const forgetWindows = (home: string): void => rmSync(fileOf(home), { force: true })

/**
 * Keys with which windows are readmitted after a restart. All are derived from one secret in the home, which only its user can read, so
 * that none has to be stored; they expire `WINDOW_LIFE_MS` after the end of the home's last server, and when they are revoked.
 */
export class WindowKeys {
  private secret: string
  /** Challenges are valid for this server only, and each contains its own proof. */
  private readonly own = randomBytes(32)
  private readonly renewal: NodeJS.Timeout | undefined

  /** Extends the lifetime of the secret; a full disk only prevents readmission. */
  private readonly renew: () => void

  /**
   * @param home null: the keys expire with this server
   * @param requireHome rejects when the path may belong to another home by now, to which nothing is written then
   * @param onFailure called when the secret could not be stored, so that windows may not be readmitted
   */
  constructor(
    private readonly port: number,
    private readonly home: string | null,
    onFailure: (error: unknown) => void,
    // eslint-disable-next-line no-restricted-syntax -- keys outlive this process, and end where this clock is doubtful
    private readonly now: () => number = Date.now,
    private readonly requireHome: () => Promise<void> = async () => undefined,
    /** A monotonic clock, in milliseconds. */
    private readonly elapsed: () => number = () => performance.now(),
  ) {
    const found = home === null ? null : read(home)
    const left = found ? found.until - now() : 0
    this.secret = found && left > 0 && left <= WINDOW_LIFE_MS + CLOCK_MS ? found.secret : newSecret()
    this.renew = guarded(onFailure, () => this.keep())
    this.renew()
    const renewLater = guarded(onFailure, () => void this.isHome().then((same) => same && this.renew()))
    if (home !== null) this.renewal = setInterval(renewLater, RENEW_MS).unref()
  }

  /** A key for an authenticated window. */
  issue(): WindowKey {
    const name = randomBytes(16).toString('base64url')
    return { name, key: this.keyOf(name) }
  }

  /** Proves to a window that this server knows its key. Proves nothing to a window whose name or key does not belong to this home. */
  hello(hello: Hello): HelloAnswer {
    const fresh = `${Math.floor(this.elapsed())}.${randomBytes(16).toString('base64url')}`
    const challenge = `${fresh}.${this.signed(fresh, hello)}`
    return { challenge, proof: this.proof('server', hello, challenge) }
  }

  /** Whether a window has answered a challenge of this server in time, with the proof that it has its key. */
  isProved({ proof, challenge, ...hello }: Resume): boolean {
    const [at = '', random = '', signature = '', ...rest] = challenge.split('.')
    const age = this.elapsed() - Number(at)
    return (
      rest.length === 0 &&
      sameSecret(signature, this.signed(`${at}.${random}`, hello)) &&
      age >= 0 &&
      age <= CHALLENGE_MS &&
      sameSecret(proof, this.proof('window', hello, challenge))
    )
  }

  /** Revokes all keys. */
  forget(): void {
    this.secret = newSecret()
    if (this.home !== null) forgetWindows(this.home)
    this.renew()
  }

  /** Keys stay valid for a while after this. */
  close(): void {
    clearInterval(this.renewal)
    this.renew()
  }

  /** The same, if the home is still the one that was opened. */
  async closeInHome(): Promise<void> {
    clearInterval(this.renewal)
    if (await this.isHome()) this.renew()
  }

  private isHome(): Promise<boolean> {
    return this.requireHome().then(
      () => true,
      // The guard of the home reports the loss.
      () => false,
    )
  }

  private keep(): void {
    if (this.home === null) return
    const content: z.infer<typeof FileSchema> = {
      version: 1,
      secret: this.secret,
      until: this.now() + WINDOW_LIFE_MS,
      port: this.port,
    }
    try {
      replaceTextSync(fileOf(this.home), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
    } catch (error) {
      throw explainDiskError(error, fileOf(this.home))
    }
  }

  private keyOf(name: string): string {
    return createHmac('sha256', this.secret).update(`window ${name}`).digest('base64url')
  }

  private proof(side: 'server' | 'window', hello: Hello, challenge: string): string {
    // The text of the key, as the window has it.
    return createHmac('sha256', this.keyOf(hello.name))
      .update(proofText(side, this.port, hello, challenge))
      .digest('base64url')
  }

  private signed(fresh: string, { name, nonce }: Hello): string {
    return createHmac('sha256', this.own).update(`${fresh} ${name} ${nonce}`).digest('base64url')
  }
}
