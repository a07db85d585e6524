import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const POLL = 50

/** Milliseconds that the system may take to end a killed process. */
const AFTER_KILL = 5000

/** Arguments that distinguish a trainer's process from another process with the same id. */
export const trainerArguments = (runId: string, lease: number): string[] => ['--run', runId, '--lease', String(lease)]

/**
 * Waits until the trainer of that run with this process id has exited. Its host has died, so it is about to write a checkpoint and exit; it
 * is killed if it has not done so after `grace` milliseconds.
 *
 * @throws Error when it survives even that
 */
export async function waitUntilGone(pid: number, runId: string, grace: number): Promise<void> {
  if (await goneWithin(pid, runId, grace)) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return
    throw error
  }
  if (await goneWithin(pid, runId, AFTER_KILL)) return
  throw new Error(`an earlier trainer of this run (process ${pid}) cannot be killed. End that process, then resume the run.`)
}

async function goneWithin(pid: number, runId: string, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds
  while (await isTrainerOf(pid, runId)) {
    if (performance.now() >= deadline) return false
    await sleep(POLL)
  }
  return true
}

/** Whether that process is running and is a trainer of that run; process ids are reused, so the id alone is not sufficient. */
export async function isTrainerOf(pid: number, runId: string): Promise<boolean> {
  return (await commandLine(pid)).includes(`--run ${runId} `)
}

/** Arguments joined by spaces; empty for a process that has exited, even if it is still a zombie. */
async function commandLine(pid: number): Promise<string> {
  try {
    if (process.platform === 'linux') return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
    // Windows has no cheap way to read another process's arguments; there, only the lease prevents an old trainer from writing.
    if (process.platform === 'win32') return ''
    const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)])
    return `${stdout.trim()} `
  } catch (error) {
    // No such process: `ps` then exits with 1.
    if (['ENOENT', 'ESRCH', 1].includes(codeOf(error) ?? '')) return ''
    throw error
  }
}

const codeOf = (error: unknown): string | number | undefined =>
  error instanceof Error && 'code' in error ? (error.code as string | number) : undefined
