import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { isUserError } from '../../contract/errors.js'
import { ConfigTableBuilder } from '../../contract/run-table.js'
import { hasConfiguration, RunIdSchema, type LoggedConfig } from '../../contract/runs.js'
import { glanceAtStoredConfig, type StoredConfig } from '../../contract/stored-config.js'
import { procedure } from '../procedure.js'

/** Number of configurations that are read at a time, so that the host can serve other calls in between. */
const PAGE = 250

/**
 * Empty if the stored configuration is a placeholder or cannot be read: the page of the run says why, and the table shows the other runs.
 */
function known(stored: StoredConfig, logged: LoggedConfig | undefined): object {
  if (logged) return logged
  try {
    const config = glanceAtStoredConfig(stored)
    return hasConfiguration({ preset: String(config['preset']) }) ? config : {}
  } catch (error) {
    if (isUserError(error)) return {}
    throw error
  }
}

/** The contents of the runs table, in a form that transfers thousands of rows quickly. */
export const table = {
  /** The rows as one text (`contract/run-table.ts`), with the sequence number of the last change that they include. */
  table: procedure.query(({ ctx: { ports } }) => ({ rows: ports.runs.packed(), seq: ports.journal.last() })),

  /** Configurations of these runs, or of all runs, as the JSON of a `ConfigTable`. The configuration of a run never changes. */
  configs: procedure
    .input(z.strictObject({ ids: z.array(RunIdSchema).max(10_000).optional() }))
    .query(async ({ ctx: { ports }, input: { ids } }) => {
      const { runs } = ports
      const builder = new ConfigTableBuilder()
      if (ids)
        for (const id of ids) {
          const record = runs.record(id)
          if (record) builder.add(id, known(record.config, record.environment.logged))
        }
      else
        for (let page = runs.configsAfter(0, PAGE); page.length > 0; page = runs.configsAfter(page.at(-1)?.number ?? Infinity, PAGE)) {
          for (const { id, config, logged } of page) builder.add(id, known(config, logged))
          await setImmediate()
        }
      return { columns: JSON.stringify(builder.table()) }
    }),
}
