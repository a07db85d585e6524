/** Elements per chunk, as a power of two: 32 KiB of doubles. */
const SHIFT = 12
const SIZE = 1 << SHIFT
const MASK = SIZE - 1
/** Initial capacity, in elements. */
const LEAST = 64

type Numbers = Float64Array | Uint32Array

/** A growing list of numbers with random access. */
export interface NumberList {
  readonly length: number
  /** Element i; NaN out of range. */
  at(i: number): number
  append(values: Float64Array): void
  truncate(length: number): void
  /** A copy of all elements. */
  toArray(): Float64Array
}

/**
 * Numbers in chunks of 4,096, so that growing never copies existing elements and never reserves twice the memory; only the first chunk is
 * doubled, for the many short series.
 */
export class ChunkedNumbers<T extends Numbers = Float64Array> implements NumberList {
  length = 0
  /** Chunk i >> 12 holds element i at i & 4095; for loops that cannot afford a function call. */
  readonly chunks: T[] = []

  constructor(readonly make: (length: number) => T) {}

  at(i: number): number {
    return i >= 0 && i < this.length ? ((this.chunks[i >>> SHIFT] as T)[i & MASK] as number) : NaN
  }

  set(i: number, value: number): void {
    ;(this.chunks[i >>> SHIFT] as T)[i & MASK] = value
  }

  append(values: Float64Array): void {
    const from = this.length
    this.resize(from + values.length)
    for (let done = 0; done < values.length;) {
      const i = from + done
      const room = Math.min(values.length - done, SIZE - (i & MASK))
      ;(this.chunks[i >>> SHIFT] as T).set(values.subarray(done, done + room), i & MASK)
      done += room
    }
  }

  truncate(length: number): void {
    if (length < this.length) this.resize(length)
  }

  /** Changes the length; the content of new elements is undefined. */
  resize(length: number): void {
    const wanted = Math.ceil(length / SIZE)
    this.chunks.length = Math.min(this.chunks.length, wanted)
    const first = this.chunks[0]
    const start = Math.min(SIZE, Math.max(length, LEAST))
    if (wanted > 0 && (!first || first.length < start)) {
      const larger = this.make(first ? Math.min(SIZE, Math.max(start, 2 * first.length)) : start)
      if (first) larger.set(first)
      this.chunks[0] = larger
    }
    while (this.chunks.length < wanted) this.chunks.push(this.make(SIZE))
    this.length = length
  }

  /** Views of consecutive elements with indices from..to-1; valid until the next change. */
  *views(from = 0, to = this.length): Generator<T> {
    for (let i = from; i < to;) {
      const stop = Math.min(to, (i & ~MASK) + SIZE)
      yield (this.chunks[i >>> SHIFT] as T).subarray(i & MASK, ((stop - 1) & MASK) + 1) as T
      i = stop
    }
  }

  toArray(): Float64Array {
    const all = new Float64Array(this.length)
    let at = 0
    for (const view of this.views()) {
      all.set(view, at)
      at += view.length
    }
    return all
  }
}

export const doubles = (): ChunkedNumbers<Float64Array> => new ChunkedNumbers((length) => new Float64Array(length))
export const counts = (): ChunkedNumbers<Uint32Array> => new ChunkedNumbers((length) => new Uint32Array(length))
