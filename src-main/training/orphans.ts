import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const POLL = 50

/** Milliseconds that the system may take to end a process that was killed. */
const AFTER_KILL = 5000

/** The arguments by which a trainer's process can be told from another one that got its number. */
export const trainerArguments = (runId: string, lease: number): string[] => ['--run', runId, '--lease', String(lease)]

/**
 * Waits until the trainer of that run with this process id is gone. Its host is dead, so it is about to write a checkpoint
 * and exit; it is killed when it has not after `grace` milliseconds.
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

/** Whether that process lives and is a trainer of that run; numbers of processes are used again, so the number alone says little. */
export async function isTrainerOf(pid: number, runId: string): Promise<boolean> {
  return (await commandLine(pid)).includes(`--run ${runId} `)
}

/** Arguments joined by spaces; empty for a process that is gone, or dead and not yet waited for. */
async function commandLine(pid: number): Promise<string> {
  try {
    if (process.platform === 'linux') return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
    // Windows offers no cheap look at another's arguments; there the lease alone keeps an old trainer from writing.
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
