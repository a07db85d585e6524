import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { crc32 } from 'node:zlib'
import { UserError } from '../contract/errors.js'

/** The file starts with `:W&B`, a magic number and a version; records are stored in blocks, as in a LevelDB log. */
const HEAD = Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00])
const BLOCK = 32_768
/** Checksum, length and type of a part of a record. */
const PART_HEAD = 7
const [WHOLE, FIRST, MIDDLE, LAST] = [1, 2, 3, 4]
/** Maximum size of a record in bytes: a record of scalars or of a configuration is far smaller. */
const MOST_BYTES = 64 * 2 ** 20

/**
 * The contents of the records of a `.wandb` file, one at a time. A truncated end, as left by a killed writer, is dropped.
 * @param onCut called if something was dropped
 * @throws UserError BAD_INPUT for any other kind of file, a wrong checksum, or a record that is too large
 */
export async function* readWandbLog(path: string, onCut: () => void): AsyncGenerator<Uint8Array> {
  const name = basename(path)
  const damaged = (what: string): UserError =>
    new UserError('BAD_INPUT', `${name} is damaged (${what}). Copy it again from where it was written.`)
  const handle = await open(path, 'r')
  try {
    const block = Buffer.alloc(BLOCK)
    let parts: Buffer[] | null = null
    let size = 0
    for (let number = 0; ; number++) {
      const { bytesRead } = await handle.read(block, 0, BLOCK, number * BLOCK)
      if (number === 0 && !block.subarray(0, Math.min(bytesRead, HEAD.length)).equals(HEAD))
        throw new UserError('BAD_INPUT', `${name} is not a run of W&B in its version 0. Choose a file named like run-….wandb.`)
      if (bytesRead === 0) return parts === null ? undefined : onCut()
      let at = number === 0 ? HEAD.length : 0
      while (at + PART_HEAD <= BLOCK) {
        if (at === bytesRead) break
        if (at + PART_HEAD > bytesRead) return onCut()
        const [check, length, kind] = [block.readUInt32LE(at), block.readUInt16LE(at + 4), block[at + 6]!]
        // Space that was allocated and never written.
        if (kind === 0 && length === 0 && check === 0) break
        const end = at + PART_HEAD + length
        if (end > BLOCK) throw damaged('a part of a record is longer than its block')
        if (end > bytesRead) return onCut()
        if (crc32(block.subarray(at + 6, end)) !== check) throw damaged(`wrong check sum at byte ${number * BLOCK + at}`)
        const content = Buffer.from(block.subarray(at + PART_HEAD, end))
        at = end
        if (kind === WHOLE) yield content
        else if (kind === FIRST) [parts, size] = [[content], length]
        else if ((kind === MIDDLE || kind === LAST) && parts !== null) {
          size += length
          if (size > MOST_BYTES) throw damaged(`a record has more than ${MOST_BYTES} bytes`)
          parts.push(content)
          if (kind === LAST) {
            yield Buffer.concat(parts)
            parts = null
          }
        } else throw damaged(`a part of the kind ${kind} where none can be`)
      }
      if (bytesRead < BLOCK) return parts === null ? undefined : onCut()
    }
  } finally {
    await handle.close()
  }
}
