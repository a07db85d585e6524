/**
 * Keeps a copy of something on the server from a snapshot and the changes that follow it, each applied exactly once and in order,
 * whichever arrives first. Ask for a snapshot only after the changes are being listened to.
 */
export class Replica<Snapshot, Change> {
  #seq = -1
  #request = 0
  #awaiting = true
  #queue: { seq: number; change: Change }[] = []
  readonly #load: (snapshot: Snapshot) => void
  readonly #apply: (change: Change) => void

  constructor(load: (snapshot: Snapshot) => void, apply: (change: Change) => void) {
    this.#load = load
    this.#apply = apply
  }

  /** A snapshot is being asked for; from here on changes wait for it. The number returned belongs to its answer. */
  request(): number {
    this.#awaiting = true
    return ++this.#request
  }

  /** The answer to request(): true up to `seq`. An answer that a later request has overtaken is dropped. */
  snapshot(request: number, seq: number, snapshot: Snapshot): void {
    if (request !== this.#request) return
    this.#awaiting = false
    this.#seq = seq
    this.#load(snapshot)
    const waiting = this.#queue
    this.#queue = []
    for (const { seq: at, change } of waiting) this.change(at, change)
  }

  change(seq: number, change: Change): void {
    if (this.#awaiting) this.#queue.push({ seq, change })
    else if (seq > this.#seq) {
      this.#seq = seq
      this.#apply(change)
    }
  }
}
