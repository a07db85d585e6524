import type { Dataset } from '../../src-main/contract/datasets.js'
import { sameContent } from '../../src-main/contract/dataset-content.js'
import { published, publishedName, whyNotComparable, type PublishedSubject } from '../../src-main/contract/published.js'
import { hasConfiguration, type RunDetail, type RunSummary } from '../../src-main/contract/runs.js'
import type { ReferenceLine } from './chart-model.js'
import { formatPercent } from '../ui/format.js'

export const PUBLISHED_ORIGIN = published.origin

/** What of a run decides; its row is newer than its detail. */
export function publishedSubject(row: RunSummary, { config, environment }: RunDetail): PublishedSubject {
  const { name, status, step, dataset } = row
  return { name, status, step, dataset, config: hasConfiguration(row) ? config : null, datasetHash: environment.datasetHash }
}

/** What a chart says of published figures: lines, and the runs that they are not to be compared with, by the reason. */
export interface PublishedView {
  lines: ReferenceLine[]
  notes: { why: string; runs: string[] }[]
}
export const NO_PUBLISHED: PublishedView = { lines: [], notes: [] }

/** The metric that figures are published of. */
export const PUBLISHED_METRIC = published.metric

/**
 * The published figures of a metric that belong to the runs of a chart: of the networks that comparable runs have, by their
 * dynamics and stages, where any is one of them, otherwise of all networks. They are drawn where all runs of the chart are on one data set,
 * since a line goes across all of them, and at least one is comparable.
 * @param datasets the data sets of this home by name
 */
export function publishedView(metric: string, runs: readonly PublishedSubject[], datasets: ReadonlyMap<string, Dataset>): PublishedView {
  if (metric !== published.metric) return NO_PUBLISHED
  const notes = new Map<string, string[]>()
  const comparable: { network: string | undefined; id: string }[] = []
  for (const run of runs) {
    const dataset = contentOf(run, datasets) ?? datasets.get(run.dataset)
    const why = whyNotComparable(run, dataset)
    if (why !== null) notes.set(why, [...(notes.get(why) ?? []), run.name])
    else if (dataset) comparable.push({ network: publishedName(run.config), id: dataset.format })
  }
  const sets = new Set(runs.map((run) => contentOf(run, datasets)?.hash ?? run.datasetHash ?? run.dataset))
  if (sets.size > 1 && comparable.length > 0) {
    const why = 'the runs in this chart are on different data sets'
    return { lines: [], notes: [{ why, runs: [] }, ...listed(notes)] }
  }
  return { lines: comparable.length > 0 ? linesOf(comparable) : [], notes: listed(notes) }
}

/** The data set of this home that has what a run was trained on. */
const contentOf = ({ datasetHash }: PublishedSubject, datasets: ReadonlyMap<string, Dataset>): Dataset | undefined =>
  datasetHash === null ? undefined : [...datasets.values()].find((dataset) => sameContent(dataset, datasetHash))

const listed = (notes: ReadonlyMap<string, string[]>): PublishedView['notes'] => [...notes].map(([why, runs]) => ({ why, runs }))

function linesOf(runs: readonly { network: string | undefined; id: string }[]): ReferenceLine[] {
  const benchmark = published.datasets.find(({ id }) => id === runs[0]?.id)
  const here = published.figures.filter(({ dataset }) => dataset === benchmark?.id)
  const named = here.filter((figure) => runs.some(({ network }) => network === figure.network))
  return (named.length > 0 ? named : here).map(({ network, accuracy }) => ({
    value: accuracy,
    label: `${network}, ${benchmark?.title}: ${formatPercent(accuracy)} (Chang et al. 2018)`,
    kind: 'published',
  }))
}
