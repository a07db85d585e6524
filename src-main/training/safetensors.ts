import { open, stat, type FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { replaceFile, type Replacing } from '../durable/replace-file.js'
import { parseBounded } from '../contract/bounded-json.js'
import { UserError } from '../contract/errors.js'
import { explainWriting } from '../durable/file-errors.js'

/**
 * Maximum size of a header: larger ones are not written by Retrace, nor for any network that fits in memory, and are rejected before they
 * are read.
 */
const LARGEST_HEADER = 16 * 1024 * 1024

/** Each tensor has three containers; the network with 1,202 layers and two moments per weight has 9,000 tensors. */
const HEADER_BOUNDS = { depth: 4, containers: 3 * 50_000 + 2 }

export interface StoredTensor {
  shape: number[]
  data: Float32Array | Int32Array
}

export interface SafetensorsFile {
  metadata: Record<string, string>
  tensors: Map<string, StoredTensor>
}

const TYPES = { F32: Float32Array, I32: Int32Array } as const

const EntrySchema = z.strictObject({
  dtype: z.enum(['F32', 'I32']),
  shape: z.array(z.int().min(0)).max(8),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
})
const MetadataSchema = z.record(z.string(), z.string())

/**
 * Reads a .safetensors file of float32 and int32 tensors. Everything is checked against the actual size of the file before anything is
 * allocated, and offsets must cover the data without gaps or overlap, as the format requires.
 * @throws UserError naming the file and the error
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const refuse = (why: string): UserError => new UserError('BAD_INPUT', `${path} is not a valid .safetensors file: ${why}.`)
  const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new UserError(
      'NOT_FOUND',
      `Cannot open ${path}: ${cause.code === 'ENOENT' ? 'the file does not exist. Check the path.' : cause.message}`,
      { cause },
    )
  })
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw refuse('it is not a file')
    const { size } = found
    if (size < 8) throw refuse('it is too short for a header')
    const length = (await readExactly(handle, 0, 8)).readBigUInt64LE()
    if (length > BigInt(LARGEST_HEADER)) throw refuse(`its header claims ${length} bytes, more than the limit of ${LARGEST_HEADER}`)
    const start = 8 + Number(length)
    if (start > size) throw refuse(`its header claims ${length} bytes but the file has ${size}, so it is truncated`)
    const { entries, metadata } = parseHeader(await readExactly(handle, 8, Number(length)), refuse)

    let at = 0
    for (const [
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ] of entries) {
      const bytes = shape.reduce((product, extent) => product * extent, TYPES[dtype].BYTES_PER_ELEMENT)
      if (!Number.isSafeInteger(bytes) || to - from !== bytes)
        throw refuse(`tensor ${name} of shape [${shape}] does not fill the bytes ${from} to ${to}`)
      if (from !== at) throw refuse(`tensor ${name} begins at byte ${from} instead of ${at}, where the previous one ends`)
      at = to
    }
    if (start + at !== size)
      throw refuse(`its tensors need ${start + at} bytes but the file has ${size}, so it is truncated or has trailing data`)

    const tensors = new Map<string, StoredTensor>()
    for (const [
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ] of entries) {
      const bytes = await readExactly(handle, start + from, to - from)
      tensors.set(name, { shape, data: new TYPES[dtype](bytes.buffer as ArrayBuffer, bytes.byteOffset, (to - from) / 4) })
    }
    return { metadata, tensors }
  } finally {
    await handle.close()
  }
}

type Entry = z.infer<typeof EntrySchema>

function parseHeader(bytes: Buffer, refuse: (why: string) => UserError): { entries: [string, Entry][]; metadata: Record<string, string> } {
  let header: unknown
  try {
    header = parseBounded(bytes.toString('utf8'), HEADER_BOUNDS)
  } catch (cause) {
    throw refuse(
      cause instanceof RangeError
        ? `its header is not a table of tensors: ${cause.message}`
        : `its header is not valid JSON (${(cause as Error).message})`,
    )
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw refuse('its header is not a table of tensors')
  const { __metadata__: rawMetadata = {}, ...rawEntries } = header as Record<string, unknown>
  const metadata = MetadataSchema.safeParse(rawMetadata)
  if (!metadata.success) throw refuse('its metadata is not a table of strings')
  const entries = Object.entries(rawEntries).map(([name, raw]): [string, Entry] => {
    const entry = EntrySchema.safeParse(raw)
    if (!entry.success)
      throw refuse(`tensor ${name.slice(0, 200)}: ${entry.error.issues[0]!.path.join('.')} ${entry.error.issues[0]!.message}`)
    return [name, entry.data]
  })
  entries.sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1])
  return { entries, metadata: metadata.data }
}

/** Reads into newly allocated memory, aligned for typed arrays. */
async function readExactly(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.from(new ArrayBuffer(length))
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done)
    if (bytesRead === 0)
      throw new UserError(
        'BAD_INPUT',
        `The file ended at byte ${position + done} while reading ${length} bytes. It was changed or truncated; get it again.`,
      )
    done += bytesRead
  }
  return buffer
}

/**
 * Writes a .safetensors file so that it exists completely or not at all: to a temporary name, synced, renamed, folder synced.
 * @param placing see `replaceFile`
 * @returns the size in bytes
 */
export async function writeSafetensors(
  path: string,
  { metadata, tensors }: SafetensorsFile,
  placing: Pick<Replacing, 'mayPlace' | 'overwrite'> = {},
): Promise<number> {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let at = 0
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: data instanceof Float32Array ? 'F32' : 'I32', shape, data_offsets: [at, at + data.byteLength] }
    at += data.byteLength
  }
  const json = Buffer.from(JSON.stringify(header))
  // The data start at a multiple of 8, as the format recommends; spaces are the padding that it allows.
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')])
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt(padded.length))

  try {
    await replaceFile(
      path,
      async (temporary) => {
        const handle = await open(temporary, 'w')
        try {
          await handle.writev([prefix, padded])
          for (const { data } of tensors.values()) await writeAll(handle, Buffer.from(data.buffer, data.byteOffset, data.byteLength))
        } finally {
          await handle.close()
        }
      },
      placing,
    )
  } catch (error) {
    throw explainWriting(error, path)
  }
  return (await stat(path)).size
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done)).bytesWritten
}
