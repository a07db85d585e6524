import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { isUserError } from '../../contract/errors.js'
import { ConfigTableBuilder } from '../../contract/run-table.js'
import { hasConfiguration, RunIdSchema } from '../../contract/runs.js'
import { glanceAtStoredConfig, type StoredConfig } from '../../contract/stored-config.js'
import { procedure } from '../procedure.js'

/** Configurations that are read at a time: between them the host serves others. */
const PAGE = 250

/** Nothing where what is stored is a placeholder, or cannot be read: the run's own page then says why, and the table has the others. */
function known(stored: StoredConfig): object {
  try {
    const config = glanceAtStoredConfig(stored)
    return hasConfiguration({ preset: String(config['preset']) }) ? config : {}
  } catch (error) {
    if (isUserError(error)) return {}
    throw error
  }
}

/** What the table of runs shows, in the form in which thousands of rows travel quickly. */
export const table = {
  /** The rows as one text (`contract/run-table.ts`), and the sequence number up to which they are true. */
  table: procedure.query(({ ctx: { ports } }) => ({ rows: ports.runs.packed(), seq: ports.journal.last() })),

  /** Configurations of these runs, or of all, as the JSON of a `ConfigTable`. What a run was configured with never changes. */
  configs: procedure
    .input(z.strictObject({ ids: z.array(RunIdSchema).max(10_000).optional() }))
    .query(async ({ ctx: { ports }, input: { ids } }) => {
      const { runs } = ports
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
    }),
}
