import { createTRPCClient, createWSClient, wsLink, type TRPCClient } from '@trpc/client'
import superjson from 'superjson'
import { WebSocket } from 'ws'
import type { AppRouter } from '../features/router.js'
import { guarded, warn } from '../processes/guarded.js'

/** Path of the API's socket on the local server. */
export const API_PATH = '/api'

export interface SocketClient {
  client: TRPCClient<AppRouter>
  /** Resolves when the connection was lost and could not be restored within `graceMs`; never when `close` was called. */
  lost: Promise<void>
  close(): Promise<void>
}

/**
 * The typed client of a host in another process on this machine.
 * @param address `http://127.0.0.1:PORT`
 * @param graceMs how long a lost connection may take to be restored, in milliseconds
 */
export function connectWebSocket(address: string, token: string, graceMs = 5000): SocketClient {
  class AuthorizedWebSocket extends WebSocket {
    constructor(url: string | URL) {
      super(url, { headers: { authorization: `Bearer ${token}` }, maxPayload: 1024 ** 3 })
      // A refused connection is reported through `close`; without a listener its error would end the process.
      this.on(
        'error',
        guarded(warn, () => undefined),
      )
    }
  }
  let giveUp: NodeJS.Timeout | undefined
  let report = (): void => undefined
  const lost = new Promise<void>((resolve) => (report = resolve))

  const socket = createWSClient({
    url: `${address.replace(/^http/, 'ws')}${API_PATH}`,
    WebSocket: AuthorizedWebSocket as unknown as typeof globalThis.WebSocket,
    retryDelayMs: (attempt) => (attempt === 0 ? 0 : Math.min(100 * 2 ** attempt, 1000)),
    keepAlive: { enabled: true, intervalMs: 10_000, pongTimeoutMs: 10_000 },
  })
  const watch = socket.connectionState.subscribe({
    next({ state }) {
      // Called at every attempt to reconnect: only the first one counts.
      if (state === 'connecting') return void (giveUp ??= setTimeout(guarded(warn, report), graceMs))
      if (state !== 'pending') return
      clearTimeout(giveUp)
      giveUp = undefined
    },
  })
  return {
    client: createTRPCClient<AppRouter>({ links: [wsLink({ client: socket, transformer: superjson })] }),
    lost,
    async close() {
      watch.unsubscribe()
      clearTimeout(giveUp)
      await socket.close()
    },
  }
}
