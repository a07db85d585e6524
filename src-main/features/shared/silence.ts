/** Ends what was started; a second call has no effect. */
export type Release = () => void

const once = (end: () => void): Release => {
  let ended = false
  return () => {
    if (ended) return
    ended = true
    end()
  }
}

/**
 * Separates computations from measurements: a timed step would appear slow while a computation runs. A computation does not start while a
 * measurement is running or waiting, so that many computations cannot delay it forever.
 */
export class Silence {
  private computations = 0
  private kept = false
  private readonly waiting: ((release: Release) => void)[] = []
  private readonly listeners: (() => void)[] = []

  /** Calls the listener each time computations may start again. */
  whenOver(listener: () => void): void {
    this.listeners.push(listener)
  }

  /** Registers a computation. @returns a function that ends it; null while a measurement is running or waiting */
  compute(): Release | null {
    if (this.kept || this.waiting.length > 0) return null
    this.computations++
    return once(() => {
      this.computations--
      this.next()
    })
  }

  /** Reserves the machine for one measurement. @returns a function that releases it; null while a computation or measurement is running */
  keepNow(): Release | null {
    if (this.kept || this.computations > 0) return null
    this.kept = true
    return once(() => {
      this.kept = false
      this.next()
      if (!this.kept) this.listeners.forEach((listener) => listener())
    })
  }

  /** Like `keepNow`, as soon as it is possible; requests are served in order. */
  async keep(): Promise<Release> {
    const now = this.waiting.length === 0 ? this.keepNow() : null
    return now ?? new Promise((resolve) => this.waiting.push(resolve))
  }

  private next(): void {
    if (this.waiting.length === 0) return
    const release = this.keepNow()
    if (release) this.waiting.shift()!(release)
  }
}
