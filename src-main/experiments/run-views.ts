import { RunViewSchema, type RunView } from '../contract/run-views.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import { createNamed } from './named.js'
import type { Clock, Journal, NamedStore, SettingsStore } from './ports.js'

interface RunViewPorts {
  changes: Changes
  clock: Clock
  runViews: NamedStore<RunView>
  journal: Journal
  settings: SettingsStore
}

/** Views of the table of runs that were given a name. */
export function createRunViews({ runViews, ...ports }: RunViewPorts): Services['runViews'] {
  const named = createNamed(
    { ...ports, store: runViews },
    {
      what: 'view',
      schema: RunViewSchema,
      saved: (view) => ({ kind: 'runView', view }),
      removed: (id) => ({ kind: 'runViewRemoved', id }),
    },
  )
  return {
    async list() {
      const { all, seq } = named.list()
      return { views: all, seq }
    },
    save: async (request) => named.save(request),
    remove: async (id) => named.remove(id),
    restore: async (id) => named.restore(id),
  }
}
