import type { ReferenceLine } from '../charts/chart-model.js'
import { formatPercent } from '../format.js'
import published from './published.json'

export const PUBLISHED_ORIGIN = published.origin

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/**
 * The published figures of a metric that belong to what is compared: those of the same data set, and of the networks that the
 * presets are named after where any is; otherwise of all networks.
 */
export function publishedLines(metric: string, runs: readonly { dataset: string; preset: string }[]): ReferenceLine[] {
  if (metric !== published.metric) return []
  const datasets = new Set(runs.map(({ dataset }) => plain(dataset)))
  const presets = new Set(runs.map(({ preset }) => plain(preset)))
  const here = published.figures.filter(({ dataset }) => datasets.has(plain(dataset)))
  const named = here.filter(({ network }) => presets.has(plain(network)))
  return (named.length > 0 ? named : here).map(({ network, dataset, accuracy }) => ({
    value: accuracy,
    label: `${network}, ${dataset.toUpperCase()}: ${formatPercent(accuracy)} (Chang et al. 2018)`,
    kind: 'published',
  }))
}
