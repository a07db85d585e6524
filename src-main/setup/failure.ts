import type { RecordedFailure } from '../engine/setup-state.js'

/** Set-up could not do a part of its work, for a reason that the user can mend. */
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

/** A full or read-only disk, told in a sentence; anything else unchanged. */
export function explainDisk(error: unknown, folder: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code
  if (code === 'ENOSPC')
    return new SetupFailure('disk', `The disk of ${folder} is full.`, 'Free 4 GB there, or set RETRACE_CACHE to a folder elsewhere.', {
      cause: error,
    })
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM')
    return new SetupFailure('disk', `${folder} cannot be written.`, 'Set RETRACE_CACHE to a folder that can.', { cause: error })
  return error
}
