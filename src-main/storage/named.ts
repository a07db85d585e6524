import type { z } from 'zod'
import type { Database } from './database.js'
import type { Named, NamedStore } from '../features/comparisons/named.js'
import type { RowOf } from './tables.js'

type Row = RowOf<'comparisons'>

/** Saved views in a table of their own; their content is stored as JSON, in which missing keys have their defaults. */
export function createNamedStore<View>(
  db: Database,
  table: 'comparisons' | 'run_views' | 'projects',
  schema: z.ZodType<View>,
): NamedStore<View> {
  const list = db.prepare<Row>(`SELECT * FROM ${table} WHERE removedAt IS NULL ORDER BY name, rowid`)
  const get = db.prepare<Row>(`SELECT * FROM ${table} WHERE removedAt IS NULL AND id = ?`)
  const put = db.prepare(`INSERT OR REPLACE INTO ${table} (id, name, createdAt, updatedAt, view) VALUES (?, ?, ?, ?, ?)`)
  const setRemoved = db.prepare(`UPDATE ${table} SET removedAt = ?, removedAfter = ? WHERE id = ?`)
  const removed = db.prepare<Row>(`SELECT * FROM ${table} WHERE removedAt IS NOT NULL ORDER BY removedAfter DESC, rowid DESC`)
  const remove = db.prepare(`DELETE FROM ${table} WHERE id = ?`)
  const parse = ({ id, name, createdAt, updatedAt, view }: Row): Named<View> => ({
    id,
    name,
    createdAt,
    updatedAt,
    view: schema.parse(JSON.parse(view)),
  })
  return {
    list: () => list.all().map(parse),
    get(id) {
      const row = get.get(id)
      return row && parse(row)
    },
    put: ({ id, name, createdAt, updatedAt, view }) => void put.run(id, name, createdAt, updatedAt, JSON.stringify(view)),
    setRemoved: (id, removal) => void setRemoved.run(removal?.at ?? null, removal?.after ?? null, id),
    removed: () =>
      removed.all().map((row) => ({ named: parse(row), removal: { at: Number(row.removedAt), after: Number(row.removedAfter) } })),
    remove: (id) => void remove.run(id),
  }
}
