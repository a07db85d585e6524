import { fork, type ChildProcess } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { _electron, chromium, type ElectronApplication, type Page } from 'playwright-core'
import { ROOT } from '../../../src-main/hosts/launcher/root.mjs'
import { pagesPath } from './chromium.js'

/** An open window of a packaged program, with what its user and the system do to it from outside. */
export interface PackagedShell {
  page: Page
  /** Clicks this button in every future dialog. */
  answerDialogs(button: number): Promise<void>
  /** Clicks the close button of the window. */
  closeWindow(): Promise<void>
  /** Resolves with the exit status of the program. */
  ended: Promise<number | null>
  /** Requests that were blocked, which a page of this program never makes. */
  refused: string[]
  /** Lines written to standard error. */
  errors(): string
  kill(): void
}

export interface ShellPlaces {
  /** Folder of the program. */
  tree: string
  /** A folder that the user of the program can write to, for home, caches and profiles. */
  own: string
  env: NodeJS.ProcessEnv
  /** Runs the program as this user; by default as the user of the test. */
  user?: { uid: number; gid: number } | undefined
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** The packaged program with the substitute for Electron (`test/fixtures/electron-on-chromium`), on a real Chromium. */
export async function openOnChromium({ tree, own, env, user }: ShellPlaces): Promise<PackagedShell> {
  // That user may not have access to the checkout.
  const standIn = join(own, '..', 'stand-in')
  mkdirSync(join(standIn, 'node_modules'), { recursive: true })
  cpSync(join(ROOT, 'test/fixtures/electron-on-chromium'), standIn, { recursive: true })
  cpSync(join(ROOT, 'node_modules/playwright-core'), join(standIn, 'node_modules/playwright-core'), { recursive: true })
  const port = await freePort()
  const child: ChildProcess = fork(join(tree, 'resources/app/out/main/electron.js'), [], {
    cwd: own,
    execArgv: ['--import', join(standIn, 'register.mjs')],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...env, HOME: own, STAND_IN_PORT: String(port), STAND_IN_BROWSER: pagesPath ?? '', STAND_IN_PATH: process.env['PATH'] ?? '' },
    ...user,
  })
  let errors = ''
  child.stderr?.on('data', (data: Buffer) => (errors += data.toString()))
  const refused: string[] = []
  const ended = new Promise<number | null>((resolve) => child.once('exit', (status) => resolve(status)))
  const opened = new Promise<void>((resolve, reject) => {
    child.on('message', (news: { window?: string; refused?: string; error?: string }) => {
      if (news.window) resolve()
      if (news.refused) refused.push(news.refused)
      if (news.error) reject(new Error(news.error))
    })
    void ended.then((status) => reject(new Error(`the program ended with ${status}: ${errors}`)))
  })
  opened.catch(() => undefined)
  await opened
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`)
  const page = browser.contexts()[0]?.pages()[0]
  if (!page) throw new Error('the window has no page')
  const tell = async (message: object): Promise<void> => void child.send(message)
  return {
    page,
    answerDialogs: (answer) => tell({ answer }),
    closeWindow: () => tell({ closeWindow: true }),
    ended,
    refused,
    errors: () => errors,
    kill: () => void child.kill('SIGKILL'),
  }
}

/** The packaged program with its real Electron, driven by Playwright: for developers who have the binary (`npm run package:check`). */
export async function openInElectron({ tree, own, env }: ShellPlaces): Promise<PackagedShell> {
  const program: ElectronApplication = await _electron.launch({
    executablePath: join(tree, process.platform === 'win32' ? 'retrace-desktop.exe' : 'retrace-desktop'),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    cwd: own,
    env: Object.fromEntries(Object.entries({ ...env, HOME: own }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
  })
  let errors = ''
  program.process().stderr?.on('data', (data: Buffer) => (errors += data.toString()))
  const ended = new Promise<number | null>((resolve) => program.process().once('exit', (status) => resolve(status)))
  const page = await program.firstWindow()
  await sleep(0)
  return {
    page,
    answerDialogs: (answer) =>
      program.evaluate(({ dialog }, response) => {
        dialog.showMessageBox = async () => ({ response, checkboxChecked: false })
      }, answer),
    closeWindow: () => program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close()),
    ended,
    refused: [],
    errors: () => errors,
    kill: () => void program.process().kill('SIGKILL'),
  }
}
