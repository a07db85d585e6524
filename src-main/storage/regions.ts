import { toBase64 } from '../contract/base64.js'
import { KEPT_REGIONS, type Regions } from '../contract/regions.js'
import type { RegionStore } from '../features/runs/region-store.js'
import type { Database } from './database.js'
import type { RowOf } from './tables.js'
import { everySecond } from './thin.js'

type Row = RowOf<'regions'>

const toRegions = ({ extent, predicted, ...row }: Row): Regions => ({
  ...row,
  extent: JSON.parse(extent) as Regions['extent'],
  predicted: toBase64(predicted),
})

export function createRegionStore(db: Database): RegionStore {
  const put = db.prepare('INSERT OR REPLACE INTO regions (runId, step, size, extent, predicted) VALUES (?, ?, ?, ?, ?)')
  const list = db.prepare<Row>('SELECT * FROM regions WHERE runId = ? ORDER BY step')
  const count = db.prepare<{ count: number }>('SELECT count(*) AS count FROM regions WHERE runId = ?')
  const thin = db.prepare(everySecond('regions'))
  const truncate = db.prepare('DELETE FROM regions WHERE runId = ? AND step > ?')
  return {
    put({ runId, step, size, extent, predicted }) {
      put.run(runId, step, size, JSON.stringify(extent), Buffer.from(predicted, 'base64'))
      if (count.get(runId)!.count > KEPT_REGIONS) thin.run(runId, runId)
    },
    list: (runId) => list.all(runId).map(toRegions),
    truncateAfter: (runId, step) => void truncate.run(runId, step),
  }
}
