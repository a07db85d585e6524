import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { askWindowAddress, readHostRecord } from '../../../src-main/hosts/discovery.js'

export interface RunningServer {
  child: ChildProcess
  /** `http://127.0.0.1:PORT` */
  address: string
  port: string
  /** For a client besides the window. */
  token: string
  /** A new address that admits one window. */
  windowAddress(): Promise<string>
  /** Its output so far. */
  output(): string
  /** Kills it without notice, like a crash. */
  crash(): Promise<void>
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>
}

/**
 * Starts the local server as a process of its own and waits for the address that it prints.
 * @param entry the built server, or the launcher called by `npm start`
 * @param port 0: any free port
 */
export async function startServer(entry: string, home: string, port = '0'): Promise<RunningServer> {
  const child = spawn(process.execPath, [entry, '--no-open', '--port', port, '--home', home], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      if (output.includes('Address: ')) resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', (code) => reject(new Error(`the server ended with ${String(code)}:\n${output}`)))
  })
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  const record = readHostRecord(home)
  if (!record) throw new Error(`the server left no record in ${home}`)
  return {
    child,
    address: record.address,
    port: new URL(record.address).port,
    token: record.token,
    windowAddress: () => askWindowAddress(record),
    output: () => output,
    crash: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}
