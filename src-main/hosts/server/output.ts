import { fstatSync } from 'node:fs'
import { isatty } from 'node:tty'

/** Where a stream leads to: the user's own screen, another program, or a file or a log of the system, which others may read. */
export type Output = 'terminal' | 'program' | 'file'

/** @param descriptor 1 for standard output, 2 for standard error */
export function outputOf(descriptor: 1 | 2, env: NodeJS.ProcessEnv = process.env): Output {
  if (isatty(descriptor)) return 'terminal'
  const status = fstatSync(descriptor)
  // systemd says so which stream is its log; other sockets and pipes lead to programs.
  return status.isFile() || env.JOURNAL_STREAM === `${status.dev}:${status.ino}` ? 'file' : 'program'
}
