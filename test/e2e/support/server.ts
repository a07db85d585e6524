import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface RunningServer {
  child: ChildProcess
  /** The address for a window, with its token. */
  url: URL
  /** Everything that it printed so far. */
  output(): string
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>
}

/**
 * Starts the local server as a process of its own and waits for the address that it prints.
 * @param entry the built server, or the launcher that `npm start` calls
 * @param port 0: any that is free
 */
export async function startServer(entry: string, home: string, port = '0'): Promise<RunningServer> {
  const child = spawn(process.execPath, [entry, '--no-open', '--port', port, '--home', home], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const url = await new Promise<URL>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const address = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(output)?.[0]
      if (address) resolve(new URL(address))
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', (code) => reject(new Error(`the server ended with ${String(code)}:\n${output}`)))
  })
  return {
    child,
    url,
    output: () => output,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
