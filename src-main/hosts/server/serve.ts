import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineReport } from '../../contract/engine.js'
import { UserError } from '../../contract/errors.js'
import type { Services } from '../../contract/services.js'
import type { HostRecord } from '../discovery.js'
import type { HomeChoice } from '../home.js'
import { openHost, type OpenBackend } from '../host.js'
import { openWindow } from './browser.js'

export interface ServeOptions {
  home: HomeChoice
  openBackend: OpenBackend
  page: string
  port?: number | undefined
  /** Opens a window, also onto a server that runs already; false: this process must become the server. */
  window: boolean
  print(line: string): void
  /** Resolves when the user wants the end. */
  end: Promise<unknown>
  onDefect(error: Error): void
}

/** Which engine runs, why, and what would make it faster: the lines that both terminal and window show. */
export function describeEngine(report: EngineReport): string[] {
  const { engine, device, deviceName, threads, versions, reason, remedy } = report
  const name = engine === 'native' ? `native (TensorFlow ${versions.tensorflow ?? ''})` : 'portable (WebAssembly)'
  const on = device === 'gpu' ? deviceName : `${deviceName}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
  return [`Engine: ${name} on ${on}. ${reason}`, ...(remedy === null ? [] : [`For a faster one: ${remedy}`])]
}

async function announceEngine(services: Services, print: (line: string) => void): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { engine } = await services.system.info()
    if (engine) return describeEngine(engine).forEach(print)
    await sleep(100, undefined, { ref: false })
  }
}

async function joinRunning(running: HostRecord, { home, window, print }: ServeOptions): Promise<void> {
  const who = `process ${running.pid}`
  if (running.kind === 'cli')
    throw new UserError(
      'CONFLICT',
      `A command of Retrace (${who}) uses the home folder ${home.folder}: wait for its end, or choose another with --home.`,
    )
  if (running.kind === 'electron')
    throw new UserError('CONFLICT', `The workbench of ${home.folder} is open already in a window of its own (${who}): use that one.`)
  const address = `${running.address}/?token=${running.token}`
  if (!window)
    throw new UserError(
      'CONFLICT',
      `The workbench of ${home.folder} runs already (${who}) at ${address} : open that address, or choose another folder with --home.`,
    )
  print(`The workbench of ${home.folder} runs already (${who}).`)
  print(`Address: ${address}`)
  const opened = await openWindow(address, join(home.folder, 'window'))
  if (opened.how === 'none') print(`Open this address in a browser (${opened.why}).`)
}

/**
 * The workbench on the local server: becomes the home's host and serves until the end is wanted, or opens a window onto
 * the server that runs already.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { home, openBackend, page, port, window, print, end, onDefect } = options
  const found = await openHost({ home, kind: 'server', lasting: true, openBackend, page, port, onDefect })
  if ('running' in found) return joinRunning(found.running, options)

  const { opened: host } = found
  try {
    print(`Retrace keeps its data in ${host.home}`)
    print(`Address: ${host.server.windowAddress}`)
    announceEngine(host.services, print).catch(onDefect)
    const opened = window ? await Promise.race([openWindow(host.server.windowAddress, join(host.home, 'window')), end]) : null
    if (isWindow(opened)) {
      if (opened.how === 'none') print(`Open the address above in a browser (${opened.why}).`)
      if (opened.how === 'app')
        void opened.closed.then(() => print('The window was closed; runs go on. Open the address above again, or end with Ctrl+C.'))
    }
    print('Ctrl+C ends the workbench.')
    await end
    print('Closing: runs write a checkpoint first. Ctrl+C again ends at once.')
    if (isWindow(opened) && opened.how === 'app') opened.close()
  } finally {
    await host.close()
  }
}

const isWindow = (value: unknown): value is Awaited<ReturnType<typeof openWindow>> =>
  typeof value === 'object' && value !== null && 'how' in value
