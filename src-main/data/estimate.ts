import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { createGunzip } from 'node:zlib'
import type { ImportDataset, ImportEstimate } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'
import { makeFolderBelow } from '../durable/folders.js'
import { archiveKind, noArchive } from './archive.js'
import { LIMITS } from './archive-limits.js'
import { explainFileError, freeBytes } from './disk.js'
import { recogniseSource } from './recognise.js'
import { openZip } from './zip.js'

/** Milliseconds of reading after which the rest of an archive is assumed to be like its beginning. */
const READING = 3000

/**
 * Estimates the cost of an import without storing anything.
 * @throws UserError NOT_FOUND, BAD_INPUT like `importDataset`
 */
export async function estimateImport(
  request: ImportDataset,
  { into, signal, free = freeBytes }: { into: string; signal: AbortSignal; free?: typeof freeBytes },
): Promise<ImportEstimate> {
  const path = resolve(request.path)
  try {
    await makeFolderBelow(dirname(into), into)
    const left = await free(into)
    const asItIs = (await stat(path)).isDirectory() || /\.npz$/i.test(path)
    const kind = asItIs ? null : await archiveKind(path)
    if (!asItIs && kind === null) throw await noArchive(path)
    if (kind === null) {
      const { format, found } = await recogniseSource(path, request)
      const storedBytes = Math.ceil(found.bytes)
      return {
        format: format.id,
        name: request.name ?? found.name,
        storedBytes,
        temporaryBytes: 0,
        freeBytes: left,
        enough: left >= storedBytes,
      }
    }
    const unpacked = kind === 'zip' ? await zipSize(path) : kind === 'tar' ? (await stat(path)).size : await gzipSize(path, signal)
    const temporaryBytes = Math.round(Math.min(unpacked, LIMITS.bytes))
    return { format: null, name: request.name ?? null, storedBytes: null, temporaryBytes, freeBytes: left, enough: left >= temporaryBytes }
  } catch (error) {
    signal.throwIfAborted()
    throw explainFileError(error, path)
  }
}

async function zipSize(path: string): Promise<number> {
  const zip = await openZip(path).catch((cause: unknown) => {
    throw new UserError('BAD_INPUT', `${path} is damaged or truncated. Get it again.`, { cause })
  })
  try {
    let bytes = 0
    for await (const entry of zip.eachEntry()) bytes += entry.uncompressedSize
    return bytes
  } finally {
    zip.close()
  }
}

/** Unpacked bytes: counted for as long as a user is willing to wait, and extrapolated from then on. */
async function gzipSize(path: string, signal: AbortSignal): Promise<number> {
  const { size } = await stat(path)
  const file = createReadStream(path, { highWaterMark: 2 ** 20, signal })
  const gunzip = createGunzip({ chunkSize: 2 ** 20 })
  file.on('error', (error) => gunzip.destroy(error))
  const began = performance.now()
  let bytes = 0
  try {
    for await (const chunk of file.pipe(gunzip)) {
      bytes += (chunk as Buffer).length
      if (performance.now() - began > READING) return (bytes / file.bytesRead) * size
    }
    return bytes
  } finally {
    file.destroy()
    gunzip.destroy()
  }
}
