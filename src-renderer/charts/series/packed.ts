import type { NumberList } from './chunked.js'

const SHIFT = 12
const SIZE = 1 << SHIFT
const MASK = SIZE - 1

/** A chunk of numbers: evenly spaced from a start, without an array; integer offsets from a start, 4 bytes each; or plain doubles. */
interface Chunk {
  start: number
  /** Distance of neighbours while it is constant; NaN once it is not, or while there is only one number. */
  stride: number
  rest: Uint32Array | Float64Array | null
  length: number
}

const isOffset = (distance: number): boolean => distance >= 0 && distance <= 0xffffffff && Number.isInteger(distance)

/**
 * Numbers such as the steps and times of a series, in losslessly compressed chunks: no memory if they are evenly spaced, 4 bytes each if
 * they are integers close to one another, otherwise 8. Reading returns exactly what was written.
 */
export class PackedNumbers implements NumberList {
  length = 0
  readonly #chunks: Chunk[] = []

  at(i: number): number {
    if (!(i >= 0 && i < this.length)) return NaN
    return read(this.#chunks[i >>> SHIFT] as Chunk, i & MASK)
  }

  append(values: Float64Array): void {
    for (let done = 0; done < values.length;) {
      let chunk = this.#chunks[this.length >>> SHIFT]
      if (!chunk) this.#chunks.push((chunk = { start: values[done] as number, stride: NaN, rest: null, length: 0 }))
      const part = values.subarray(done, done + SIZE - chunk.length)
      for (let i = 0; i < part.length; i++) put(chunk, part[i] as number)
      done += part.length
      this.length += part.length
    }
  }

  truncate(length: number): void {
    if (length >= this.length) return
    this.length = length
    this.#chunks.length = Math.ceil(length / SIZE)
    const last = this.#chunks.at(-1)
    if (!last) return
    last.length = length - (this.#chunks.length - 1) * SIZE
    if (last.length === 1 && !last.rest) last.stride = NaN
  }

  toArray(): Float64Array {
    const all = new Float64Array(this.length)
    this.#chunks.forEach((chunk, c) => {
      for (let i = 0; i < chunk.length; i++) all[(c << SHIFT) + i] = read(chunk, i)
    })
    return all
  }
}

function read({ start, stride, rest }: Chunk, i: number): number {
  if (rest === null) return i === 0 ? start : start + i * stride
  return rest instanceof Uint32Array ? start + (rest[i] as number) : (rest[i] as number)
}

function put(chunk: Chunk, value: number): void {
  const i = chunk.length
  if (chunk.rest === null) {
    if (i === 1) chunk.stride = value - chunk.start
    // Evenly spaced to the bit, or NaN throughout.
    if (i === 0 || Object.is(chunk.start + i * chunk.stride, value)) {
      chunk.length += 1
      return
    }
    unpack(chunk, value)
  }
  if (chunk.rest instanceof Uint32Array && !isExactOffset(chunk.start, value)) {
    const exact = new Float64Array(chunk.rest.length)
    for (let k = 0; k < i; k++) exact[k] = read(chunk, k)
    chunk.rest = exact
  }
  let rest = chunk.rest as Uint32Array | Float64Array
  if (rest.length === i) {
    const larger = rest instanceof Uint32Array ? new Uint32Array(Math.min(SIZE, 2 * i)) : new Float64Array(Math.min(SIZE, 2 * i))
    larger.set(rest)
    chunk.rest = rest = larger
  }
  rest[i] = rest instanceof Uint32Array ? value - chunk.start : value
  chunk.length += 1
}

const isExactOffset = (start: number, value: number): boolean => isOffset(value - start) && Object.is(start + (value - start), value)

/** Stores every number so far explicitly, because the next one is not evenly spaced. */
function unpack(chunk: Chunk, next: number): void {
  const { length, start } = chunk
  const room = Math.min(SIZE, Math.max(64, 2 * length))
  let narrow = isExactOffset(start, next)
  for (let i = 0; narrow && i < length; i++) narrow = isExactOffset(start, read(chunk, i))
  const rest = narrow ? new Uint32Array(room) : new Float64Array(room)
  for (let i = 0; i < length; i++) rest[i] = narrow ? read(chunk, i) - start : read(chunk, i)
  chunk.rest = rest
}
