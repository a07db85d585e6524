import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Whether a process with that id exists, including those of other users. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Differs after each boot of the machine; empty if the system does not report it. */
const boot = readOrEmpty('/proc/sys/kernel/random/boot_id')

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** The status of a process on Linux: its state, and its start time in ticks since boot. Null on other systems, or if it has exited. */
function statusOf(pid: number): { state: string; startedAtTick: string } | null {
  const stat = readOrEmpty(`/proc/${pid}/stat`)
  if (stat === '') return null
  // The name of the program before this may contain any character.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', startedAtTick: fields[19] ?? '' }
}

/**
 * Eight digits that distinguish a process from all earlier and later ones with the same id, derived from its start time and the boot id,
 * but not from any clock that can be set. Null if the system does not report them, or the process has exited.
 */
export function birthOf(pid: number): string | null {
  const status = statusOf(pid)
  if (status === null || boot === '') return null
  return createHash('sha256').update(`${boot} ${status.startedAtTick}`).digest('hex').slice(0, 8)
}

/**
 * Whether a process is running: the one with that id and birth if a birth is given and the system reports births, otherwise any with that
 * id.
 */
export function isAlive(pid: number, birth: string | null = null): boolean {
  if (!isThere(pid) || statusOf(pid)?.state === 'Z') return false
  const found = birth === null ? null : birthOf(pid)
  return found === null || found === birth
}
