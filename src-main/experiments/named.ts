import type { z } from 'zod'
import type { Change } from '../contract/changes.js'
import { UserError } from '../contract/errors.js'
import type { Changes } from './changes.js'
import { newId } from './ids.js'
import type { Clock, Journal, Named, NamedStore } from './ports.js'

interface NamedPorts<View> {
  changes: Changes
  clock: Clock
  journal: Journal
  store: NamedStore<View>
}

interface NamedKind<View, Input> {
  /** As in "There is no comparison". */
  what: string
  schema: z.ZodType<View, Input>
  saved(named: Named<View>): Change
  removed(id: string): Change
}

/** Keeps views by a name, and tells every window of them. */
export function createNamed<View, Input>({ changes, clock, journal, store }: NamedPorts<View>, kind: NamedKind<View, Input>) {
  function require(id: string): Named<View> {
    const found = store.get(id)
    if (!found) throw new UserError('NOT_FOUND', `There is no ${kind.what} "${id}": it may have been removed in another window.`)
    return found
  }

  return {
    list: () => ({ all: store.list(), seq: journal.last() }),
    save: ({ id, name, view }: { id?: string | undefined; name: string; view: Input }) =>
      changes.commit((record) => {
        const now = clock.now()
        const before = id === undefined ? null : require(id)
        const named: Named<View> = {
          id: before?.id ?? newId(),
          name: name.trim(),
          createdAt: before?.createdAt ?? now,
          updatedAt: now,
          view: kind.schema.parse(view),
        }
        store.put(named)
        record(kind.saved(named))
        return named
      }),
    remove(id: string): void {
      require(id)
      changes.commit((record) => {
        store.remove(id)
        record(kind.removed(id))
      })
    },
  }
}
