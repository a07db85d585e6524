import { spawn } from 'node:child_process'

export interface CommandResult {
  /** null when a signal ended it. */
  status: number | null
  signal: NodeJS.Signals | null
  timedOut: boolean
  /** The last 64 KiB of standard output and standard error together. */
  output: string
}

const KEPT = 64 * 1024

/**
 * Runs a command to its end, keeping the tail of what it says. Rejects only when it cannot be started.
 * @param timeout milliseconds, after which it is killed
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeout: number },
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let timedOut = false
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-KEPT)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const kill = (): void => void child.kill('SIGKILL')
    const timer = setTimeout(() => {
      timedOut = true
      kill()
    }, options.timeout)
    // A set-up that ends early must not leave a compiler or a download behind it.
    process.once('exit', kill)
    const settled = (): void => {
      clearTimeout(timer)
      process.off('exit', kill)
    }
    child.once('error', (error) => {
      settled()
      reject(error)
    })
    child.once('close', (status, signal) => {
      settled()
      resolve({ status, signal, timedOut, output })
    })
  })
}

/** The last lines that say something, for a sentence that explains a failure. */
export const lastLines = (output: string, count = 3): string =>
  output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-count)
    .join(' | ')
