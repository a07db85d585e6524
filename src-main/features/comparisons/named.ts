import type { Change } from '../../contract/changes.js'
import { UserError } from '../../contract/errors.js'
import type { Changes } from '../home/changes.js'
import { newId } from '../shared/ids.js'
import type { OpenTime, Removal } from '../home/open-time.js'
import type { Clock } from '../shared/clock.js'

/** A view that was saved under a name. */
export interface Named<View> {
  id: string
  name: string
  createdAt: number
  updatedAt: number
  view: View
}

export interface NamedStore<View> {
  /** All that are not removed, sorted by name. */
  list(): Named<View>[]
  get(id: string): Named<View> | undefined
  put(named: Named<View>): void
  /** Marks one as removed at that time, or restores it when null. */
  setRemoved(id: string, removal: Removal | null): void
  /** Those that were removed and can be restored, the most recently removed first. */
  removed(): { named: Named<View>; removal: Removal }[]
  /** Deletes permanently. */
  remove(id: string): void
}

interface NamedPorts<View> {
  changes: Changes
  clock: Clock
  openTime: OpenTime
  store: NamedStore<View>
}

interface NamedKind<View> {
  /** What messages call one of them, as in "There is no comparison". */
  what: string
  saved(named: Named<View>): Change
  removed(id: string): Change
}

/** Stores views by name, and publishes every change to all windows. */
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

  /** Saves a new one, or replaces an existing one. */
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

  /** Those that can still be restored, for as long as removed runs can, the most recently removed first. */
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

  /** @throws UserError NOT_FOUND */
  require(id: string): Named<View> {
    const found = this.ports.store.get(id)
    if (!found) throw new UserError('NOT_FOUND', `There is no ${this.kind.what} "${id}". It may have been removed in another window.`)
    return found
  }

  private purge(): void {
    const { openTime, store } = this.ports
    for (const { named, removal } of store.removed()) if (openTime.left(removal) <= 0) store.remove(named.id)
  }
}
