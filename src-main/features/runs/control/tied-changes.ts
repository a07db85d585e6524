import type { Change } from '../../../contract/changes.js'
import type { Changes } from '../../home/changes.js'

/** Changes to whose commits something can be tied: it is stored with the first of them, or not at all. */
export class TiedChanges implements Changes {
  private tied: (() => void) | null = null

  constructor(private readonly changes: Changes) {}

  /** Runs the work, with `also` in the transaction of its first commit, or in one of its own when it commits nothing. */
  with(also: () => void, work: () => void): void {
    this.tied = also
    try {
      work()
      if (this.isTied) this.commit(() => undefined)
    } finally {
      this.tied = null
    }
  }

  private get isTied(): boolean {
    return this.tied !== null
  }

  commit<T>(work: (record: (change: Change) => void) => T): T {
    const also = this.tied
    const result = this.changes.commit((record) => {
      also?.()
      return work(record)
    })
    this.tied = null
    return result
  }

  tell: Changes['tell'] = (change) => this.changes.tell(change)
  subscribe: Changes['subscribe'] = (options) => this.changes.subscribe(options)
  close = (): void => this.changes.close()
}
