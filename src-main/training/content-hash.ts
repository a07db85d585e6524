import { createHash } from 'node:crypto'
import type { SafetensorsFile, StoredTensor } from './safetensors.js'

/** In the metadata: of all tensors, and of all metadata, the former included. */
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
 * Metadata with `contentHash`: SHA-256 over everything that the file says, tensors of every kind included. Whoever reads only the header
 * can check all that is in it.
 */
export function seal(metadata: Metadata, tensors: Tensors): Record<string, string> & { contentHash: string } {
  const whole = { ...metadata, [TENSORS]: hashOfTensors(tensors) }
  return { ...whole, contentHash: hashOfMetadata(whole) }
}

/** Whether metadata that has a content hash is what was written; true where it has none. */
export const metadataIsSound = (metadata: Metadata): boolean =>
  metadata[CONTENT] === undefined || metadata[CONTENT] === hashOfMetadata(metadata)

/** Whether a file is what was written; null where it has no hash of its whole content. */
export function isSound({ metadata, tensors }: SafetensorsFile): boolean | null {
  if (metadata[CONTENT] === undefined) return null
  return metadataIsSound(metadata) && metadata[TENSORS] === hashOfTensors(tensors)
}
