export type Awaitable<T> = T | Promise<T>

export interface Clock {
  /** Milliseconds since 1970, to be stored and shown as a label. The user, or the network, may set this clock at any time: nothing is measured or ordered by it. */
  now(): number
  /** Milliseconds of this process that only grow: what durations are measured by. */
  elapsed(): number
  /** Calls back once after so many milliseconds; the answer cancels it. */
  after(milliseconds: number, callback: () => void): () => void
}
