import type { z } from 'zod'
import type { Named, NamedStore } from '../experiments/ports.js'
import type { Database } from './database.js'
import type { comparisons } from './schema.js'

type Row = typeof comparisons.$inferSelect

/** Views that were given a name, in a table of their own; what they show is kept as JSON, whose missing keys have their defaults. */
export function createNamedStore<View>(db: Database, table: 'comparisons' | 'run_views', schema: z.ZodType<View>): NamedStore<View> {
  const list = db.prepare<Row>(`SELECT * FROM ${table} ORDER BY name, createdAt`)
  const get = db.prepare<Row>(`SELECT * FROM ${table} WHERE id = ?`)
  const put = db.prepare(`INSERT OR REPLACE INTO ${table} (id, name, createdAt, updatedAt, view) VALUES (?, ?, ?, ?, ?)`)
  const remove = db.prepare(`DELETE FROM ${table} WHERE id = ?`)
  const parse = (row: Row): Named<View> => ({ ...row, view: schema.parse(JSON.parse(row.view)) })
  return {
    list: () => list.all().map(parse),
    get(id) {
      const row = get.get(id)
      return row && parse(row)
    },
    put: ({ id, name, createdAt, updatedAt, view }) => void put.run(id, name, createdAt, updatedAt, JSON.stringify(view)),
    remove: (id) => void remove.run(id),
  }
}
