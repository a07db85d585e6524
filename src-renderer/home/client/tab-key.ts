import { KEY_META, REFUSAL_META, TICKET } from '../../../src-main/contract/entry.js'

/** Where the key lies: `sessionStorage` belongs to this tab and port, and outlives a reload. */
const STORED = 'retrace.key'

const metaOf = (name: string): HTMLMetaElement | null => document.querySelector(`meta[name="${name}"]`)

/**
 * Takes the key that came with the page, and the spent ticket out of the address. Must be called before anything reads the address.
 */
export function takeKey(): void {
  const meta = metaOf(KEY_META)
  if (meta) {
    sessionStorage.setItem(STORED, meta.content)
    meta.remove()
  }
  const address = new URL(location.href)
  if (!address.searchParams.has(TICKET)) return
  address.searchParams.delete(TICKET)
  history.replaceState(history.state, '', address)
}

/** Why the ticket of this window's address opened nothing; null when it was not so. */
export const refusedTicket = (): string | null => metaOf(REFUSAL_META)?.content ?? null

/** Header that names the tab's key in a request. */
export function keyHeader(): Record<string, string> {
  const key = sessionStorage.getItem(STORED)
  return key === null ? {} : { Authorization: `Bearer ${key}` }
}

/** The key of this tab. */
export class TabKey {
  get value(): string | null {
    return sessionStorage.getItem(STORED)
  }

  keep(key: string): void {
    sessionStorage.setItem(STORED, key)
  }

  drop(): void {
    sessionStorage.removeItem(STORED)
  }
}
