import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { proofText, type Hello, type HelloAnswer, type Resume, type WindowKey } from '../../contract/entry.js'
import { replaceTextSync } from '../../durable/replace-file.js'
import { guarded } from '../../processes/guarded.js'
import { explainDiskError } from '../../storage/disk-errors.js'
import { newSecret, sameSecret } from './tickets.js'

/** How long windows can come back in after their server has ended, in milliseconds. */
export const WINDOW_LIFE_MS = 12 * 60 * 60_000
/** How often a server that runs puts that off. */
const RENEW_MS = 30 * 60_000
/** How long a server waits for a window's answer to its challenge. */
const CHALLENGE_MS = 15_000
/** How far a clock may be set back between two servers; one that was set back further must not make keys live longer. */
const CLOCK_MS = 60_000

const FileSchema = z.strictObject({
  version: z.literal(1),
  /** From which the keys of all windows are made. */
  secret: z.string().min(32),
  /** When they end, as a time of the wall clock: no other outlives a restart of the machine. */
  until: z.number(),
  /** At which windows wait. */
  port: z.int().min(1).max(65535),
})

const fileOf = (home: string): string => join(home, 'windows.json')

function read(home: string): z.infer<typeof FileSchema> | null {
  try {
    return FileSchema.parse(JSON.parse(readFileSync(fileOf(home), 'utf8')))
  } catch {
    // None, or none of this version: windows are opened anew.
    return null
  }
}

/** The port at which windows of this home wait; null where there was none. */
export const portOfWindows = (home: string): number | null => read(home)?.port ?? null

/** Ends the keys of all windows of a home that nobody serves. */
export const forgetWindows = (home: string): void => rmSync(fileOf(home), { force: true })

/**
 * Keys with which windows come back in after a restart. All are made from one secret in the home, which only its user can read, so that
 * none has to be remembered; they end `WINDOW_LIFE_MS` after the last server of the home, and when they are forgotten.
 */
export class WindowKeys {
  private secret: string
  /** Challenges of this server alone: each carries its own proof. */
  private readonly own = randomBytes(32)
  private readonly renewal: NodeJS.Timeout | undefined

  /** Keeps the secret for another while; a disk that is full ends nothing but the way back in. */
  private readonly renew: () => void

  /**
   * @param home null: the keys end with this server
   * @param requireHome rejects when the name of the home may be another's by now: nothing is written there then
   * @param onFailure told when the secret could not be kept, so that windows may not come back in
   */
  constructor(
    private readonly port: number,
    private readonly home: string | null,
    onFailure: (error: unknown) => void,
    // eslint-disable-next-line no-restricted-syntax -- keys outlive this process, and end where this clock is doubtful
    private readonly now: () => number = Date.now,
    private readonly requireHome: () => Promise<void> = async () => undefined,
    /** A clock that only goes forward, in milliseconds. */
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

  /** A key for a window that is in. */
  issue(): WindowKey {
    const name = randomBytes(16).toString('base64url')
    return { name, key: this.keyOf(name) }
  }

  /** Proves to a window that this server knows its key. Proves nothing to one whose name or key is not of this home. */
  hello(hello: Hello): HelloAnswer {
    const fresh = `${Math.floor(this.elapsed())}.${randomBytes(16).toString('base64url')}`
    const challenge = `${fresh}.${this.signed(fresh, hello)}`
    return { challenge, proof: this.proof('server', hello, challenge) }
  }

  /** Whether a window has answered a challenge of this server, in time, with the proof that it has its key. */
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

  /** Keys live on for a while from now. */
  close(): void {
    clearInterval(this.renewal)
    this.renew()
  }

  /** The same where the home is still the one that was opened. */
  async closeInHome(): Promise<void> {
    clearInterval(this.renewal)
    if (await this.isHome()) this.renew()
  }

  private isHome(): Promise<boolean> {
    return this.requireHome().then(
      () => true,
      // Whoever watches the home says so.
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
    // The key's text, as the window has it.
    return createHmac('sha256', this.keyOf(hello.name))
      .update(proofText(side, this.port, hello, challenge))
      .digest('base64url')
  }

  private signed(fresh: string, { name, nonce }: Hello): string {
    return createHmac('sha256', this.own).update(`${fresh} ${name} ${nonce}`).digest('base64url')
  }
}
