import { signalStatus } from '../processes/end-request.js'
import type { RecordedFailure } from '../engine/setup-state.js'

/** The user or the system interrupted the set-up, which has cleaned up. */
export class SetupEnded extends Error {
  /** Exit status for the shell. */
  readonly status: number

  constructor(signal: NodeJS.Signals) {
    super(`Set-up was interrupted (${signal}); the next start continues it.`)
    this.status = signalStatus(signal)
  }
}

/** A part of the set-up failed for a reason that the user can fix. */
export class SetupFailure extends Error {
  override readonly name = 'SetupFailure'
  constructor(
    readonly kind: RecordedFailure['kind'],
    readonly reason: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${reason} ${remedy}`, options)
  }
}

/** Explains a full or read-only disk; returns any other error unchanged. */
export function explainDisk(error: unknown, folder: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code
  if (code === 'ENOSPC')
    return new SetupFailure(
      'disk',
      `The disk of ${folder} is full.`,
      'Free 4 GB there, or set RETRACE_CACHE to a folder on another disk.',
      {
        cause: error,
      },
    )
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM')
    return new SetupFailure('disk', `${folder} is not writable.`, 'Set RETRACE_CACHE to a writable folder.', { cause: error })
  return error
}
