import type { RetraceBridge, RetracePipe } from '../../../src-main/contract/bridge'

/**
 * A pipe of strings to Electron's main process in the shape of a browser's WebSocket, as far as tRPC's client uses one.
 * The pipe opens a turn after construction, as a socket does, so that listeners can be attached.
 */
export function channelSocketClass(bridge: RetraceBridge): typeof WebSocket {
  class ChannelSocket extends EventTarget {
    static readonly CONNECTING = 0
    static readonly OPEN = 1
    static readonly CLOSING = 2
    static readonly CLOSED = 3
    // tRPC compares with the constants of the class and of the instance; without the latter subscriptions are never stopped.
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
      // Not CloseEvent: Node 20 has none, and the tests run there.
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
