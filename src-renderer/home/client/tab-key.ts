import { KEY_META, REFUSAL_META, TICKET } from '../../../src-main/contract/entry.js'

/** The storage key: `sessionStorage` belongs to this tab and port, and survives a reload. */
const STORED = 'retrace.key'

const metaOf = (name: string): HTMLMetaElement | null => document.querySelector(`meta[name="${name}"]`)

/**
 * Takes the key that came with the page, and removes the spent ticket from the address. Must be called before anything reads the address.
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

/** Why the ticket in this window's address was refused; null if it was not. */
export const refusedTicket = (): string | null => metaOf(REFUSAL_META)?.content ?? null

/** The request header with the tab's key. */
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
