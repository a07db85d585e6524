import { createTRPCClient, createWSClient, wsLink, type TRPCClient } from '@trpc/client'
import superjson from 'superjson'
import { BRIDGE, type RetraceBridge } from '../../../src-main/contract/bridge'
import { socketProtocols } from '../../../src-main/contract/entry'
import type { AppRouter } from '../../../src-main/features/router'
import { channelSocketClass } from './channel-socket'
import { Entrance, type ConnectionState } from './entrance'
import { setCodeTrusted } from '../../ui/lazy-code'
import type { TabKey } from './tab-key'

export type { ConnectionState } from './entrance'

export interface Connection {
  client: TRPCClient<AppRouter>
  /** Calls the listener with the current state and then with every change; returns a function that unsubscribes it. */
  onState(listener: (state: ConnectionState) => void): () => void
  close(): Promise<void>
}

const RETRY_MS = [0, 250, 500, 1000, 2000]

/** A socket that sends the tab's key, which must never be part of an address. */
function keyedSocketClass(key: TabKey, onClose: (reason: string, wasOpen: boolean) => void): typeof WebSocket {
  return class extends WebSocket {
    constructor(url: string | URL) {
      super(url, socketProtocols(key.value))
      let wasOpen = false
      this.addEventListener('open', () => (wasOpen = true))
      this.addEventListener('close', ({ reason }) => onClose(reason, wasOpen))
    }
  }
}

/** Connects the page with its host: over IPC in Electron, over a WebSocket in a browser. */
export function connect(): Connection {
  let state: ConnectionState = 'connecting'
  const listeners = new Set<(state: ConnectionState) => void>()
  const set = (next: ConnectionState): void => {
    if (next === state) return
    // The code of a page that was never admitted has come from wherever the page itself did.
    if (entrance && (next === 'open' || state === 'open')) setCodeTrusted(next === 'open')
    state = next
    for (const listener of listeners) listener(next)
  }

  const bridge = (window as unknown as Record<string, RetraceBridge | undefined>)[BRIDGE]
  const entrance = bridge ? null : new Entrance(set)
  const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api`
  const socket = createWSClient({
    url: async () => {
      await entrance?.ready()
      return entrance ? address : 'ws://ipc'
    },
    WebSocket: bridge
      ? channelSocketClass(bridge)
      : keyedSocketClass(entrance!.tab, (reason, wasOpen) => entrance!.lostSocket(reason, wasOpen)),
    retryDelayMs: (attempt) => RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 2000,
    ...(bridge ? {} : { keepAlive: { enabled: true, intervalMs: 10_000, pongTimeoutMs: 10_000 } }),
  })
  const watch = socket.connectionState.subscribe({
    next(now) {
      if (now.state === 'pending') {
        entrance?.opened()
        return set('open')
      }
      // The entrance knows more about a lasting loss.
      if (now.state === 'connecting' && (state === 'open' || !entrance)) set('connecting')
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
      entrance?.close()
      await socket.close()
    },
  }
}
