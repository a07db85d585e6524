import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createTRPCClient, createWSClient, wsLink, type TRPCClient } from '@trpc/client'
import superjson from 'superjson'
import { WebSocket } from 'ws'
import type { AppRouter } from '../../src-main/features/router.js'
import type { Api } from '../../src-main/features/router.js'
import { createBridge } from '../../src-main/hosts/electron/bridge.js'
import type { DefectListener } from '../../src-main/transport/channel-server.js'
import { serveIpc } from '../../src-main/transport/ipc-main.js'
import { anywhere } from '../../src-main/transport/writing.js'
import { connectInMemory } from '../../src-main/transport/memory.js'
import { API_PATH, connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { serveWebSocket } from '../../src-main/transport/websocket.js'
import { channelSocketClass } from '../../src-renderer/home/client/channel-socket.js'
import { FakeElectronIpc } from '../fixtures/fake-electron-ipc.js'

/** A connection below the client: sends arbitrary text, shows each answer, and reports when it was closed. */
export interface RawConnection {
  send(text: string): void
  answers: string[]
  closed: Promise<void>
  end(): void
}

export interface Session {
  client: TRPCClient<AppRouter>
  /**
   * Loses the connection without notice, so that the client has to reconnect by itself; absent for the in-memory transport, which has none.
   */
  drop?: () => void
  raw?: () => Promise<RawConnection>
  close(): Promise<void>
}

export interface Harness {
  name: string
  start(api: Api, onDefect: DefectListener): Promise<Session>
}

const memory: Harness = {
  name: 'in memory',
  start: async (api) => ({ client: connectInMemory(api), close: async () => undefined }),
}

const websocket: Harness = {
  name: 'WebSocket',
  async start(api, onDefect) {
    const server = createServer()
    const service = serveWebSocket({ server, api, refuse: () => null, writePathOf: () => anywhere, onDefect })
    const connections = new Set<Socket>()
    server.on('connection', (socket) => {
      connections.add(socket)
      socket.once('close', () => connections.delete(socket))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { client, close } = connectWebSocket(address, 'unused')
    return {
      client,
      drop: () => connections.forEach((socket) => socket.resetAndDestroy()),
      async raw() {
        const socket = new WebSocket(`${address.replace('http', 'ws')}${API_PATH}`)
        const answers: string[] = []
        socket.on('message', (data: Buffer) => answers.push(data.toString()))
        socket.on('error', () => undefined)
        const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
        await new Promise((resolve) => socket.once('open', resolve))
        return { send: (text) => socket.send(text), answers, closed, end: () => socket.terminate() }
      },
      async close() {
        await close()
        service.close()
        connections.forEach((socket) => socket.destroy())
        await new Promise((resolve) => server.close(resolve))
      },
    }
  },
}

const ipc: Harness = {
  name: 'Electron IPC',
  async start(api, onDefect) {
    const electron = new FakeElectronIpc()
    const service = serveIpc({ ipcMain: electron.ipcMain, api, isTrusted: () => true, writePath: anywhere, onDefect })
    const bridge = createBridge(electron.ipcRenderer, () => '')
    const socket = createWSClient({ url: 'ws://ipc', WebSocket: channelSocketClass(bridge), retryDelayMs: () => 5 })
    return {
      client: createTRPCClient<AppRouter>({ links: [wsLink({ client: socket, transformer: superjson })] }),
      drop: () => electron.drop(),
      async raw() {
        const answers: string[] = []
        let report = (): void => undefined
        const closed = new Promise<void>((resolve) => (report = resolve))
        const pipe = bridge.open((text) => answers.push(text), report)
        return { send: (text) => pipe.send(text), answers, closed, end: () => pipe.close() }
      },
      async close() {
        await socket.close()
        service.close()
        electron.destroy()
      },
    }
  },
}

export const HARNESSES: readonly Harness[] = [memory, websocket, ipc]
