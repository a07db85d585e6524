import type { IpcMainEvent, WebContents } from 'electron'
import { IPC } from '../contract/bridge.js'
import type { WritePath } from '../contract/writing.js'
import type { Api } from '../features/router.js'
import { guarded } from '../processes/guarded.js'
import { serveChannel, type ChannelEvents, type DefectListener } from './channel-server.js'

/** The part of Electron's `ipcMain` that is used, as a parameter, so that tests run without Electron. */
export interface IpcMainLike {
  on(channel: string, listener: (event: IpcMainEvent, ...args: unknown[]) => void): unknown
  removeListener(channel: string, listener: (event: IpcMainEvent, ...args: unknown[]) => void): unknown
}

export interface IpcOptions {
  ipcMain: IpcMainLike
  api: Api
  /** Whether this frame is the window's own page; messages of others are ignored. */
  isTrusted(event: IpcMainEvent): boolean
  /** The window's write permissions. */
  writePath: WritePath
  onDefect: DefectListener
}

const MAX_PIPES = 16

/** Serves the router over Electron's IPC: any number of channels for each page, closed with it. */
export function serveIpc({ ipcMain, api, isTrusted, writePath, onDefect }: IpcOptions): { close(): void } {
  const fault = (error: unknown): void => onDefect(error instanceof Error ? error : new Error(String(error)), undefined)
  const pages = new Map<WebContents, Map<number, ChannelEvents>>()

  const pipesOf = (page: WebContents): Map<number, ChannelEvents> => {
    const known = pages.get(page)
    if (known) return known
    const pipes = new Map<number, ChannelEvents>()
    pages.set(page, pipes)
    const drop = (): void => {
      for (const pipe of pipes.values()) pipe.closed()
      pipes.clear()
    }
    // A reload or a crash of the page closes its end of every channel without notice.
    page.on(
      'did-start-navigation',
      guarded(fault, ({ isMainFrame, isSameDocument }) => {
        if (isMainFrame && !isSameDocument) drop()
      }),
    )
    page.on('render-process-gone', guarded(fault, drop))
    page.once(
      'destroyed',
      guarded(fault, () => {
        drop()
        pages.delete(page)
      }),
    )
    return pipes
  }

  const open = guarded(fault, (event: IpcMainEvent, id: unknown): void => {
    if (typeof id !== 'number' || !isTrusted(event)) return
    const page = event.sender
    const pipes = pipesOf(page)
    const tell = (channel: string, text: string): void => {
      if (!page.isDestroyed()) page.send(channel, id, text)
    }
    if (pipes.has(id) || pipes.size >= MAX_PIPES) return tell(IPC.closed, 'too many connections from one page')
    const channel = {
      send: (text: string) => tell(IPC.toPage, text),
      close(reason: string) {
        pipes.delete(id)
        tell(IPC.closed, reason)
      },
    }
    pipes.set(id, serveChannel(api, writePath, channel, onDefect))
  })

  const message = guarded(fault, (event: IpcMainEvent, id: unknown, text: unknown): void => {
    if (typeof id !== 'number' || typeof text !== 'string' || !isTrusted(event)) return
    pages.get(event.sender)?.get(id)?.message(text)
  })

  const close = guarded(fault, (event: IpcMainEvent, id: unknown): void => {
    if (typeof id !== 'number' || !isTrusted(event)) return
    const pipes = pages.get(event.sender)
    pipes?.get(id)?.closed()
    pipes?.delete(id)
  })

  ipcMain.on(IPC.open, open)
  ipcMain.on(IPC.toMain, message)
  ipcMain.on(IPC.close, close)
  return {
    close() {
      ipcMain.removeListener(IPC.open, open)
      ipcMain.removeListener(IPC.toMain, message)
      ipcMain.removeListener(IPC.close, close)
      for (const [page, pipes] of pages) {
        for (const [id, pipe] of pipes) {
          pipe.closed()
          if (!page.isDestroyed()) page.send(IPC.closed, id, 'the workbench was closed')
        }
        pipes.clear()
      }
    },
  }
}
