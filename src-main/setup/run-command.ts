import { AsyncLocalStorage } from 'node:async_hooks'
import { spawn, type ChildProcess } from 'node:child_process'

export interface CommandResult {
  /** Null when a signal ended it. */
  status: number | null
  signal: NodeJS.Signals | null
  timedOut: boolean
  /** The last 64 KiB of standard output and standard error together. */
  output: string
}

const KEPT = 64 * 1024

const wish = new AsyncLocalStorage<AbortSignal>()

/** Runs the work; when the signal aborts, every command that it runs is ended, no other starts, and the reason of the signal is thrown. */
export const untilAborted = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => wish.run(signal, work)

/** The signal of the current work; undefined if it cannot be cancelled. */
export const endSignal = (): AbortSignal | undefined => wish.getStore()

/** @throws the reason when the work has been cancelled */
export const goOn = (): void => wish.getStore()?.throwIfAborted()

/** Kills a command with all of its child processes, such as the compilers of a build. */
function killWhole(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  if (process.platform === 'win32') return void child.kill('SIGKILL')
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/**
 * Runs a command to its end, keeping the tail of its output. Rejects only when it cannot be started, or when `untilAborted` is cancelled.
 * @param timeout milliseconds, after which it is killed
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeout: number },
): Promise<CommandResult> {
  const ending = wish.getStore()
  return new Promise((resolve, reject) => {
    ending?.throwIfAborted()
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that it can be killed as a whole.
      detached: process.platform !== 'win32',
    })
    let output = ''
    let timedOut = false
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-KEPT)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const kill = (): void => killWhole(child)
    const timer = setTimeout(() => {
      timedOut = true
      kill()
    }, options.timeout)
    // A set-up that ends early must not leave a compiler or a download behind it.
    process.once('exit', kill)
    ending?.addEventListener('abort', kill)
    const settled = (): void => {
      clearTimeout(timer)
      process.off('exit', kill)
      ending?.removeEventListener('abort', kill)
    }
    child.once('error', (error) => {
      settled()
      reject(error)
    })
    child.once('close', (status, signal) => {
      settled()
      if (ending?.aborted) reject(ending.reason as Error)
      else resolve({ status, signal, timedOut, output })
    })
  })
}

/** Runs this very program as plain Node, because Electron would interpret the arguments as those of a second window. */
export const runNode = (
  args: readonly string[],
  { env = process.env, ...options }: Parameters<typeof runCommand>[2],
): Promise<CommandResult> => runCommand(process.execPath, args, { ...options, env: { ...env, ELECTRON_RUN_AS_NODE: '1' } })

/** The last meaningful lines, for a message that explains a failure. */
export const lastLines = (output: string, count = 3): string =>
  output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-count)
    .join(' | ')
