import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../contract/errors.js'
import { explainFileError } from './disk.js'
import { bytesPerItem, valuesFile, type Part } from './layout.js'
import type { StoredSet } from './view.js'

/**
 * The stored values of items of one part, by index.
 * @throws UserError DISK when the file cannot be read, or is too short
 */
export async function readItems(
  { folder, dataset }: Pick<StoredSet, 'folder' | 'dataset'>,
  part: Part,
  indices: readonly number[],
): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(folder, valuesFile(dataset.kind, part))
  const size = bytesPerItem(dataset)
  const bytes = new Uint8Array(indices.length * size)
  if (!indices.length) return bytes
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    for (let at = 0; at < indices.length;) {
      // Adjacent items in the file are read together.
      let end = at + 1
      while (end < indices.length && indices[end] === indices[end - 1]! + 1) end++
      const { bytesRead } = await handle.read(bytes, at * size, (end - at) * size, indices[at]! * size)
      if (bytesRead !== (end - at) * size)
        throw new UserError('DISK', `${path} is truncated. Remove the data set ${dataset.name} and import it again.`)
      at = end
    }
  } catch (error) {
    throw explainFileError(error, path)
  } finally {
    await handle?.close()
  }
  return bytes
}
