import { CLOSED_REASON } from '../../../src-main/contract/entry.js'
import { Keeper } from './keeper.js'
import { TabKey } from './tab-key.js'
import { findByTabKey, WindowKey, type Found } from './window-key.js'

/**
 * - connecting: initially, and after a lost connection whose cause is not known yet
 * - open: calls are answered
 * - stopped: the workbench was shut down and is not running
 * - ended: the workbench ended without notice and is not running
 * - away: the workbench was not running when this page was loaded
 * - refused: a workbench is running but does not know this window, which has to be opened again
 * - foreign: another program answers at this window's address
 */
export type ConnectionState = 'connecting' | 'open' | 'stopped' | 'ended' | 'away' | 'refused' | 'foreign'

/** How long a tab without a key initially waits for the key of another window, in milliseconds. */
const KEY_WAIT_MS = 300

/** Delays between attempts to reach the server; the last one repeats. */
const PAUSES_MS = [250, 500, 1000, 2000, 3000, 5000]

const STATES: Record<Exclude<Found, 'admitted' | 'away'>, ConnectionState> = { unknown: 'refused', foreign: 'foreign' }

/**
 * Connects a browser window to its server: waits until a server is running, and verifies that it is the right one before anything is sent
 * to it.
 */
export class Entrance {
  readonly tab = new TabKey()
  private readonly windowKey = new WindowKey()
  private readonly keeper: Keeper
  private lost: 'stopped' | 'ended' | 'away' = 'away'
  private admitted = false
  private failed = false
  private begun = false
  private closed = false
  private wake = (): void => undefined

  constructor(private readonly set: (state: ConnectionState) => void) {
    this.keeper = new Keeper({
      keyToGive: () => (this.admitted ? this.tab.value : null),
      given: (key) => {
        if (this.admitted) return
        // If that window's workbench does not know this window, it is another one than this window's former workbench.
        this.windowKey.drop()
        this.tab.keep(key)
        this.wake()
      },
      ousted: () => {
        this.windowKey.drop()
        this.tab.drop()
        location.reload()
      },
    })
    document.addEventListener('visibilitychange', this.onVisible)
    addEventListener('pagehide', this.onLeave)
  }

  /** Waits until a socket may be opened. @throws if it was closed */
  async ready(): Promise<void> {
    if (!this.begun) await this.begin()
    // Initially, the page has just been served by the server.
    if (!this.failed && this.windowKey.value === null) return
    for (let attempt = 0; ; attempt++) {
      const found = await this.look()
      if (this.closed) throw new Error('the connection was closed')
      if (found === 'admitted') return
      this.set(found === 'away' ? this.lost : STATES[found])
      if (found === 'unknown') this.keeper.ask()
      await this.pause(PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)]!)
    }
  }

  /** To be called when the socket has opened. */
  opened(): void {
    this.failed = false
    this.admitted = true
    if (this.windowKey.value === null) void this.windowKey.ask()
  }

  /** To be called when the socket was closed or could not be opened. */
  lostSocket(reason: string, wasOpen: boolean): void {
    this.failed = true
    this.admitted = false
    if (wasOpen) this.lost = reason === CLOSED_REASON ? 'stopped' : 'ended'
  }

  close(): void {
    this.closed = true
    document.removeEventListener('visibilitychange', this.onVisible)
    removeEventListener('pagehide', this.onLeave)
    this.keeper.close()
    this.wake()
  }

  private readonly onVisible = (): void => {
    if (!document.hidden) this.wake()
  }

  private readonly onLeave = (): void => {
    if (this.windowKey.value) this.keeper.leave(this.windowKey.value)
  }

  private async begin(): Promise<void> {
    this.begun = true
    const kept = await this.keeper.arrive()
    if (kept) this.windowKey.take(kept)
    if (kept || this.tab.value !== null) return
    this.keeper.ask()
    await this.pause(KEY_WAIT_MS)
  }

  private look(): Promise<Found> {
    const held = this.windowKey.value
    return held ? this.windowKey.comeBack(held, (key) => this.tab.keep(key)) : findByTabKey()
  }

  /** Ends early when the window becomes visible, or when another window sends its key. */
  private async pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.wake = () => undefined
  }
}
