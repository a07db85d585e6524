import { UserError } from '../contract/errors.js'
import { parsePickle, PickleObject, type PickleGlobals, type PickleValue } from './pickle.js'

/** A numpy array of integers: its shape and its bytes, in C order. */
export class NumpyArray extends PickleObject {
  shape: number[] = [0]
  itemType = 'u1'
  bytes: Buffer = Buffer.alloc(0)

  constructor(private readonly file: string) {
    super()
  }

  fill(shape: PickleValue, type: PickleValue, fortran: boolean, data: PickleValue): void {
    const damaged = new UserError('BAD_INPUT', `${this.file} is damaged: the size of an array does not match its shape. Get it again.`)
    if (!(type instanceof NumpyType) || !Array.isArray(shape) || !Buffer.isBuffer(data)) throw damaged
    const size = ITEM_BYTES.get(type.name)
    if (size === undefined)
      throw new UserError('BAD_INPUT', `${this.file} has an array of type ${type.name}, but only integers are supported. Convert it.`)
    if (!shape.every((n): n is number => typeof n === 'number' && Number.isInteger(n) && n >= 0)) throw damaged
    if (shape.reduce((a, b) => a * b, size) !== data.length) throw damaged
    if (fortran && shape.length > 1)
      throw new UserError(
        'BAD_INPUT',
        `${this.file} has an array in Fortran order, which is not supported. Save it with numpy.ascontiguousarray.`,
      )
    this.shape = shape
    this.itemType = type.name
    this.bytes = data
  }

  setState(state: PickleValue): void {
    if (!Array.isArray(state)) throw new UserError('BAD_INPUT', `${this.file} is damaged: an array has no content. Get it again.`)
    const [, shape, type, fortran, data] = state
    this.fill(shape ?? null, type ?? null, Boolean(fortran), data ?? null)
  }

  /** Number of items. */
  get length(): number {
    return this.bytes.length / ITEM_BYTES.get(this.itemType)!
  }

  /** The items as plain numbers. */
  numbers(): number[] {
    const { bytes, itemType } = this
    const size = ITEM_BYTES.get(itemType)!
    const read = (at: number): number => {
      if (size === 8) return Number(itemType === 'u8' ? bytes.readBigUInt64LE(at) : bytes.readBigInt64LE(at))
      return itemType.startsWith('u') ? bytes.readUIntLE(at, size) : bytes.readIntLE(at, size)
    }
    return Array.from({ length: bytes.length / size }, (_, i) => read(i * size))
  }
}

const ITEM_BYTES: ReadonlyMap<string, number> = new Map(
  [1, 2, 4, 8].flatMap((size) => [[`u${size}`, size] as const, [`i${size}`, size] as const]),
)

class NumpyType extends PickleObject {
  constructor(
    readonly name: string,
    private readonly file: string,
  ) {
    super()
  }

  setState(state: PickleValue): void {
    // (version, byte order, ...): '|' for single bytes, '<' for little-endian; Python 2 wrote them as bytes.
    const order = Array.isArray(state) ? state[1] : undefined
    const text = Buffer.isBuffer(order) ? order.toString('latin1') : order
    if (text !== '<' && text !== '|' && text !== '=')
      throw new UserError('BAD_INPUT', `${this.file} has an array in big-endian order, which is not supported. Save it as little-endian.`)
  }
}

const text = (value: PickleValue | undefined): string | null =>
  typeof value === 'string' ? value : Buffer.isBuffer(value) ? value.toString('latin1') : null

/**
 * Reads a pickle of dictionaries, lists, texts and numpy arrays, and nothing else.
 * @param name name of the file, for messages
 * @throws UserError BAD_INPUT
 */
export function parseNumpyPickle(bytes: Buffer, name: string): PickleValue {
  const unknown = (what: string): never => {
    throw new UserError('BAD_INPUT', `Cannot read ${name}: ${what} in it is not as NumPy writes it. Get it again.`)
  }
  let encoded = 0
  const reconstruct = (args: PickleValue[]): PickleValue => (args.length === 3 ? new NumpyArray(name) : unknown('an array'))
  const fromBuffer = ([data, type, shape, order]: PickleValue[]): PickleValue => {
    const array = new NumpyArray(name)
    array.fill(shape ?? null, type ?? null, text(order) === 'F', data ?? null)
    return array
  }
  const never = (): PickleValue => unknown('a call of numpy.ndarray')
  const globals: [string, PickleGlobals extends ReadonlyMap<string, infer F> ? F : never][] = [
    ['numpy.ndarray', never],
    ['numpy.dtype', ([type]) => new NumpyType(text(type) ?? unknown('a type'), name)],
    // Python 3 writes bytes in protocol 2 as text whose latin-1 encoding they are.
    [
      '_codecs.encode',
      ([value, encoding]) => {
        const [content, coding] = [text(value), text(encoding)]
        if (content === null || coding !== 'latin1') return unknown('an encoded text')
        encoded += content.length
        if (encoded > bytes.length) return unknown('the length of an encoded text')
        return Buffer.from(content, 'latin1')
      },
    ],
  ]
  /** A numpy scalar, which is treated like a Python number. */
  const scalar = ([type, content]: PickleValue[]): PickleValue => {
    const array = new NumpyArray(name)
    array.fill([1], type ?? null, false, content ?? null)
    return array.numbers()[0]!
  }
  for (const core of ['numpy.core', 'numpy._core']) {
    globals.push(
      [`${core}.multiarray.scalar`, scalar],
      [`${core}.multiarray._reconstruct`, reconstruct],
      [`${core}.numeric._frombuffer`, fromBuffer],
    )
  }
  return parsePickle(bytes, name, new Map(globals))
}
