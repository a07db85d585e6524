import type { IpcRendererEvent } from 'electron'
import { IPC, type RetraceBridge } from '../../contract/bridge.js'

/** The part of Electron's `ipcRenderer` that is used. */
export interface IpcRendererLike {
  on(channel: string, listener: (event: IpcRendererEvent, ...args: unknown[]) => void): unknown
  send(channel: string, ...args: unknown[]): void
}

/**
 * The page's side of the channels of `transport/ipc-main.ts`. It passes on text, reveals the paths of dropped files, asks for the path of a
 * file to write, and can do nothing else.
 */
export function createBridge(ipcRenderer: IpcRendererLike, pathOf: RetraceBridge['pathOf']): RetraceBridge {
  const pipes = new Map<number, { onMessage(text: string): void; onClose(reason: string): void }>()
  const asked = new Map<number, (path: string | null) => void>()
  let [opened, asks] = [0, 0]

  ipcRenderer.on(IPC.toPage, (_event, id, text) => {
    if (typeof id === 'number' && typeof text === 'string') pipes.get(id)?.onMessage(text)
  })
  ipcRenderer.on(IPC.closed, (_event, id, reason) => {
    if (typeof id !== 'number') return
    const pipe = pipes.get(id)
    pipes.delete(id)
    pipe?.onClose(String(reason))
  })

  ipcRenderer.on(IPC.chosen, (_event, id, path) => {
    if (typeof id !== 'number') return
    asked.get(id)?.(typeof path === 'string' ? path : null)
    asked.delete(id)
  })

  return {
    pathOf,
    choosePath: (suggested) =>
      new Promise((resolve) => {
        asked.set(++asks, resolve)
        ipcRenderer.send(IPC.choose, asks, suggested)
      }),
    open(onMessage, onClose) {
      const id = ++opened
      pipes.set(id, { onMessage, onClose })
      ipcRenderer.send(IPC.open, id)
      return {
        send: (text) => ipcRenderer.send(IPC.toMain, id, text),
        close: () => {
          if (pipes.delete(id)) ipcRenderer.send(IPC.close, id)
        },
      }
    },
  }
}
