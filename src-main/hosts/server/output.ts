import { fstatSync } from 'node:fs'
import { isatty } from 'node:tty'

/** The destination of a stream: the user's own screen, another program, or a file or system log that others may be able to read. */
export type Output = 'terminal' | 'program' | 'file'

/** @param descriptor 1 for standard output, 2 for standard error */
export function outputOf(descriptor: 1 | 2, env: NodeJS.ProcessEnv = process.env): Output {
  if (isatty(descriptor)) return 'terminal'
  const status = fstatSync(descriptor)
  // systemd identifies the stream that is its log; other sockets and pipes lead to programs.
  return status.isFile() || env.JOURNAL_STREAM === `${status.dev}:${status.ino}` ? 'file' : 'program'
}
