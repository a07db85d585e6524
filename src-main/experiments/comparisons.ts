import { ComparisonViewSchema, type Comparison } from '../contract/comparisons.js'
import { UserError } from '../contract/errors.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import { newId } from './ids.js'
import type { Clock, ComparisonStore, Journal } from './ports.js'

interface ComparisonPorts {
  changes: Changes
  clock: Clock
  comparisons: ComparisonStore
  journal: Journal
}

/** Comparisons that were given a name. Runs that are removed stay in them: they can come back. */
export function createComparisons({ changes, clock, comparisons, journal }: ComparisonPorts): Services['comparisons'] {
  function require(id: string): Comparison {
    const found = comparisons.get(id)
    if (!found) throw new UserError('NOT_FOUND', `There is no comparison "${id}": it may have been removed in another window.`)
    return found
  }

  return {
    list: async () => ({ comparisons: comparisons.list(), seq: journal.last() }),
    save: async ({ id, name, view }) =>
      changes.commit((record) => {
        const now = clock.now()
        const before = id === undefined ? null : require(id)
        const comparison: Comparison = {
          id: before?.id ?? newId(),
          name: name.trim(),
          createdAt: before?.createdAt ?? now,
          updatedAt: now,
          view: ComparisonViewSchema.parse(view),
        }
        comparisons.put(comparison)
        record({ kind: 'comparison', comparison })
        return comparison
      }),
    async remove(id) {
      require(id)
      changes.commit((record) => {
        comparisons.remove(id)
        record({ kind: 'comparisonRemoved', id })
      })
    },
  }
}
