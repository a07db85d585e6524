import { createHash } from 'node:crypto'
import type { SafetensorsFile, StoredTensor } from './safetensors.js'

/** Metadata keys: the hash of all tensors, and that of all metadata including the former. */
const TENSORS = 'tensorsHash'
const CONTENT = 'contentHash'

type Tensors = ReadonlyMap<string, StoredTensor>
type Metadata = Readonly<Record<string, string>>

function hashOfTensors(tensors: Tensors): string {
  const hash = createHash('sha256')
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!
    hash.update(JSON.stringify([name, data.constructor.name, shape]))
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}

function hashOfMetadata(metadata: Metadata): string {
  const entries = Object.entries(metadata).filter(([key]) => key !== CONTENT)
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}

/**
 * Metadata with `contentHash`: SHA-256 over the whole content of the file, including all kinds of tensors. A reader of the header alone can
 * verify the metadata.
 */
export function seal(metadata: Metadata, tensors: Tensors): Record<string, string> & { contentHash: string } {
  const whole = { ...metadata, [TENSORS]: hashOfTensors(tensors) }
  return { ...whole, contentHash: hashOfMetadata(whole) }
}

/** Whether metadata with a content hash is undamaged; true if it has none. */
export const metadataIsSound = (metadata: Metadata): boolean =>
  metadata[CONTENT] === undefined || metadata[CONTENT] === hashOfMetadata(metadata)

/** Whether a file is undamaged; null if it has no hash of its whole content. */
export function isSound({ metadata, tensors }: SafetensorsFile): boolean | null {
  if (metadata[CONTENT] === undefined) return null
  return metadataIsSound(metadata) && metadata[TENSORS] === hashOfTensors(tensors)
}
