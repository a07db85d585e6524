import superjson from 'superjson'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { RetraceBridge } from '../../src-main/contract/bridge'
import { connect, type Connection, type ConnectionState } from '../../src-renderer/client/transport'

const INFO = { version: '0.1.0', home: '/h', platform: 'x', host: 'electron' as const, engine: null }

let connection: Connection | null = null
afterEach(async () => {
  await connection?.close()
  connection = null
  vi.unstubAllGlobals()
  Reflect.deleteProperty(window, 'retrace')
})

/** States as they follow one another. */
function watch(): ConnectionState[] {
  const states: ConnectionState[] = []
  connection = connect()
  connection.onState((state) => states.push(state))
  return states
}

describe('in Electron', () => {
  it('speaks over the bridge, and comes back when a pipe is closed', async () => {
    const closers: ((reason: string) => void)[] = []
    const bridge: RetraceBridge = {
      pathOf: () => '',
      open(onMessage, onClose) {
        closers.push(onClose)
        return {
          send(text) {
            const messages = [JSON.parse(text) as { id: number } | { id: number }[]].flat()
            for (const { id } of messages)
              setTimeout(() => onMessage(JSON.stringify({ id, result: { type: 'data', data: superjson.serialize(INFO) } })))
          },
          close: () => undefined,
        }
      },
    }
    Object.assign(window, { retrace: bridge })
    const states = watch()
    expect(states).toEqual(['connecting'])
    expect(await connection!.client.system.info.query()).toEqual(INFO)
    expect(states).toEqual(['connecting', 'open'])
    closers[0]!('gone')
    await vi.waitFor(() => expect(states).toEqual(['connecting', 'open', 'connecting', 'open']))
    expect(await connection!.client.system.info.query()).toEqual(INFO)
    expect(closers).toHaveLength(2)
  })
})

describe('in a browser', () => {
  /** A socket that is closed before it opens, as by a server that refuses it. */
  class RefusedSocket extends EventTarget {
    static readonly OPEN = 1
    static readonly made: string[] = []
    readonly OPEN = 1
    readyState = 0
    binaryType = ''
    constructor(url: string) {
      super()
      RefusedSocket.made.push(url)
      setTimeout(() => {
        this.readyState = 3
        this.dispatchEvent(new Event('error'))
        this.dispatchEvent(new Event('close'))
      })
    }
    send(): void {
      throw new Error('not open')
    }
    close(): void {
      this.readyState = 3
    }
  }

  it('tells a window of an earlier start from a server that is away', async () => {
    vi.stubGlobal('WebSocket', RefusedSocket)
    const fetching = vi.fn(() => Promise.reject(new TypeError('no connection')))
    vi.stubGlobal('fetch', fetching)
    const states = watch()
    await vi.waitFor(() => expect(fetching.mock.calls.length).toBeGreaterThan(1), { timeout: 3000 })
    expect(states).toEqual(['connecting'])
    expect(RefusedSocket.made[0]).toBe(`ws://${location.host}/api`)
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 401 })))
    await vi.waitFor(() => expect(states).toEqual(['connecting', 'refused']), { timeout: 5000 })
  })
})
