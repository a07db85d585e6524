import type { TRPCClient } from '@trpc/client'
import type { AppRouter } from '../../src-main/features/router.js'
import { MAX_CHECKPOINT_STRETCH, type Checkpoint } from '../../src-main/contract/runs.js'

/**
 * Downloads the file of a checkpoint in chunks over the window's connection, whatever its transport is.
 * @param onProgress called with the fraction that has arrived
 * @throws the server's error; an Error if the file's length differs from the listed one; the signal's reason
 */
export async function readCheckpoint(
  client: TRPCClient<AppRouter>,
  { runId, file, bytes }: Pick<Checkpoint, 'runId' | 'file' | 'bytes'>,
  { onProgress, signal }: { onProgress(fraction: number): void; signal: AbortSignal },
): Promise<Blob> {
  const parts: Blob[] = []
  for (let from = 0; from < bytes;) {
    signal.throwIfAborted()
    const count = Math.min(MAX_CHECKPOINT_STRETCH, bytes - from)
    const { bytes: text } = await client.runs.readCheckpoint.query({ id: runId, file, from, count })
    const piece = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
    if (piece.length === 0) throw new Error(`Checkpoint ${file} is truncated at byte ${from} of ${bytes}. Run “Check home” in Settings.`)
    // The browser may keep a blob on disk, but not an array.
    parts.push(new Blob([piece]))
    from += piece.length
    onProgress(from / bytes)
  }
  signal.throwIfAborted()
  return new Blob(parts, { type: 'application/octet-stream' })
}
