import { setImmediate } from 'node:timers/promises'
import type { RunConfig } from '../contract/config.js'
import { ConfigTableBuilder } from '../contract/run-table.js'
import { hasConfiguration } from '../contract/runs.js'
import type { Services } from '../contract/services.js'
import type { Journal, RunStore } from './ports.js'

/** Configurations that are read at a time: between them the host serves others. */
const PAGE = 250

/** Nothing where what is stored is a placeholder. */
const known = (config: RunConfig): object => (hasConfiguration(config) ? config : {})

/** What the table of runs shows, in the form in which thousands of rows travel quickly. */
export function createRunTable({ runs, journal }: { runs: RunStore; journal: Journal }): Pick<Services['runs'], 'table' | 'configs'> {
  return {
    table: async () => ({ rows: runs.packed(), seq: journal.last() }),

    async configs(ids) {
      const builder = new ConfigTableBuilder()
      if (ids)
        for (const id of ids) {
          const record = runs.record(id)
          if (record) builder.add(id, known(record.config))
        }
      else
        for (let page = runs.configsAfter(0, PAGE); page.length > 0; page = runs.configsAfter(page.at(-1)?.number ?? Infinity, PAGE)) {
          for (const { id, config } of page) builder.add(id, known(config))
          await setImmediate()
        }
      return { columns: JSON.stringify(builder.table()) }
    },
  }
}
