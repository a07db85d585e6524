import type { RetraceBridge, RetracePipe } from '../../../src-main/contract/bridge'

/**
 * A string channel to Electron's main process with the part of the browser's WebSocket interface that tRPC's client uses. Like a socket, it
 * opens in a later task than its construction, so that listeners can be attached.
 */
export function channelSocketClass(bridge: RetraceBridge): typeof WebSocket {
  class ChannelSocket extends EventTarget {
    static readonly CONNECTING = 0
    static readonly OPEN = 1
    static readonly CLOSING = 2
    static readonly CLOSED = 3
    // tRPC compares the state with the constants of both the class and the instance; without the latter, subscriptions are never stopped.
    readonly CONNECTING = 0
    readonly OPEN = 1
    readonly CLOSING = 2
    readonly CLOSED = 3
    readyState: number = ChannelSocket.CONNECTING
    binaryType = 'arraybuffer'
    private pipe: RetracePipe | null = null

    constructor(readonly url: string) {
      super()
      setTimeout(() => this.open(), 0)
    }

    private open(): void {
      if (this.readyState !== this.CONNECTING) return
      this.readyState = this.OPEN
      this.pipe = bridge.open(
        (text) => {
          if (this.readyState === this.OPEN) this.dispatchEvent(new MessageEvent('message', { data: text }))
        },
        (reason) => this.finish(reason),
      )
      this.dispatchEvent(new Event('open'))
    }

    private finish(reason: string): void {
      if (this.readyState === this.CLOSED) return
      this.readyState = this.CLOSED
      // Not a CloseEvent: Node 20, in which the tests run, has none.
      this.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason, wasClean: false }))
    }

    send(text: string): void {
      if (this.readyState !== this.OPEN) throw new Error('the pipe is not open')
      this.pipe?.send(text)
    }

    close(): void {
      if (this.readyState === this.CLOSED) return
      this.pipe?.close()
      this.finish('closed by the page')
    }
  }
  return ChannelSocket as unknown as typeof WebSocket
}
