import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { UserError } from '../contract/errors.js'
import { maskedCrc32c } from './crc32c.js'

/** Maximum size of a record in bytes: larger ones cannot be scalars. */
const MOST_BYTES = 64 * 2 ** 20
const PIECE = 2 ** 18

/** A TFRecord: length and content, each followed by its masked checksum. */
export function encodeRecord(content: Uint8Array): Buffer {
  const record = Buffer.alloc(16 + content.length)
  record.writeBigUInt64LE(BigInt(content.length), 0)
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8)
  record.set(content, 12)
  record.writeUInt32LE(maskedCrc32c(content), 12 + content.length)
  return record
}

/**
 * The contents of a file's records, one at a time. A truncated last record, as left by a killed writer, is dropped.
 * @param onCut called with the number of bytes dropped
 * @throws UserError BAD_INPUT when a checksum is wrong or a record is too large
 */
export async function* readRecords(path: string, onCut: (bytes: number) => void = () => undefined): AsyncGenerator<Uint8Array> {
  const handle = await open(path, 'r')
  try {
    let at = 0
    let held = Buffer.alloc(0)
    /** The next bytes; null if the file ends before. Buffered, because a scalar has only about 60 bytes. */
    const read = async (length: number): Promise<Buffer | null> => {
      while (held.length < length) {
        const piece = Buffer.alloc(Math.max(PIECE, length - held.length))
        const { bytesRead } = await handle.read(piece, 0, piece.length, at)
        if (bytesRead === 0) return null
        at += bytesRead
        held = Buffer.concat([held, piece.subarray(0, bytesRead)])
      }
      const part = held.subarray(0, length)
      held = held.subarray(length)
      return part
    }
    for (let number = 1; ; number++) {
      const broken = (what: string): UserError =>
        new UserError('BAD_INPUT', `${basename(path)} is damaged at record ${number} (${what}). Copy it again from where it was written.`)
      const head = await read(12)
      if (!head) {
        if (held.length > 0) onCut(held.length)
        return
      }
      if (head.readUInt32LE(8) !== maskedCrc32c(head.subarray(0, 8)))
        throw number === 1
          ? new UserError('BAD_INPUT', `${basename(path)} is not a TensorBoard event file. Choose a file named like events.out.tfevents….`)
          : broken('wrong checksum of its length')
      const length = head.readBigUInt64LE(0)
      if (length > MOST_BYTES) throw broken(`${length} bytes are too many for a scalar`)
      const body = await read(Number(length) + 4)
      if (!body) return onCut(head.length + held.length)
      const content = body.subarray(0, Number(length))
      if (body.readUInt32LE(Number(length)) !== maskedCrc32c(content)) throw broken('wrong checksum of its content')
      yield content
    }
  } finally {
    await handle.close()
  }
}
