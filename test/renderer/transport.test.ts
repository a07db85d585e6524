import superjson from 'superjson'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { RetraceBridge } from '../../src-main/contract/bridge'
import { connect, type Connection, type ConnectionState } from '../../src-renderer/home/client/transport'

const INFO = { version: '0.1.0', home: '/h', platform: 'x', host: 'electron' as const, engine: null }

let connection: Connection | null = null
afterEach(async () => {
  await connection?.close()
  connection = null
  vi.unstubAllGlobals()
  Reflect.deleteProperty(window, 'retrace')
})

/** The sequence of states. */
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

  it('tells a window of an earlier start from a server that is away, and from another program', async () => {
    vi.stubGlobal('WebSocket', RefusedSocket)
    const fetching = vi.fn(() => Promise.reject(new TypeError('no connection')))
    vi.stubGlobal('fetch', fetching)
    const states = watch()
    await vi.waitFor(() => expect(fetching.mock.calls.length).toBeGreaterThan(1), { timeout: 3000 })
    expect(states).toEqual(['connecting', 'away'])
    expect(RefusedSocket.made).toEqual([`ws://${location.host}/api`])
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 401 })))
    await vi.waitFor(() => expect(states.at(-1)).toBe('refused'), { timeout: 5000 })
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('hello')))
    await vi.waitFor(() => expect(states.at(-1)).toBe('foreign'), { timeout: 5000 })
    expect(RefusedSocket.made, 'none to a server that is not known').toHaveLength(1)
  })

  it('asks ever more rarely while nothing answers, and at once when the user looks', async () => {
    vi.useFakeTimers()
    vi.stubGlobal('WebSocket', RefusedSocket)
    const fetching = vi.fn(() => Promise.reject(new TypeError('no connection')))
    vi.stubGlobal('fetch', fetching)
    watch()
    await vi.advanceTimersByTimeAsync(60_000)
    const before = fetching.mock.calls.length
    await vi.advanceTimersByTimeAsync(600_000)
    expect(fetching.mock.calls.length - before).toBe(120)
    document.dispatchEvent(new Event('visibilitychange'))
    await vi.advanceTimersByTimeAsync(10)
    expect(fetching.mock.calls.length - before).toBe(121)
    vi.useRealTimers()
  })
})
