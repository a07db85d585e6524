import {
  HelloAnswerSchema,
  proofText,
  ResumeAnswerSchema,
  WindowKeySchema,
  WINDOW_PATHS,
  type Hello,
  type HelloAnswer,
} from '../../../src-main/contract/entry.js'
import { keyHeader } from './tab-key.js'

/**
 * What answers at the window's address:
 * - admitted: the workbench, which has given the tab a key
 * - unknown: a workbench that does not know this window
 * - foreign: another program
 * - away: nothing
 */
export type Found = 'admitted' | 'unknown' | 'foreign' | 'away'

/** Time limit for an answer, in milliseconds. */
export const ANSWER_MS = 5000

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

function asText(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

const asBytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0))

/** A window key as it is kept: the secret can no longer be read from it. */
export interface HeldKey {
  name: string
  key: CryptoKey
}

async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
    cache: 'no-store',
    credentials: 'omit',
    // Another program could redirect elsewhere.
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_MS),
  })
}

/**
 * The key with which this window is admitted again after its server was restarted. It is kept only in memory: a program that takes over the
 * server's port could serve a page of its own, which could read everything that this port's pages store.
 */
export class WindowKey {
  private held: HeldKey | null = null

  get value(): HeldKey | null {
    return this.held
  }

  take(key: HeldKey): void {
    this.held = key
  }

  drop(): void {
    this.held = null
  }

  /** Requests a window key for an admitted tab; if that fails, nothing changes. */
  async ask(): Promise<void> {
    try {
      const response = await post(WINDOW_PATHS.key, {}, keyHeader())
      if (!response.ok) return
      const { name, key } = WindowKeySchema.parse(await response.json())
      this.held = {
        name,
        key: await crypto.subtle.importKey('raw', bytes(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']),
      }
    } catch {
      // The server has ended meanwhile, or the browser offers no cryptography here: the window has to be opened again after a restart.
    }
  }

  /**
   * Asks to be admitted again if the server at the window's address first proves that it has the same home; nothing is revealed to it
   * before.
   * @param keep called with the new key of the tab
   */
  async comeBack({ name, key }: HeldKey, keep: (key: string) => void): Promise<Found> {
    const port = Number(location.port)
    const hello: Hello = { name, nonce: asText(crypto.getRandomValues(new Uint8Array(16))) }
    let answer: HelloAnswer
    try {
      const response = await post(WINDOW_PATHS.hello, hello)
      const read = HelloAnswerSchema.safeParse(await response.json().catch(() => null))
      if (!read.success) return 'foreign'
      answer = read.data
    } catch {
      return 'away'
    }
    const { challenge } = answer
    const proved = await crypto.subtle.verify('HMAC', key, asBytes(answer.proof), bytes(proofText('server', port, hello, challenge)))
    if (!proved) return 'unknown'
    const signature = await crypto.subtle.sign('HMAC', key, bytes(proofText('window', port, hello, challenge)))
    try {
      const response = await post(WINDOW_PATHS.resume, { ...hello, challenge, proof: asText(new Uint8Array(signature)) })
      const read = ResumeAnswerSchema.safeParse(await response.json().catch(() => null))
      // It was the workbench a moment ago: it has ended, or the answer came too late. The next attempt will show which.
      if (!read.success) return 'away'
      keep(read.data.key)
      return 'admitted'
    } catch {
      return 'away'
    }
  }
}

/** The same check for a tab without a window key: whether the server knows the tab's key. */
export async function findByTabKey(): Promise<Found> {
  try {
    const { status } = await fetch('/session', {
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'manual',
      headers: keyHeader(),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    if (status === 204) return 'admitted'
    return status === 401 || status === 403 ? 'unknown' : 'foreign'
  } catch {
    return 'away'
  }
}
