/**
 * Maintains a copy of server state from a snapshot and the changes that follow it, each applied exactly once and in order, whichever
 * arrives first. Request a snapshot only after subscribing to the changes.
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

  /** Starts the request for a snapshot; from here on changes wait for it. The returned number identifies the answer. */
  request(): number {
    this.#awaiting = true
    return ++this.#request
  }

  /** The answer to request(), which includes all changes up to `seq`. An answer that was overtaken by a later request is dropped. */
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
