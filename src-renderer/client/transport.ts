import { createTRPCClient, createWSClient, wsLink, type TRPCClient } from '@trpc/client'
import superjson from 'superjson'
import { BRIDGE, type RetraceBridge } from '../../src-main/contract/bridge'
import type { AppRouter } from '../../src-main/contract/router'
import { channelSocketClass } from './channel-socket'

/**
 * - connecting: at first, and after a loss; it keeps trying by itself
 * - open: calls go through
 * - refused: the server runs, but does not know this window (it was restarted); only opening it anew helps
 */
export type ConnectionState = 'connecting' | 'open' | 'refused'

export interface Connection {
  client: TRPCClient<AppRouter>
  /** The state now, and from then on; returns the function that ends it. */
  onState(listener: (state: ConnectionState) => void): () => void
  close(): Promise<void>
}

const RETRY_MS = [0, 250, 500, 1000, 2000]

/** A browser's socket does not say why it was refused, a plain request does. */
async function isRefused(): Promise<boolean> {
  try {
    const { status } = await fetch('/session', { cache: 'no-store', credentials: 'same-origin' })
    return status === 401 || status === 403
  } catch {
    // The server is not there at all: keep trying.
    return false
  }
}

/** Connects the page with its host: over IPC in Electron, over a WebSocket in a browser. */
export function connect(): Connection {
  const bridge = (window as unknown as Record<string, RetraceBridge | undefined>)[BRIDGE]
  const socket = createWSClient({
    url: bridge ? 'ws://ipc' : `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api`,
    ...(bridge ? { WebSocket: channelSocketClass(bridge) } : {}),
    retryDelayMs: (attempt) => RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 2000,
    ...(bridge ? {} : { keepAlive: { enabled: true, intervalMs: 10_000, pongTimeoutMs: 10_000 } }),
  })

  let state: ConnectionState = 'connecting'
  const listeners = new Set<(state: ConnectionState) => void>()
  const set = (next: ConnectionState): void => {
    if (next === state) return
    state = next
    for (const listener of listeners) listener(next)
  }
  const watch = socket.connectionState.subscribe({
    next(now) {
      if (now.state === 'pending') return set('open')
      if (now.state === 'idle' || state === 'refused') return
      set('connecting')
      if (now.error && !bridge) void isRefused().then((refused) => refused && state === 'connecting' && set('refused'))
    },
  })

  return {
    client: createTRPCClient<AppRouter>({ links: [wsLink({ client: socket, transformer: superjson })] }),
    onState(listener) {
      listeners.add(listener)
      listener(state)
      return () => void listeners.delete(listener)
    },
    async close() {
      watch.unsubscribe()
      listeners.clear()
      await socket.close()
    },
  }
}
