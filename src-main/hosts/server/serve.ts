import { ownCommand } from '../../processes/installation.js'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineReport } from '../../contract/engine.js'
import { UserError } from '../../contract/errors.js'
import type { Api } from '../../features/router.js'
import { askWindowAddress, type HostRecord } from '../discovery.js'
import type { HomeChoice } from '../home.js'
import { openHost, type OpenBackend } from '../host.js'
import { openWindow } from './browser.js'
import type { LocalServer } from './http.js'
import { outputOf, type Output } from './output.js'
import type { PageAddress } from './page.js'
import { PIPED_MS, PRINTED_MS } from './tickets.js'
import { removeWindowPage, writeWindowPage } from './window-page.js'

export interface ServeOptions {
  home: HomeChoice
  openBackend: OpenBackend
  page: PageAddress
  port?: number | undefined
  /** The folder to which windows may write files; `exports` in the home by default. */
  exports?: string | undefined
  /** Opens a window, even on a server that is already running; false: this process must become the server. */
  window: boolean
  print(line: string): void
  /** The destinations of `print` and of errors; by default those of the process's streams. */
  output?: Output
  errors?: Output
  /** Resolves when the user ends the program. */
  end: Promise<unknown>
  onDefect(error: Error): void
}

/** The engine, why it was chosen, and what would make it faster: the lines shown in both terminal and window. */
export function describeEngine(report: EngineReport): string[] {
  const { engine, device, deviceName, threads, versions, reason, remedy } = report
  const name = engine === 'native' ? `native (TensorFlow ${versions.tensorflow ?? ''})` : 'portable (WebAssembly)'
  const on = device === 'gpu' ? deviceName : `${deviceName}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
  return [`Engine: ${name} on ${on}. ${reason}`, ...(remedy === null ? [] : [`To speed up: ${remedy}`])]
}

async function announceEngine(api: Api, print: (line: string) => void): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { engine } = await (await api.features()).ports.system()
    if (engine) return describeEngine(engine).forEach(print)
    await sleep(100, undefined, { ref: false })
  }
}

/** Opens a window with a ticket that the browser reads from a page, because all users can read its arguments. */
function openWindowOn(home: string, address: string): ReturnType<typeof openWindow> {
  return openWindow(writeWindowPage(home, address), join(home, 'window'))
}

async function joinRunning(running: HostRecord, options: ServeOptions): Promise<void> {
  const { home, window, print, output = outputOf(1), errors = outputOf(2) } = options
  const who = `process ${running.pid}`
  if (running.kind === 'cli')
    throw new UserError(
      'CONFLICT',
      `The home folder ${home.folder} is in use by another Retrace command (${who}). Wait until it ends, or choose another folder with --home.`,
    )
  if (running.kind === 'electron')
    throw new UserError('CONFLICT', `The workbench of ${home.folder} is already open in its own window (${who}). Use that window.`)
  if (!window) {
    const address = errors === 'file' ? running.address : await askWindowAddress(running)
    throw new UserError(
      'CONFLICT',
      `The workbench of ${home.folder} is already running (${who}) at ${address} . Open that address, or choose another folder with --home.`,
    )
  }
  print(`The workbench of ${home.folder} is already running (${who}).`)
  const opened = await openWindowOn(home.folder, await askWindowAddress(running))
  if (opened.how !== 'none') return print('Opened another window.')
  print(`Address: ${output === 'file' ? running.address : await askWindowAddress(running)}`)
  print(output === 'file' ? NO_TICKET : `Open this address in a browser within a minute (${opened.why}).`)
}

const NO_TICKET = `This output goes to a file that others may read, so the address does not grant access. Run ${ownCommand('start')} in a terminal for one that does.`

/**
 * Prints an address that admits one window. In a terminal, a new one is printed after it was opened, or opened too late; another program
 * gets only one, because its output may be stored.
 */
function printAddress({ address, newWindowAddress }: LocalServer, print: (line: string) => void, output: Output): void {
  if (output === 'file') {
    print(`Address: ${address}`)
    return print(NO_TICKET)
  }
  const life = output === 'terminal' ? PRINTED_MS : PIPED_MS
  const next = (name: string): void => {
    print(`${name}: ${newWindowAddress(life, output === 'terminal' ? () => next('Address of another window') : undefined)}`)
  }
  next('Address')
  print(
    `It opens one window within ${life / 60_000} minutes; ${output === 'terminal' ? 'then a new address is printed' : `run ${ownCommand('start')} again for another`}.`,
  )
}

/**
 * The workbench on the local server: becomes the home's host and serves until it is ended, or opens a window on the server that is already
 * running.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { home, openBackend, page, port, exports, window, print, output = outputOf(1), end, onDefect } = options
  const found = await openHost({ home, kind: 'server', lasting: true, openBackend, page, port, exports, onDefect, note: print })
  if ('running' in found) return joinRunning(found.running, options)

  const { opened: host } = found
  try {
    print(`Retrace keeps its data in ${host.home}`)
    printAddress(host.server, print, output)
    announceEngine(host.api, print).catch(onDefect)
    const opened = window ? await Promise.race([openWindowOn(host.home, host.server.windowAddress), end]) : null
    if (isWindow(opened)) {
      if (opened.how === 'none') print(`Open the address above in a browser (${opened.why}).`)
      if (opened.how === 'app')
        void opened.closed.then(() =>
          print(`The window was closed; runs continue. ${ownCommand('start')} opens it again, Ctrl+C here stops the workbench.`),
        )
    }
    print('Press Ctrl+C to stop the workbench.')
    await end
    print('Stopping: runs write a checkpoint first. Press Ctrl+C again to exit immediately.')
    if (isWindow(opened) && opened.how === 'app') opened.close()
  } finally {
    removeWindowPage(host.home)
    await host.close()
  }
}

const isWindow = (value: unknown): value is Awaited<ReturnType<typeof openWindow>> =>
  typeof value === 'object' && value !== null && 'how' in value
