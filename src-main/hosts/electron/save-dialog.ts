import { join } from 'node:path'
import type { BrowserWindow, Dialog, IpcMainEvent } from 'electron'
import { IPC } from '../../contract/bridge.js'
import type { WritePath } from '../../contract/writing.js'
import { guarded } from '../../processes/guarded.js'
import type { IpcMainLike } from '../../transport/ipc-main.js'
import { onlyIn } from '../../transport/writing.js'

export interface SaveDialogOptions {
  ipcMain: IpcMainLike
  dialog: Pick<Dialog, 'showSaveDialog'>
  /** The parent window of the dialog; null before there is one. */
  window(): BrowserWindow | null
  /** Whether this frame is the window's own page; requests of other frames are ignored. */
  isTrusted(event: IpcMainEvent): boolean
  /** The folder to which the window may write files without asking, and in which the dialog starts. */
  exports: string
  onFailure(error: unknown): void
}

/**
 * The system's save dialog for files written by the window: besides the export folder, the window may write only where its user has chosen
 * a path in this dialog. The dialog also asks whether an existing file is to be replaced.
 */
export function serveSaveDialog({ ipcMain, dialog, window, isTrusted, exports, onFailure }: SaveDialogOptions): {
  writePath: WritePath
  close(): void
} {
  const chosen = new Set<string>()
  const inExports = onlyIn(exports)

  async function ask(event: IpcMainEvent, id: number, suggested: string): Promise<void> {
    const parent = window()
    const options = { defaultPath: join(exports, suggested.replaceAll(/[/\\]/g, '-')), properties: ['showOverwriteConfirmation' as const] }
    const { canceled, filePath } = parent ? await dialog.showSaveDialog(parent, options) : await dialog.showSaveDialog(options)
    if (!canceled) chosen.add(filePath)
    if (!event.sender.isDestroyed()) event.sender.send(IPC.chosen, id, canceled ? null : filePath)
  }
  const listener = guarded(onFailure, (event: IpcMainEvent, id: unknown, suggested: unknown) => {
    if (typeof id !== 'number' || typeof suggested !== 'string' || !isTrusted(event)) return
    ask(event, id, suggested).catch(onFailure)
  })
  ipcMain.on(IPC.choose, listener)
  return {
    writePath: (path) => (chosen.has(path) ? path : inExports(path)),
    close: () => void ipcMain.removeListener(IPC.choose, listener),
  }
}
