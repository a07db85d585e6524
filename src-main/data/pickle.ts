import { UserError } from '../contract/errors.js'

/**
 * Reads Python pickles as data: a small stack machine that builds numbers, strings, bytes, lists, tuples and dictionaries, and calls only
 * the functions that it is given. Unknown opcodes and globals are rejected. See Python's `pickletools.py` for the opcodes; protocols 2 to
 * 5, without out-of-band buffers.
 */

export type PickleValue =
  null | boolean | number | bigint | string | Buffer | PickleValue[] | Map<string | number, PickleValue> | PickleObject

/** The representation of a Python object. */
export abstract class PickleObject {
  /** Like `object.__setstate__`. */
  abstract setState(state: PickleValue): void
}

/** A Python function or class by its name, and the representation of a call of it. */
export type PickleGlobals = ReadonlyMap<string, (args: PickleValue[]) => PickleValue>

class Global extends PickleObject {
  constructor(
    readonly path: string,
    readonly call: (args: PickleValue[]) => PickleValue,
  ) {
    super()
  }

  setState(): void {
    throw new UserError('BAD_INPUT', `Cannot read a pickle that changes Python's ${this.path}. Get the file from its original source.`)
  }
}

const MARK = Symbol('mark')
type Slot = PickleValue | typeof MARK

/** Maximum number of values in a file, far more than a batch of images with its labels and file names needs. */
const VALUE_LIMIT = 2 ** 22

/**
 * Maximum length of a text in bytes: enough for all pixels of CIFAR-100 as bytes in protocol 2, and below the longest string of JavaScript.
 */
const TEXT_LIMIT = 2 ** 28

/**
 * @param name name of the file, for messages
 * @throws UserError BAD_INPUT for anything but plain data
 */
export function parsePickle(bytes: Buffer, name: string, globals: PickleGlobals = new Map()): PickleValue {
  const refuse = (why: string): UserError => new UserError('BAD_INPUT', `Cannot read ${name}: ${why}. Get it from its original source.`)
  const cutOff = (): UserError => new UserError('BAD_INPUT', `${name} is truncated or damaged. Get it again.`)
  const stack: Slot[] = []
  const memo = new Map<number, PickleValue>()
  let at = 0
  let values = 0

  const take = (length: number): Buffer => {
    if (!(length >= 0 && length <= bytes.length - at)) throw cutOff()
    at += length
    return bytes.subarray(at - length, at)
  }
  const u8 = (): number => take(1)[0]!
  const u16 = (): number => take(2).readUInt16LE(0)
  const u32 = (): number => take(4).readUInt32LE(0)
  const u64 = (): number => Number(take(8).readBigUInt64LE(0))
  const text = (length: number): string => {
    if (length > TEXT_LIMIT) throw refuse('it contains a string that is too long')
    return take(length).toString('utf8')
  }
  const line = (): string => {
    const end = bytes.indexOf(10, at)
    if (end < 0 || end - at > 200) throw cutOff()
    return take(end - at + 1)
      .toString('latin1')
      .slice(0, -1)
  }
  const push = (value: Slot): void => {
    if (++values > VALUE_LIMIT) throw refuse('it contains more values than a batch of images can have')
    stack.push(value)
  }
  const pop = (): PickleValue => {
    const value = stack.pop()
    if (value === undefined || value === MARK) throw cutOff()
    return value
  }
  const popToMark = (): PickleValue[] => {
    const mark = stack.lastIndexOf(MARK)
    if (mark < 0) throw cutOff()
    const values = stack.splice(mark).slice(1)
    return values as PickleValue[]
  }
  const top = (): PickleValue => {
    const value = stack.at(-1)
    if (value === undefined || value === MARK) throw cutOff()
    return value
  }
  const list = (): PickleValue[] => {
    const value = top()
    if (!Array.isArray(value)) throw cutOff()
    return value
  }
  const put = (map: PickleValue, values: PickleValue[]): void => {
    if (!(map instanceof Map) || values.length % 2) throw cutOff()
    for (let i = 0; i < values.length; i += 2) {
      // Python 2's str and Python 3's bytes are treated as the same key.
      const key = Buffer.isBuffer(values[i]) ? (values[i] as Buffer).toString('latin1') : values[i]
      if (typeof key !== 'string' && typeof key !== 'number') throw refuse('it contains a dictionary whose keys are not strings')
      map.set(key, values[i + 1]!)
    }
  }
  const global = (module: PickleValue, attribute: PickleValue): Global => {
    const path = `${String(module)}.${String(attribute)}`
    const call = globals.get(path)
    if (!call)
      throw refuse(`it refers to Python's ${JSON.stringify(path.slice(0, 100))}, but only plain arrays, lists and strings are allowed`)
    return new Global(path, call)
  }
  const call = (callee: PickleValue, args: PickleValue): PickleValue => {
    if (!(callee instanceof Global) || !Array.isArray(args)) throw cutOff()
    return callee.call(args)
  }
  const long = (length: number): number | bigint => {
    if (length > 8) throw refuse('it contains a number of more than 64 bits')
    let value = 0n
    const raw = take(length)
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(raw[i]!)
    if (length && raw[length - 1]! & 0x80) value -= 1n << BigInt(8 * length)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  const memoize = (index: number): void => void memo.set(index, top())
  const recall = (index: number): void => {
    const value = memo.get(index)
    if (value === undefined) throw cutOff()
    push(value)
  }

  const run: Record<number, () => void> = {
    0x80: () => {
      const protocol = u8()
      if (protocol > 5) throw refuse(`it uses pickle protocol ${protocol}, but only protocols up to 5 are supported`)
    },
    0x95: () => void u64(), // FRAME
    0x28: () => push(MARK),
    0x30: () => void pop(),
    0x31: () => void popToMark(),
    0x32: () => push(top()), // DUP
    0x4e: () => push(null),
    0x88: () => push(true),
    0x89: () => push(false),
    0x4b: () => push(u8()), // BININT1
    0x4d: () => push(u16()), // BININT2
    0x4a: () => push(take(4).readInt32LE(0)), // BININT
    0x8a: () => push(long(u8())), // LONG1
    0x8b: () => push(long(u32())), // LONG4
    0x47: () => push(take(8).readDoubleBE(0)), // BINFLOAT
    0x55: () => push(take(u8())), // SHORT_BINSTRING
    0x54: () => push(take(take(4).readInt32LE(0))), // BINSTRING
    0x43: () => push(take(u8())), // SHORT_BINBYTES
    0x42: () => push(take(u32())), // BINBYTES
    0x8e: () => push(take(u64())), // BINBYTES8
    0x96: () => push(take(u64())), // BYTEARRAY8
    0x8c: () => push(text(u8())), // SHORT_BINUNICODE
    0x58: () => push(text(u32())), // BINUNICODE
    0x8d: () => push(text(u64())), // BINUNICODE8
    0x5d: () => push([]),
    0x6c: () => push(popToMark()), // LIST
    0x61: () => {
      const value = pop()
      list().push(value)
    },
    0x65: () => {
      const values = popToMark()
      const target = list()
      for (const value of values) target.push(value)
    },
    0x29: () => push([]), // EMPTY_TUPLE
    0x74: () => push(popToMark()), // TUPLE
    0x85: () => push([pop()]),
    0x86: () => {
      const second = pop()
      push([pop(), second])
    },
    0x87: () => {
      const [third, second] = [pop(), pop()]
      push([pop(), second, third])
    },
    0x7d: () => push(new Map()),
    0x64: () => {
      const values = popToMark()
      const map = new Map<string | number, PickleValue>()
      put(map, values)
      push(map)
    },
    0x73: () => {
      const value = pop()
      const key = pop()
      put(top(), [key, value])
    },
    0x75: () => {
      const values = popToMark()
      put(top(), values)
    },
    0x71: () => memoize(u8()), // BINPUT
    0x72: () => memoize(u32()), // LONG_BINPUT
    0x94: () => memoize(memo.size), // MEMOIZE
    0x68: () => recall(u8()), // BINGET
    0x6a: () => recall(u32()), // LONG_BINGET
    0x63: () => push(global(line(), line())), // GLOBAL
    0x93: () => {
      const attribute = pop()
      push(global(pop(), attribute)) // STACK_GLOBAL
    },
    0x52: () => {
      const args = pop()
      push(call(pop(), args)) // REDUCE
    },
    0x62: () => {
      const state = pop()
      const object = top()
      if (!(object instanceof PickleObject)) throw cutOff()
      object.setState(state) // BUILD
    },
  }

  const STOP = 0x2e
  for (;;) {
    const where = at
    const opcode = u8()
    if (opcode === STOP) return pop()
    const step = Object.hasOwn(run, opcode) ? run[opcode] : undefined
    if (!step) {
      const code = `0x${opcode.toString(16).padStart(2, '0')}`
      throw refuse(
        `it is not a pickle of a batch of images (instruction ${code} at byte ${where}); the binary version of the data set is also supported`,
      )
    }
    step()
  }
}
