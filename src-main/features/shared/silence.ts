/** Ends what began; a second call does nothing. */
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
 * Keeps computations away from measurements: beside a computation, what is timed would seem slow. A computation does not begin while a
 * measurement is made or waits for silence, so that many of them cannot keep it waiting for ever.
 */
export class Silence {
  private computations = 0
  private kept = false
  private readonly waiting: ((release: Release) => void)[] = []
  private readonly listeners: (() => void)[] = []

  /** Told each time that computations may begin again. */
  whenOver(listener: () => void): void {
    this.listeners.push(listener)
  }

  /** A computation begins. @returns its end; null while silence is kept or waited for */
  compute(): Release | null {
    if (this.kept || this.waiting.length > 0) return null
    this.computations++
    return once(() => {
      this.computations--
      this.next()
    })
  }

  /** Keeps silence for one measurement. @returns its end; null while something computes or is measured */
  keepNow(): Release | null {
    if (this.kept || this.computations > 0) return null
    this.kept = true
    return once(() => {
      this.kept = false
      this.next()
      if (!this.kept) this.listeners.forEach((listener) => listener())
    })
  }

  /** As `keepNow`, as soon as it is possible; those that wait are served in order. */
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
