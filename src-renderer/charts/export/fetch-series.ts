import { MAX_STRETCH, unpackPoints, type Points } from '../../../src-main/contract/metrics.js'
import type { Connection } from '../../home/api.js'

/** Every stored point of a series, however many of them the page has loaded. */
export async function fetchSeries(client: Connection['client'], id: string, key: string): Promise<Points> {
  const parts: Points[] = []
  for (let start = 0; ; start += MAX_STRETCH) {
    const { points } = await client.runs.stretch.query({ id, key, start, limit: MAX_STRETCH })
    parts.push(unpackPoints(points))
    if (points.count < MAX_STRETCH) break
  }
  const joined = (field: keyof Points): Float64Array => {
    const all = new Float64Array(parts.reduce((sum, part) => sum + part[field].length, 0))
    let at = 0
    for (const part of parts) {
      all.set(part[field], at)
      at += part[field].length
    }
    return all
  }
  return { steps: joined('steps'), values: joined('values'), times: joined('times') }
}
