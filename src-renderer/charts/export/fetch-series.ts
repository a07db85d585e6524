import { MAX_STRETCH, unpackPoints, type Points } from '../../../src-main/contract/metrics.js'
import type { ExportedSeries } from '../../../src-main/contract/points-csv.js'
import type { Connection } from '../../home/api.js'
import { storedFormula } from '../formulas/formula.js'
import { formulaOf } from '../formulas/key.js'

/** Every stored point of a series, however much of it the page has loaded. A formula is computed from every point of its metrics. */
export async function fetchSeries(client: Connection['client'], id: string, key: string): Promise<Points> {
  const text = formulaOf(key)
  if (text === null) return fetchMetric(client, id, key)
  const formula = storedFormula(text)
  if (!formula) throw new Error(`the formula ${text} cannot be read`)
  const found = new Map(await Promise.all(formula.metrics.map(async (metric) => [metric, await fetchMetric(client, id, metric)] as const)))
  return formula.points((metric) => found.get(metric)!)
}

async function fetchMetric(client: Connection['client'], id: string, key: string): Promise<Points> {
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

/** The series of a chart with all points. A formula's series is named by the formula as it was written. */
export const fetchExported = (
  client: Connection['client'],
  series: readonly { runId: string; run: string; key: string }[],
): Promise<ExportedSeries[]> =>
  Promise.all(
    series.map(async (one) => ({ ...one, key: formulaOf(one.key) ?? one.key, points: await fetchSeries(client, one.runId, one.key) })),
  )
