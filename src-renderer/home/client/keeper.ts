import { BRIDGE } from '../../../src-main/contract/bridge'
import type { HeldKey } from './window-key.js'

type Told = { kind: 'arrived'; key: HeldKey | null } | { kind: 'asked'; by: string } | { kind: 'given'; key: string } | { kind: 'reload' }

/** How long the worker may take to say what it keeps, in milliseconds. */
const ANSWER_MS = 1000
/** Marks that this page has been loaded anew because the worker wanted it, so that it does so once. */
const RELOADED = 'retrace.reloaded'

export interface KeeperListener {
  /** Another window asks: the key of this tab, if it is in. */
  keyToGive(): string | null
  /** Another window has given its key. */
  given(key: string): void
  /** Another worker than the workbench's has taken this page's place in the browser: what the page loads now may be anybody's. */
  ousted(): void
}

/**
 * The page's side of `public/keeper.js`, the worker from which a window is reloaded while the workbench is away. Where a browser has no such
 * workers, a window that is reloaded meanwhile has to be opened anew.
 */
export class Keeper {
  private readonly workers = 'serviceWorker' in navigator ? navigator.serviceWorker : null
  /** The worker that this page began with, or got as its first. */
  private own = this.workers?.controller ?? null
  private arrived: ((key: HeldKey | null) => void) | undefined

  constructor(private readonly listener: KeeperListener) {
    this.workers?.addEventListener('message', this.onMessage)
    this.workers?.addEventListener('controllerchange', this.onChange)
  }

  /** What the page before this one kept, where it was this window's; null where there is none. */
  async arrive(): Promise<HeldKey | null> {
    if (!this.own) return null
    return new Promise((resolve) => {
      this.arrived = resolve
      setTimeout(resolve, ANSWER_MS, null)
      this.own?.postMessage({ kind: 'arrive' })
    })
  }

  /** Keeps a key for the page that may follow this one. */
  leave(key: HeldKey): void {
    this.own?.postMessage({ kind: 'leave', key })
  }

  /** Asks the other windows for the key of one that is in. */
  ask(): void {
    this.own?.postMessage({ kind: 'ask' })
  }

  close(): void {
    this.workers?.removeEventListener('message', this.onMessage)
    this.workers?.removeEventListener('controllerchange', this.onChange)
  }

  private readonly onMessage = ({ source, data }: MessageEvent<Told>): void => {
    // A key goes to the worker that this page knows, and to no other.
    if (source !== this.own || !this.own) return
    if (data.kind === 'arrived') this.arrived?.(data.key)
    if (data.kind === 'given') {
      sessionStorage.removeItem(RELOADED)
      this.listener.given(data.key)
    }
    if (data.kind === 'asked') {
      const key = this.listener.keyToGive()
      if (key !== null) this.own.postMessage({ kind: 'give', to: data.by, key })
    }
    if (data.kind === 'reload' && sessionStorage.getItem(RELOADED) === null) {
      sessionStorage.setItem(RELOADED, 'yes')
      location.reload()
    }
  }

  private readonly onChange = (): void => {
    const now = this.workers!.controller
    if (this.own === null) this.own = now
    else if (now !== null && now !== this.own) {
      this.own = null
      this.listener.ousted()
    }
  }
}

/** Installs the worker, for windows of this browser from now on. Wants to be called when the window has nothing else to do. */
export async function installKeeper(): Promise<void> {
  // Without one the window works all the same, until it is reloaded while the workbench is away.
  // Nor is one of use in the desktop window, whose page and workbench are one program and end together.
  if (import.meta.env.PROD && !(BRIDGE in window) && 'serviceWorker' in navigator)
    await navigator.serviceWorker.register('/keeper.js').catch(() => undefined)
}
