import { ComparisonViewSchema, type Comparison } from '../contract/comparisons.js'
import type { ComparisonStore } from '../experiments/ports.js'
import type { Database } from './database.js'
import type { comparisons } from './schema.js'

type Row = typeof comparisons.$inferSelect

/** Named comparisons; what they show is kept as JSON, whose missing keys have their defaults. */
export function createComparisonStore(db: Database): ComparisonStore {
  const list = db.prepare<Row>('SELECT * FROM comparisons ORDER BY name, createdAt')
  const get = db.prepare<Row>('SELECT * FROM comparisons WHERE id = ?')
  const put = db.prepare('INSERT OR REPLACE INTO comparisons (id, name, createdAt, updatedAt, view) VALUES (?, ?, ?, ?, ?)')
  const remove = db.prepare('DELETE FROM comparisons WHERE id = ?')
  const parse = (row: Row): Comparison => ({ ...row, view: ComparisonViewSchema.parse(JSON.parse(row.view)) })
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
