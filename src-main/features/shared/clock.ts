export type Awaitable<T> = T | Promise<T>

export interface Clock {
  /** Milliseconds since 1970, to be stored and shown as a label. This clock may be set at any time, so nothing is measured or ordered by it. */
  now(): number
  /** Monotonic milliseconds of this process, used to measure durations. */
  elapsed(): number
  /** Calls back once after the given number of milliseconds. @returns a function that cancels it */
  after(milliseconds: number, callback: () => void): () => void
}
