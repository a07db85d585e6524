/** Ambiguous names in an archive. */
export interface EntryNames {
  /** Names with bytes that are not valid UTF-8, which were written as %E9 and so on. */
  escaped: string[]
  /** Names in a zip that does not declare their encoding. */
  codePage: string[]
}

export const noEntryNames = (): EntryNames => ({ escaped: [], codePage: [] })

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The bytes decoded as UTF-8; null if they are not valid. */
function utf8(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes)
  } catch {
    return null
  }
}

/**
 * A path in a tar, whose names are bytes, usually in UTF-8. Each path component is decoded separately, so that files of one folder stay
 * together, and different names never become equal.
 * @param latin1 one character per byte
 */
export function tarName(latin1: string, said: EntryNames): string {
  let plain = true
  const parts = latin1.split('/').map((part) => {
    const decoded = utf8(Buffer.from(part, 'latin1'))
    if (decoded !== null) return decoded
    plain = false
    return part.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
  })
  const name = parts.join('/')
  if (!plain) said.escaped.push(name)
  return name
}

const UTF8_FLAG = 0x800
const UNICODE_PATH = 0x7075

/**
 * A path in a zip: in UTF-8 if it is declared or the bytes are valid UTF-8; otherwise in code page 437, as the format specifies.
 * @param entry as read by yauzl, which only considers the flag
 */
export function zipName(
  entry: { fileName: string; fileNameRaw: Buffer; generalPurposeBitFlag: number; extraFields: { id: number }[] },
  said: EntryNames,
): string {
  const { fileName, fileNameRaw, generalPurposeBitFlag, extraFields } = entry
  if ((generalPurposeBitFlag & UTF8_FLAG) !== 0 || extraFields.some(({ id }) => id === UNICODE_PATH)) return fileName
  if (fileNameRaw.every((byte) => byte < 0x80)) return fileName
  const decoded = utf8(fileNameRaw)
  if (decoded !== null) return decoded.replaceAll('\\', '/')
  said.codePage.push(fileName)
  return fileName
}

const shown = (names: readonly string[]): string => names.slice(0, 5).join(', ') + (names.length > 5 ? ', ...' : '')

/** Describes them in sentences. */
export const describeNames = ({ escaped, codePage }: EntryNames): string[] => [
  ...(escaped.length ? [`${escaped.length} names in the archive are not UTF-8; their bytes were escaped as %XX: ${shown(escaped)}.`] : []),
  ...(codePage.length
    ? [`${codePage.length} names in the archive do not state their encoding and were decoded as code page 437: ${shown(codePage)}.`]
    : []),
]
