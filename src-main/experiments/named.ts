import type { z } from 'zod'
import type { Change } from '../contract/changes.js'
import { UserError } from '../contract/errors.js'
import type { Changes } from './changes.js'
import { newId } from './ids.js'
import type { Clock, Journal, Named, NamedStore, SettingsStore } from './ports.js'
import { readSettings } from './settings.js'

interface NamedPorts<View> {
  changes: Changes
  clock: Clock
  journal: Journal
  settings: SettingsStore
  store: NamedStore<View>
}

const HOUR = 3_600_000

interface NamedKind<View, Input> {
  /** As in "There is no comparison". */
  what: string
  schema: z.ZodType<View, Input>
  saved(named: Named<View>): Change
  removed(id: string): Change
}

/** Keeps views by a name, and tells every window of them. */
export function createNamed<View, Input>({ changes, clock, journal, settings, store }: NamedPorts<View>, kind: NamedKind<View, Input>) {
  /** As long as removed runs are kept. */
  const grace = (): number => readSettings(settings)['runs.keepRemovedHours'] * HOUR
  store.purge(clock.now() - grace())

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
        store.purge(clock.now() - grace())
        store.setRemoved(id, clock.now())
        record(kind.removed(id))
      })
    },
    /** What was removed and can still be brought back, the last first. */
    removed: () => store.removed().filter(({ removedAt }) => removedAt > clock.now() - grace()),
    restore(id: string): Named<View> {
      if (!store.removed().some(({ named }) => named.id === id))
        throw new UserError('NOT_FOUND', `There is no removed ${kind.what} "${id}": it may be back already, or deleted for good.`)
      return changes.commit((record) => {
        store.setRemoved(id, null)
        const named = require(id)
        record(kind.saved(named))
        return named
      })
    },
  }
}
