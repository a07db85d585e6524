import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Whether a process of that number is there; one of another user is. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Another one after each start of the machine; empty where the system does not tell. */
const boot = readOrEmpty('/proc/sys/kernel/random/boot_id')

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** What Linux says of a process: its state, and since when it runs, in ticks since the machine started. Null elsewhere, or when it is gone. */
function statusOf(pid: number): { state: string; startedAtTick: string } | null {
  const stat = readOrEmpty(`/proc/${pid}/stat`)
  if (stat === '') return null
  // The name of the program, which comes before, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', startedAtTick: fields[19] ?? '' }
}

/**
 * Eight digits that tell a process from all others that have its number before or after it, by when it began and by the start of the
 * machine since which that is counted; no clock that can be set comes into it. Null where the system does not tell, or it is gone.
 */
export function birthOf(pid: number): string | null {
  const status = statusOf(pid)
  if (status === null || boot === '') return null
  return createHash('sha256').update(`${boot} ${status.startedAtTick}`).digest('hex').slice(0, 8)
}

/**
 * Whether a process lives: the one of that number and birth, where a birth is given and the system tells births, and otherwise any of that
 * number.
 */
export function isAlive(pid: number, birth: string | null = null): boolean {
  if (!isThere(pid) || statusOf(pid)?.state === 'Z') return false
  const found = birth === null ? null : birthOf(pid)
  return found === null || found === birth
}
