import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface ExtractedFile {
  bytes: number
  sha256: string
}

/**
 * Extracts selected files of a wheel (a zip) as streams, so that memory use stays small however large they are.
 * @param place the destination of an entry, relative to `folder`, or null to leave it out
 * @param onProgress called with the bytes written since the last call
 * @returns what was written, by path relative to `folder`
 */
export async function extractWheel(
  wheel: string,
  folder: string,
  place: (entry: string) => string | null,
  onProgress: (bytes: number) => void,
): Promise<Record<string, ExtractedFile>> {
  const written: Record<string, ExtractedFile> = {}
  // Imported here, because a start with nothing to set up never gets here.
  const { openPromise } = await import('yauzl')
  const zip = await openPromise(wheel, { autoClose: false })
  try {
    for await (const entry of zip.eachEntry()) {
      const relative = entry.fileName.endsWith('/') ? null : place(entry.fileName)
      if (relative === null) continue
      const path = join(folder, relative)
      await mkdir(dirname(path), { recursive: true })
      const hash = createHash('sha256')
      let bytes = 0
      const count = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk)
          bytes += chunk.length
          onProgress(chunk.length)
          done(null, chunk)
        },
      })
      await pipeline(await zip.openReadStreamPromise(entry), count, createWriteStream(path, { flush: true, mode: 0o644 }))
      written[relative] = { bytes, sha256: hash.digest('hex') }
    }
  } finally {
    zip.close()
  }
  return written
}
