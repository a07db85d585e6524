import { ComparisonViewSchema, type ComparisonView } from '../contract/comparisons.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import { createNamed } from './named.js'
import type { Clock, Journal, NamedStore, SettingsStore } from './ports.js'

interface ComparisonPorts {
  changes: Changes
  clock: Clock
  comparisons: NamedStore<ComparisonView>
  journal: Journal
  settings: SettingsStore
}

/** Comparisons that were given a name. Runs that are removed stay in them: they can come back. */
export function createComparisons({ comparisons, ...ports }: ComparisonPorts): Services['comparisons'] {
  const named = createNamed(
    { ...ports, store: comparisons },
    {
      what: 'comparison',
      schema: ComparisonViewSchema,
      saved: (comparison) => ({ kind: 'comparison', comparison }),
      removed: (id) => ({ kind: 'comparisonRemoved', id }),
    },
  )
  return {
    async list() {
      const { all, seq } = named.list()
      return { comparisons: all, seq }
    },
    save: async (request) => named.save(request),
    remove: async (id) => named.remove(id),
    restore: async (id) => named.restore(id),
    removed: async () => named.removed().map(({ named: comparison, removedAt }) => ({ comparison, removedAt })),
  }
}
