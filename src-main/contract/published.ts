import type { RunConfig } from './config.js'
import { sameContent } from './dataset-content.js'
import type { Dataset } from './datasets.js'
import type { RunStatus } from './runs.js'
import published from './published.json'

/** Results of the paper, with their origin. */
export { published }

const count = (value: number): string => value.toLocaleString('en-US')
const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)}%`

type Benchmark = (typeof published.datasets)[number]

/** What decides whether published results can be compared with those of a run. */
export interface PublishedSubject {
  name: string
  status: RunStatus
  /** Number of steps that it has been trained for. */
  step: number
  /** Name of its data set. */
  dataset: string
  /** null if it was imported without one. */
  config: Pick<RunConfig, 'arch' | 'stages' | 'batch' | 'subset' | 'validation'> | null
  /** Hash of the data that it was trained on; null if it was not recorded. */
  datasetHash: string | null
}

/** Maximum difference between the known mean of a channel, which is rounded, and a measured one. */
const SAME_MEAN = 0.001

/** The paper's data set that a data set may be, identified by the format that it was read from, because anyone can choose its name. */
const formatOf = (dataset: Dataset): Benchmark | null => published.datasets.find(({ id }) => id === dataset.format) ?? null

/**
 * Why a data set is not one with published results; null if it is: it was read in that data set's own format, has all training and test
 * images, and the channel means of its training images are the known ones.
 */
function whyOtherContent(dataset: Dataset): string | null {
  const benchmark = formatOf(dataset)
  if (!benchmark) return `it was trained on ${dataset.name}; results are published for ${BENCHMARKS}`
  const { title, train, test, channelMean } = benchmark
  const { counts } = dataset
  if (counts.train !== train || counts.test !== test)
    return `${dataset.name} has ${count(counts.train)} training and ${count(counts.test)} test images, ${title} ${count(train)} and ${count(test)}`
  if (channelMean.some((mean, i) => !(Math.abs(mean - (dataset.channelMean[i] ?? NaN)) <= SAME_MEAN)))
    return `the images of ${dataset.name} are not those of ${title}: their channel means differ`
  return null
}
const BENCHMARKS = published.datasets.map(({ title }) => title).join(', ').replace(/, ([^,]*)$/, ' and $1') // prettier-ignore

/**
 * Why published results cannot be compared with those of a run, as the rest of a sentence about it; null if they can: it was trained to its
 * end on all training images of the data set, at least as long as the published networks.
 * @param dataset the one with the same content in this home, otherwise the one with its name, if any
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
  if (config.subset < 1) return `it was trained on ${percent(config.subset)} of the training images, the published networks on all of them`
  if (config.validation > 0)
    return `${percent(config.validation)} of the training images were held out for validation; the published networks were trained on all of them`
  if (status !== 'finished') return 'it has not finished'
  const [seen, least] = [step * config.batch, formatOf(dataset)!.trainedImages]
  if (seen < least) return `it has seen ${count(seen)} training images (with repetition), the published networks at least ${count(least)}`
  return null
}

/** The paper's name of a network with these units, which is the same with and without batch norm. */
export const publishedName = (config: Pick<RunConfig, 'arch' | 'stages'> | null): string | undefined =>
  published.networks.find(
    ({ arch, stages }) =>
      arch === config?.arch &&
      stages.length === config.stages.length &&
      config.stages.every(({ channels, units }, i) => channels === stages[i]![0] && units === stages[i]![1]),
  )?.name

/** The published test accuracy of a network on a data set; null if there is none. @param dataset its format */
export const publishedAccuracy = (network: string | undefined, dataset: string): number | null =>
  published.figures.find((figure) => figure.network === network && figure.dataset === dataset)?.accuracy ?? null
