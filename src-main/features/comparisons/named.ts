import type { Change } from '../../contract/changes.js'
import { UserError } from '../../contract/errors.js'
import type { Changes } from '../home/changes.js'
import { newId } from '../shared/ids.js'
import type { OpenTime, Removal } from '../home/open-time.js'
import type { Clock } from '../shared/clock.js'

/** A way to look at something that was given a name. */
export interface Named<View> {
  id: string
  name: string
  createdAt: number
  updatedAt: number
  view: View
}

export interface NamedStore<View> {
  /** By name; without what was removed. */
  list(): Named<View>[]
  get(id: string): Named<View> | undefined
  put(named: Named<View>): void
  /** Out of sight since then, or back with null. */
  setRemoved(id: string, removal: Removal | null): void
  /** What was removed and can come back, the last first. */
  removed(): { named: Named<View>; removal: Removal }[]
  /** Deletes for good. */
  remove(id: string): void
}

interface NamedPorts<View> {
  changes: Changes
  clock: Clock
  openTime: OpenTime
  store: NamedStore<View>
}

interface NamedKind<View> {
  /** As in "There is no comparison". */
  what: string
  saved(named: Named<View>): Change
  removed(id: string): Change
}

/** Keeps views by a name, and tells every window of them. */
export class NamedViews<View> {
  constructor(
    private readonly ports: NamedPorts<View>,
    private readonly kind: NamedKind<View>,
  ) {
    this.purge()
  }

  list(): Named<View>[] {
    return this.ports.store.list()
  }

  /** A new one, or what is now in place of one. */
  save({ id, name, view }: { id?: string | undefined; name: string; view: View }): Named<View> {
    const { changes, clock, store } = this.ports
    return changes.commit((record) => {
      const now = clock.now()
      const before = id === undefined ? null : this.require(id)
      const named: Named<View> = {
        id: before?.id ?? newId(),
        name: name.trim(),
        createdAt: before?.createdAt ?? now,
        updatedAt: now,
        view,
      }
      store.put(named)
      record(this.kind.saved(named))
      return named
    })
  }

  remove({ id }: { id: string }): void {
    const { changes, openTime, store } = this.ports
    this.require(id)
    changes.commit((record) => {
      this.purge()
      store.setRemoved(id, openTime.removal())
      record(this.kind.removed(id))
    })
  }

  /** What was removed and can still be brought back, as long as removed runs can; the last first. */
  removed(): { named: Named<View>; removal: Removal }[] {
    const { openTime, store } = this.ports
    return store.removed().filter(({ removal }) => openTime.left(removal) > 0)
  }

  restore({ id }: { id: string }): Named<View> {
    const { changes, store } = this.ports
    if (!store.removed().some(({ named }) => named.id === id))
      throw new UserError(
        'NOT_FOUND',
        `There is no removed ${this.kind.what} "${id}". It may already have been restored or permanently deleted.`,
      )
    return changes.commit((record) => {
      store.setRemoved(id, null)
      const named = this.require(id)
      record(this.kind.saved(named))
      return named
    })
  }

  private require(id: string): Named<View> {
    const found = this.ports.store.get(id)
    if (!found) throw new UserError('NOT_FOUND', `There is no ${this.kind.what} "${id}". It may have been removed in another window.`)
    return found
  }

  private purge(): void {
    const { openTime, store } = this.ports
    for (const { named, removal } of store.removed()) if (openTime.left(removal) <= 0) store.remove(named.id)
  }
}
