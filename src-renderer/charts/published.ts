import type { RunConfig } from '../../src-main/contract/config.js'
import { sameContent } from '../../src-main/contract/dataset-content.js'
import type { Dataset } from '../../src-main/contract/datasets.js'
import { hasConfiguration, type RunDetail, type RunStatus, type RunSummary } from '../../src-main/contract/runs.js'
import type { ReferenceLine } from './chart-model.js'
import { formatCount, formatPercent } from '../ui/format.js'
import published from './published.json'

export const PUBLISHED_ORIGIN = published.origin

type Benchmark = (typeof published.datasets)[number]

/** What decides whether published figures can stand beside a run's. */
export interface PublishedSubject {
  name: string
  status: RunStatus
  /** Steps that it has been trained for. */
  step: number
  /** Name of its data set. */
  dataset: string
  /** null where it was imported without one. */
  config: Pick<RunConfig, 'arch' | 'stages' | 'batch' | 'subset' | 'validation'> | null
  /** Of the content that it was trained on; null where it was not recorded. */
  datasetHash: string | null
}

/** What of a run decides; its row is newer than its detail. */
export function publishedSubject(row: RunSummary, { config, environment }: RunDetail): PublishedSubject {
  const { name, status, step, dataset } = row
  return { name, status, step, dataset, config: hasConfiguration(row) ? config : null, datasetHash: environment.datasetHash }
}

/** What rounding leaves between the known mean of a channel and a measured one. */
const SAME_MEAN = 0.001

/** Which data set of the paper a content may be, by the format that it was read as: names are anyone's. */
const formatOf = (dataset: Dataset): Benchmark | null => published.datasets.find(({ id }) => id === dataset.format) ?? null

/**
 * Why a data set is not one that figures are published for; null where it is: it was read in that data set's own format, has all
 * training and test images, and the channel means of its training images are the known ones.
 */
function whyOtherContent(dataset: Dataset): string | null {
  const benchmark = formatOf(dataset)
  if (!benchmark) return `it was trained on ${dataset.name}; results are published for ${BENCHMARKS}`
  const { title, train, test, channelMean } = benchmark
  const { counts } = dataset
  if (counts.train !== train || counts.test !== test)
    return `${dataset.name} has ${formatCount(counts.train)} training and ${formatCount(counts.test)} test images, ${title} ${formatCount(train)} and ${formatCount(test)}`
  if (channelMean.some((mean, i) => !(Math.abs(mean - (dataset.channelMean[i] ?? NaN)) <= SAME_MEAN)))
    return `the images of ${dataset.name} are not those of ${title}: their channel means differ`
  return null
}
const BENCHMARKS = published.datasets.map(({ title }) => title).join(', ').replace(/, ([^,]*)$/, ' and $1') // prettier-ignore

/**
 * Why published figures cannot stand beside those of a run, as the rest of a sentence about it; null where they can: it was trained to
 * its end on all training images of the data set, at least as long as the published networks.
 * @param dataset of its content in this home, else of its name, if there is one
 */
export function whyNotComparable(run: PublishedSubject, dataset: Dataset | undefined): string | null {
  if (!dataset) return `its data set ${run.dataset} is not in this home, so its content is unknown`
  const content = whyOtherContent(dataset)
  if (content) return content
  if (run.datasetHash === null || !sameContent(dataset, run.datasetHash))
    return run.datasetHash === null
      ? `the content it was trained on was not recorded`
      : `the content of ${dataset.name} has changed since it was trained`
  const { config, status, step } = run
  if (!config) return 'it was imported without its configuration'
  if (config.subset < 1)
    return `it was trained on ${formatPercent(config.subset)} of the training images, the published networks on all of them`
  if (config.validation > 0)
    return `${formatPercent(config.validation)} of the training images were held out for validation; the published networks were trained on all of them`
  if (status !== 'finished') return 'it has not finished'
  const [seen, least] = [step * config.batch, formatOf(dataset)!.trainedImages]
  if (seen < least)
    return `it has seen ${formatCount(seen)} training images (with repetition), the published networks at least ${formatCount(least)}`
  return null
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
    else if (dataset) comparable.push({ network: nameOf(run), id: dataset.format })
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

/** What the paper calls a network of these units: with batch norm in them or without, it has the same name there. */
const nameOf = ({ config }: PublishedSubject): string | undefined =>
  published.networks.find(
    ({ arch, stages }) =>
      arch === config?.arch &&
      stages.length === config.stages.length &&
      config.stages.every(({ channels, units }, i) => channels === stages[i]![0] && units === stages[i]![1]),
  )?.name

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
