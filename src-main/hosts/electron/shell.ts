import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type * as Electron from 'electron'
import { isUserError, UserError } from '../../contract/errors.js'
import { serveIpc } from '../../transport/ipc-main.js'
import { guarded } from '../../processes/guarded.js'
import { describeFailure } from '../failure.js'
import { prepareHome, type HomeChoice } from '../home.js'
import { openHost, type Host, type OpenBackend } from '../host.js'
import { requirePage } from '../server/page.js'
import { importRun } from '../../features/runs/import-run.js'
import { archivesIn, behaveOnDesktop, openLink } from './desktop.js'
import { decideQuit } from './quit.js'
import { isOwnAddress, PAGE_ORIGIN, pageHandler, SCHEME } from './page-protocol.js'
import { serveSaveDialog } from './save-dialog.js'
import { confineContents, confineSession } from './security.js'
import { keepWindowState, readWindowState } from './window-state.js'

/** The part of Electron that the shell uses; tests pass a fake. */
export type ElectronApi = Pick<
  typeof Electron,
  'app' | 'BrowserWindow' | 'dialog' | 'ipcMain' | 'Menu' | 'powerMonitor' | 'protocol' | 'screen' | 'session' | 'shell' | 'Tray'
>

export interface ShellOptions {
  home: HomeChoice
  openBackend: OpenBackend
  /** Folder of the built page. */
  page: string
  preload: string
  /** Path of the program's icon, for window and tray. */
  icon: string
  /** Run archives to import, with which the system has started the program. */
  files?: readonly string[]
  port?: number | undefined
  /** The folder to which the window may write files; `exports` in the home by default. */
  exports?: string | undefined
  /** Resolves when the process is asked to end from outside, in which case the user is not asked. */
  end: Promise<unknown>
  note(line: string): void
}

/** The privileges of the page's scheme, which must be registered before Electron is ready. */
const SCHEME_PRIVILEGES = { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } }

async function openOrExplain(options: ShellOptions, onDefect: (error: Error) => void): Promise<Host> {
  const { home, openBackend, port, exports } = options
  // The home is also served to commands; the page itself is loaded through the program's own scheme.
  const found = await openHost({
    home,
    kind: 'electron',
    lasting: true,
    openBackend,
    page: null,
    port: port ?? 0,
    exports,
    onDefect,
    note: options.note,
  })
  if ('opened' in found) return found.opened
  const { pid, address, kind } = found.running
  throw new UserError(
    'CONFLICT',
    kind === 'server'
      ? `The workbench of ${home.folder} is already running as a local server (process ${pid}) at ${address}. Use its window, or stop it first with Ctrl+C in its terminal.`
      : `The home folder ${home.folder} is in use by another Retrace command (process ${pid}). Wait until it ends, or choose another folder with --home.`,
  )
}

function createWindow(
  electron: ElectronApi,
  home: string,
  options: ShellOptions,
  onFailure: (error: unknown) => void,
): Electron.BrowserWindow {
  const file = join(home, 'window.json')
  const { maximized, ...place } = readWindowState(
    file,
    electron.screen.getAllDisplays().map(({ workArea }) => workArea),
  )
  const window = new electron.BrowserWindow({
    ...place,
    minWidth: 800,
    minHeight: 500,
    title: 'Retrace',
    show: false,
    icon: options.icon,
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
    },
  })
  keepWindowState(window, file, onFailure)
  window.once(
    'ready-to-show',
    guarded(onFailure, () => {
      if (maximized) window.maximize()
      window.show()
    }),
  )
  // A crashed page is blank and unresponsive; the runs are in other processes and continue.
  window.webContents.on(
    'render-process-gone',
    guarded(onFailure, (_event, { reason }) => {
      if (reason !== 'clean-exit' && !window.isDestroyed()) window.reload()
    }),
  )
  return window
}

/**
 * The workbench in Electron: one instance per home, one window, and the back end in this process.
 * @returns the exit status, when the program is about to end
 */
export async function runShell(electron: ElectronApi, options: ShellOptions): Promise<number> {
  const { app, dialog, ipcMain, protocol, session } = electron
  const onFailure = (error: unknown): void => options.note(describeFailure(error))

  let window: Electron.BrowserWindow | null = null
  let desktop: ReturnType<typeof behaveOnDesktop> | null = null
  /** Imports run archives once the home is open; archives opened earlier wait. */
  let openFiles = (files: readonly string[]): void => void waiting.push(...files)
  const waiting = [...(options.files ?? [])]
  const show = guarded(onFailure, () => {
    if (!window) return
    desktop?.leaveTray()
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  })

  let host: Host
  try {
    requirePage(options.page)
    const home = prepareHome(options.home)
    // The instance lock is in this folder, so that there is one instance per home and not per user.
    const userData = join(home, 'electron')
    mkdirSync(userData, { recursive: true })
    app.setPath('userData', userData)
    if (!app.requestSingleInstanceLock()) {
      options.note('The workbench is already open. Its window was brought to the front.')
      return 0
    }
    app.on(
      'second-instance',
      guarded(onFailure, (_event, args, folder) => {
        show()
        openFiles(archivesIn(args.slice(1), folder))
      }),
    )
    // macOS opens files with an event instead of arguments.
    app.on(
      'open-file',
      guarded(onFailure, (event, path) => {
        event.preventDefault()
        openFiles(archivesIn([path], '/'))
      }),
    )
    app.on('activate', show)
    app.on(
      'web-contents-created',
      guarded(onFailure, (_event, contents) =>
        confineContents(contents, onFailure, (url) => void openLink(electron, window, url).catch(onFailure)),
      ),
    )
    protocol.registerSchemesAsPrivileged([SCHEME_PRIVILEGES])
    await app.whenReady()
    host = await openOrExplain(options, onFailure)
  } catch (error) {
    onFailure(error)
    if (isUserError(error)) dialog.showErrorBox('Retrace cannot start', error.message)
    return 1
  }

  confineSession(session.defaultSession)
  protocol.handle(SCHEME, pageHandler(options.page))
  const isTrusted = ({ senderFrame }: Electron.IpcMainEvent): boolean =>
    senderFrame !== null && senderFrame.parent === null && isOwnAddress(senderFrame.url)
  const places = serveSaveDialog({ ipcMain, dialog, window: () => window, isTrusted, exports: host.exports, onFailure })
  const ipc = serveIpc({
    ipcMain,
    api: host.api,
    writePath: places.writePath,
    isTrusted,
    onDefect: onFailure,
  })
  window = createWindow(electron, host.home, options, onFailure)
  const opened = window
  await opened.loadURL(`${PAGE_ORIGIN}/`)

  const importFiles = async (files: readonly string[]): Promise<void> => {
    const features = await host.api.features()
    const { changes, control, projects } = features
    for (const path of files)
      try {
        const run = await importRun({ ...features.ports, changes, control, projects }, path)
        await opened.loadURL(`${PAGE_ORIGIN}/#/runs/${run.id}`)
      } catch (error) {
        if (!isUserError(error)) throw error
        dialog.showErrorBox('The file cannot be opened', error.message)
      }
  }
  openFiles = (files) => void importFiles(files).catch(onFailure)
  openFiles(waiting.splice(0))

  return new Promise((resolve) => {
    let finished = false
    const finish = async (): Promise<void> => {
      window?.hide()
      desktop?.close()
      ipc.close()
      places.close()
      let status = 0
      try {
        await host.close()
      } catch (error) {
        onFailure(error)
        status = 1
      }
      finished = true
      window?.destroy()
      resolve(status)
    }

    let asking: Promise<void> | null = null
    const ask = async (): Promise<void> => {
      const decision = await decideQuit((await host.api.features()).ports.runs.list(), dialog, window)
      if (decision === 'background') {
        window?.hide()
        desktop?.showInTray()
      }
      if (decision === 'quit') await finish()
    }
    const request = guarded(onFailure, (event: { preventDefault(): void }) => {
      if (finished) return
      event.preventDefault()
      asking ??= ask()
        .catch(onFailure)
        .finally(() => (asking = null))
    })
    window?.on('close', request)
    app.on('before-quit', request)
    // Without this listener, Electron would quit when the window is destroyed, before the caller of this function decides.
    app.on(
      'window-all-closed',
      guarded(onFailure, () => undefined),
    )
    const interruption = async () => (await host.api.features()).interruption
    desktop = behaveOnDesktop({
      electron,
      window: opened,
      icon: options.icon,
      runs: async () => (await host.api.features()).ports.runs.list(),
      sleep: async () => (await interruption()).sleep(),
      wake: async () => (await interruption()).wake(),
      async endSession() {
        ;(await interruption()).endSession()
        await finish()
      },
      show,
      quit: () => request({ preventDefault: () => undefined }),
      onFailure,
    })
    void options.end.then(finish)
  })
}
