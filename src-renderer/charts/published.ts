import type { Dataset } from '../../src-main/contract/datasets.js'
import { sameContent } from '../../src-main/contract/dataset-content.js'
import { published, publishedName, whyNotComparable, type PublishedSubject } from '../../src-main/contract/published.js'
import { hasConfiguration, type RunDetail, type RunSummary } from '../../src-main/contract/runs.js'
import type { ReferenceLine } from './chart-model.js'
import { formatPercent } from '../ui/format.js'

export const PUBLISHED_ORIGIN = published.origin

/** The properties of a run that decide; its row is newer than its details. */
export function publishedSubject(row: RunSummary, { config, environment }: RunDetail): PublishedSubject {
  const { name, status, step, dataset } = row
  return { name, status, step, dataset, config: hasConfiguration(row) ? config : null, datasetHash: environment.datasetHash }
}

/** The published results in a chart: lines, and the runs that they cannot be compared with, by reason. */
export interface PublishedView {
  lines: ReferenceLine[]
  notes: { why: string; runs: string[] }[]
}
export const NO_PUBLISHED: PublishedView = { lines: [], notes: [] }

/** The metric for which there are published results. */
export const PUBLISHED_METRIC = published.metric

/**
 * The published results of a metric that apply to the runs of a chart. If any of them are for networks of the comparable runs (by dynamics
 * and stages), only those are drawn, otherwise those of all networks. They are drawn if all runs of the chart use the same data set,
 * because a line spans all of them, and at least one run is comparable.
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

/** The data set of this home with the content that the run was trained on. */
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
