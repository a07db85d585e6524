import type { Change, SequencedChange } from '../contract/changes.js'
import type { Services } from '../contract/services.js'
import type { Journal, Transactions } from './ports.js'

export interface Changes {
  /**
   * Runs the work in one transaction together with the changes that it records, and publishes those once they are
   * committed; when the work throws, nothing is kept and nothing is published.
   */
  commit<T>(work: (record: (change: Change) => void) => T): T
  subscribe: Services['changes']['subscribe']
  /** Ends every subscription. */
  close(): void
}

/** Changes read from the journal at a time, so that a long replay does not hold up everything else. */
const PAGE = 500

/** Changes that wait for one slow client; beyond it they are dropped here and read from the journal again. */
const WAITING = 1000

/** One client's unread changes. */
class Mailbox {
  private waiting: SequencedChange[] = []
  private wake: (() => void) | null = null
  /** Whether changes were dropped, so that only the journal has them all. */
  overflowed = false

  constructor(private readonly wants: (change: Change) => boolean) {}

  deliver(change: SequencedChange): void {
    if (!this.wants(change.change)) return
    if (this.overflowed || this.waiting.length >= WAITING) {
      this.overflowed = true
      this.waiting = []
    } else this.waiting.push(change)
    this.wake?.()
  }

  take(): SequencedChange[] {
    const taken = this.waiting
    this.waiting = []
    return taken
  }

  /** Resolves when there is something to read, or at the signal. */
  async filled(signal: AbortSignal): Promise<void> {
    if (this.waiting.length || this.overflowed || signal.aborted) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done)
        this.wake = null
        resolve()
      }
      this.wake = done
      signal.addEventListener('abort', done)
    })
  }
}

/** Commits facts, and tells every subscriber of them in the order in which they were committed. */
export function createChanges({ transactions, journal }: { transactions: Transactions; journal: Journal }): Changes {
  const mailboxes = new Set<Mailbox>()
  let committing = false
  const closed = new AbortController()

  function commit<T>(work: (record: (change: Change) => void) => T): T {
    if (committing) throw new Error('a commit inside a commit would publish before the outer one is kept')
    committing = true
    const recorded: SequencedChange[] = []
    let result: T
    try {
      result = transactions.immediate(() => work((change) => void recorded.push({ seq: journal.append(change), change })))
    } finally {
      committing = false
    }
    for (const change of recorded) for (const mailbox of mailboxes) mailbox.deliver(change)
    return result
  }

  /** Whether the journal no longer has everything after `seq`, or never had it (another home's number). */
  function isLost(seq: number): boolean {
    const last = journal.last()
    return seq > last || (seq < last && seq + 1 < (journal.oldest() ?? last + 1))
  }

  async function* stream(start: number, detailOf: readonly string[], wanted: AbortSignal): AsyncGenerator<SequencedChange> {
    const signal = AbortSignal.any([wanted, closed.signal])
    const watched = new Set(detailOf)
    const mailbox = new Mailbox((change) => (change.kind !== 'points' && change.kind !== 'log') || watched.has(change.runId))
    mailboxes.add(mailbox)
    let seen = start
    try {
      let replay = true
      while (!signal.aborted) {
        while (replay && !signal.aborted) {
          if (isLost(seen)) {
            seen = journal.last()
            yield { seq: seen, change: { kind: 'reset' } }
          }
          const page = journal.after(seen, { detailOf, limit: PAGE })
          for (const each of page) {
            seen = each.seq
            yield each
            if (signal.aborted) return
          }
          replay = page.length === PAGE
        }
        for (const each of mailbox.take()) {
          if (each.seq <= seen) continue
          seen = each.seq
          yield each
          if (signal.aborted) return
        }
        if (mailbox.overflowed) {
          mailbox.overflowed = false
          mailbox.take()
          replay = true
          continue
        }
        await mailbox.filled(signal)
      }
    } finally {
      mailboxes.delete(mailbox)
    }
  }

  return {
    commit,
    // The starting point is fixed now, and not when the generator first runs: between the two nothing may get lost.
    subscribe: ({ since, detailOf, signal }) => stream(since ?? journal.last(), detailOf, signal),
    close: () => closed.abort(),
  }
}
