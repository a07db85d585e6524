import { watchedRun, type Change, type SequencedChange, type Task } from '../../contract/changes.js'

export interface Transactions {
  /** Runs the work in one immediate transaction, which is stored completely or not at all. Cannot be nested. */
  immediate<T>(work: () => T): T
}

export interface Journal {
  /** Stores the change inside the open transaction. @returns its sequence number */
  append(change: Change): number
  /** Sequence number of the last change ever stored; 0 before the first. */
  last(): number
  /** Oldest sequence number that is still stored; null when there is none. */
  oldest(): number | null
  /** The latest state of every task in the journal. */
  tasks(): Task[]
  /** At most `limit` changes after `seq`, in order; those of `watchedRun` only of the runs in `detailOf`. */
  after(seq: number, options: { detailOf: readonly string[]; limit: number }): SequencedChange[]
}

export interface Changes {
  /**
   * Runs the work in one transaction together with the changes that it records, and publishes those after the commit. When the work throws,
   * nothing is stored and nothing is published.
   */
  commit<T>(work: (record: (change: Change) => void) => T): T
  /** Publishes a change that cannot be stored to the current subscribers; the journal does not have it. */
  tell(change: Change): void
  /** Replays the changes after `since` (only new ones when null), then continues until the signal aborts. Each change arrives exactly once. */
  subscribe(options: { since: number | null; detailOf: readonly string[]; signal: AbortSignal }): AsyncIterable<SequencedChange>
  /** Ends every subscription. */
  close(): void
}

/** Number of changes read from the journal at a time, so that a long replay does not block everything else. */
const PAGE = 500

/** Maximum number of changes that wait for one slow client; further ones are dropped and read from the journal later. */
const WAITING = 1000

/** A change; an `unsaved` one is not in the journal and has the number of the last change that is. */
type Delivery = SequencedChange & { unsaved?: boolean }

/** One client's unread changes. */
class Mailbox {
  private waiting: Delivery[] = []
  private wake: (() => void) | null = null
  /** Whether changes were dropped and have to be read from the journal. */
  overflowed = false

  constructor(private readonly wants: (change: Change) => boolean) {}

  deliver(change: Delivery): void {
    if (!this.wants(change.change)) return
    if (this.overflowed || this.waiting.length >= WAITING) {
      this.overflowed = true
      this.waiting = []
    } else this.waiting.push(change)
    this.wake?.()
  }

  take(): Delivery[] {
    const taken = this.waiting
    this.waiting = []
    return taken
  }

  /** Resolves when there is something to read or the signal aborts. */
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

/** Commits changes and publishes them to every subscriber in the order of their commits. */
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
      result = transactions.immediate(() => {
        // The work runs again if space had to be freed for it.
        recorded.length = 0
        return work((change) => void recorded.push({ seq: journal.append(change), change }))
      })
    } finally {
      committing = false
    }
    for (const change of recorded) for (const mailbox of mailboxes) mailbox.deliver(change)
    return result
  }

  /** Whether the journal no longer has everything after `seq`, or never had it because the number is from another home. */
  function isLost(seq: number): boolean {
    const last = journal.last()
    return seq > last || (seq < last && seq + 1 < (journal.oldest() ?? last + 1))
  }

  async function* stream(start: number, detailOf: readonly string[], wanted: AbortSignal): AsyncGenerator<SequencedChange> {
    const signal = AbortSignal.any([wanted, closed.signal])
    const watched = new Set(detailOf)
    const mailbox = new Mailbox((change) => {
      const run = watchedRun(change)
      return run === null || watched.has(run)
    })
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
          if (each.seq <= seen && !each.unsaved) continue
          seen = Math.max(seen, each.seq)
          yield { seq: each.seq, change: each.change }
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
    tell(change) {
      const delivery: Delivery = { seq: journal.last(), change, unsaved: true }
      for (const mailbox of mailboxes) mailbox.deliver(delivery)
    },
    // The starting point is fixed now and not when the generator first runs, so that no change in between is lost.
    subscribe: ({ since, detailOf, signal }) => stream(since ?? journal.last(), detailOf, signal),
    close: () => closed.abort(),
  }
}
