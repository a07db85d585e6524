/** The checksum of a chunk: CRC-32 of ISO 3309, as in PNG (second edition, annex D). */
function crc32(bytes: Uint8Array): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

/** Size of the signature and of the first chunk, IHDR, in bytes. */
const HEAD = 8 + 25

/** A PNG with text chunks by keyword (PNG, 11.3.4.5): `Title`, `Software`, `Source` and so on; UTF-8, uncompressed. */
export function withTexts(png: Uint8Array<ArrayBuffer>, texts: Readonly<Record<string, string>>): Blob {
  const encoder = new TextEncoder()
  const chunks = Object.entries(texts).map(([keyword, text]) => {
    // The fields after the keyword: no compression, compression method 0, no language, no translated keyword.
    const content = encoder.encode(`iTXt${keyword}\0\0\0\0\0${text}`)
    const chunk = new Uint8Array(8 + content.length)
    const view = new DataView(chunk.buffer)
    view.setUint32(0, content.length - 4)
    chunk.set(content, 4)
    view.setUint32(4 + content.length, crc32(content))
    return chunk
  })
  return new Blob([png.subarray(0, HEAD), ...chunks, png.subarray(HEAD)], { type: 'image/png' })
}
