import { UserError } from '../contract/errors.js'
import type { ByteReader } from './byte-reader.js'

const HEADER_LIMIT = 65_536
/** The longest header that is read, including the bytes before it. */
export const HEAD_BYTES = HEADER_LIMIT + 12
const MAGIC = '\x93NUMPY'

/** Supported item types, by numpy's name without the byte order, with their size in bytes. */
const READERS: Record<string, { bytes: number; read(view: DataView, at: number, little: boolean): number }> = {
  b1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
}

export interface NpyHeader {
  /** Numpy's name of the item type without the byte order, for example u1 or f4. */
  type: string
  shape: number[]
  /** Number of values in the whole array. */
  length: number
  itemBytes: number
  /** Offset of the first item in the file, in bytes. */
  offset: number
  /** The values of complete items. */
  decode(bytes: Buffer): Float64Array
}

/**
 * Reads the header of a .npy file: a Python literal, in which only the three keys written by numpy are supported. Source: numpy's
 * documentation of its format, versions 1 to 3.
 * @throws UserError BAD_INPUT for arrays of objects, another memory order, and anything that is not a .npy
 */
export async function readNpyHeader(reader: ByteReader, name: string): Promise<NpyHeader> {
  const refuse = (why: string): UserError => new UserError('BAD_INPUT', `${name} ${why}`)
  const start = await reader.read(8)
  if (start.toString('latin1', 0, 6) !== MAGIC) throw refuse('is not a NumPy array: its header is invalid. Save it again.')
  const size = start[6] === 1 ? (await reader.read(2)).readUInt16LE() : (await reader.read(4)).readUInt32LE()
  if (size > HEADER_LIMIT) throw refuse(`is damaged: its header has ${size} bytes. Save it again.`)
  const header = (await reader.read(size)).toString('latin1').trim()
  const literal = /^\{((?:\s*'(?:descr|fortran_order|shape)':\s*(?:'[^']*'|True|False|\([\d,\s]*\)),?)+)\s*\}$/.exec(header)?.[1]
  const descr = /'descr':\s*'([<>|=]?)(\w+)'/.exec(literal ?? '')
  const order = /'fortran_order':\s*(True|False)/.exec(literal ?? '')?.[1]
  const dimensions = /'shape':\s*\(([\d,\s]*)\)/.exec(literal ?? '')?.[1]
  if (!descr || order === undefined || dimensions === undefined)
    throw refuse('is not a plain array of numbers. Save arrays of uint8 or float32 with np.savez.')
  const item = READERS[descr[2]!]
  if (!item) throw refuse(`has the unsupported type ${descr[1]}${descr[2]}. Convert it to uint8 or float32 and save it again.`)
  const shape = dimensions.split(',').map((text) => text.trim()).filter(Boolean).map(Number) // prettier-ignore
  const length = shape.reduce((product, side) => product * side, 1)
  if (!Number.isSafeInteger(length * item.bytes)) throw refuse('is damaged: its shape is impossibly large. Save it again.')
  if (order === 'True' && shape.filter((side) => side > 1).length > 1)
    throw refuse('is stored in Fortran order, which is not supported. Save it with np.ascontiguousarray.')
  const little = descr[1] !== '>'
  return {
    type: descr[2]!,
    shape,
    length,
    itemBytes: item.bytes,
    offset: (start[6] === 1 ? 10 : 12) + size,
    decode(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      return Float64Array.from({ length: bytes.length / item.bytes }, (_, i) => item.read(view, i * item.bytes, little))
    },
  }
}
