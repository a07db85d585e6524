import { BRIDGE } from '../../../src-main/contract/bridge'
import type { HeldKey } from './window-key.js'

type Told = { kind: 'arrived'; key: HeldKey | null } | { kind: 'asked'; by: string } | { kind: 'given'; key: string } | { kind: 'reload' }

/** Time limit for the worker's answer, in milliseconds. */
const ANSWER_MS = 1000
/** Marks that this page has been reloaded at the worker's request, so that it does so only once. */
const RELOADED = 'retrace.reloaded'

export interface KeeperListener {
  /** Another window asks for a key: the key of this tab, if it is admitted. */
  keyToGive(): string | null
  /** Another window has sent its key. */
  given(key: string): void
  /** A service worker other than the workbench's has taken control of this page, so that whatever it loads may come from anyone. */
  ousted(): void
}

/**
 * The page's side of `public/keeper.js`, the service worker from which a window is reloaded while the workbench is not running. In a
 * browser without service workers, a window that is reloaded then has to be opened again.
 */
export class Keeper {
  private readonly workers = 'serviceWorker' in navigator ? navigator.serviceWorker : null
  /** The worker that controlled this page from the start, or the first one that took control. */
  private own = this.workers?.controller ?? null
  private arrived: ((key: HeldKey | null) => void) | undefined

  constructor(private readonly listener: KeeperListener) {
    this.workers?.addEventListener('message', this.onMessage)
    this.workers?.addEventListener('controllerchange', this.onChange)
  }

  /** The key that the previous page of this window kept; null if there is none. */
  async arrive(): Promise<HeldKey | null> {
    if (!this.own) return null
    return new Promise((resolve) => {
      this.arrived = resolve
      setTimeout(resolve, ANSWER_MS, null)
      this.own?.postMessage({ kind: 'arrive' })
    })
  }

  /** Keeps a key for the page that may replace this one after a reload. */
  leave(key: HeldKey): void {
    this.own?.postMessage({ kind: 'leave', key })
  }

  /** Asks the other windows for the key of an admitted one. */
  ask(): void {
    this.own?.postMessage({ kind: 'ask' })
  }

  close(): void {
    this.workers?.removeEventListener('message', this.onMessage)
    this.workers?.removeEventListener('controllerchange', this.onChange)
  }

  private readonly onMessage = ({ source, data }: MessageEvent<Told>): void => {
    // A key is sent only to the worker that this page knows.
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

/** Installs the worker for all windows of this browser. To be called when the window is idle. */
export async function installKeeper(): Promise<void> {
  // Without the worker the window works as well, until it is reloaded while the workbench is not running. The desktop window does not need
  // one, because its page and workbench are one program and end together.
  if (import.meta.env.PROD && !(BRIDGE in window) && 'serviceWorker' in navigator)
    await navigator.serviceWorker.register('/keeper.js').catch(() => undefined)
}
