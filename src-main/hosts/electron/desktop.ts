import type * as Electron from 'electron'
import { existsSync, realpathSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { hasTrainer, type RunSummary } from '../../contract/runs.js'
import { guarded } from '../../processes/guarded.js'

/** File names of run archives, as written by `runs export --format archive`. */
const ARCHIVE = /\.retrace(\.tar\.gz)?$/i

/** Run archives among the command-line arguments, as absolute paths: the system opens files by starting the program with their paths. */
export const archivesIn = (args: readonly string[], folder: string): string[] =>
  args
    .filter((text) => !text.startsWith('-') && ARCHIVE.test(text))
    .map((text) => (isAbsolute(text) ? text : resolve(folder, text)))
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path))

/** Web addresses, the only ones that a note may link to. */
const WEB = /^https?:\/\//i

/** Opens a link of a note in the user's browser after a confirmation, because the note may come from an archive of unknown origin. */
export async function openLink(
  { dialog, shell }: Pick<typeof Electron, 'dialog' | 'shell'>,
  window: Electron.BrowserWindow | null,
  url: string,
): Promise<void> {
  if (!WEB.test(url)) return
  const options = {
    type: 'question' as const,
    buttons: ['Open in browser', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
    title: 'Retrace',
    message: 'Open this address in your browser?',
    detail: new URL(url).href,
    noLink: true,
  }
  const { response } = window ? await dialog.showMessageBox(window, options) : await dialog.showMessageBox(options)
  if (response === 0) await shell.openExternal(url)
}

/** Overall progress of all running runs for the taskbar: 0..1, or -1 to show none. */
export function overallProgress(runs: readonly RunSummary[]): number {
  const going = runs.filter(hasTrainer)
  const [done, whole] = [going.reduce((sum, { step }) => sum + step, 0), going.reduce((sum, { totalSteps }) => sum + (totalSteps ?? 0), 0)]
  return whole > 0 ? Math.min(1, done / whole) : -1
}

const PROGRESS_MS = 2000

export interface DesktopOptions {
  electron: Pick<typeof Electron, 'Tray' | 'Menu' | 'powerMonitor'>
  window: Electron.BrowserWindow
  /** Path of the icon. */
  icon: string
  runs(): Promise<readonly RunSummary[]>
  /** Called before the machine sleeps, and after it has woken. */
  sleep(): Promise<void>
  wake(): Promise<void>
  /** The user's session is about to end: everything must be stored without asking the user. */
  endSession(): Promise<void>
  show(): void
  quit(): void
  onFailure(error: unknown): void
}

/** Desktop integration: progress in the taskbar, a tray icon while there is no window, and precautions before sleep and shutdown. */
export function behaveOnDesktop(options: DesktopOptions): { showInTray(): void; leaveTray(): void; close(): void } {
  const { electron, window, icon, runs, sleep, wake, endSession, show, quit, onFailure } = options
  const { Tray, Menu, powerMonitor } = electron
  const asleep = guarded(onFailure, () => void sleep().catch(onFailure))
  const awake = guarded(onFailure, () => void wake().catch(onFailure))
  powerMonitor.on('suspend', asleep)
  powerMonitor.on('resume', awake)
  // Linux and macOS announce the shutdown through `powerMonitor`, Windows through the window.
  const end = guarded(onFailure, (event?: { preventDefault(): void }) => {
    event?.preventDefault()
    endSession().catch(onFailure)
  })
  powerMonitor.on('shutdown', end)
  window.on(
    'session-end',
    guarded(onFailure, () => end()),
  )

  let shown = -1
  const look = async (): Promise<void> => {
    const progress = overallProgress(await runs())
    if (window.isDestroyed() || progress === shown) return
    shown = progress
    window.setProgressBar(progress)
  }
  const timer = setInterval(
    guarded(onFailure, () => void look().catch(onFailure)),
    PROGRESS_MS,
  )

  let tray: Electron.Tray | null = null
  const leaveTray = (): void => {
    tray?.destroy()
    tray = null
  }
  return {
    showInTray() {
      if (tray !== null) return
      tray = new Tray(icon)
      tray.setToolTip('Retrace: runs continue in the background')
      tray.setContextMenu(
        Menu.buildFromTemplate([
          { label: 'Open Retrace', click: guarded(onFailure, show) },
          { label: 'Quit', click: guarded(onFailure, quit) },
        ]),
      )
      tray.on('click', guarded(onFailure, show))
    },
    leaveTray,
    close() {
      clearInterval(timer)
      leaveTray()
      powerMonitor.removeAllListeners()
    },
  }
}
