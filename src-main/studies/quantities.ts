import { MEMORY } from '../contract/memory.js'
import type { Quantity } from '../contract/lab.js'

const OURS = 'Retrace'

const quantity = (label: string, unit: string, formula: string, source = OURS, symbol = ''): Quantity => ({
  label,
  symbol,
  unit,
  formula,
  source,
})

/** Quantities that several templates report, defined once. A template takes those that it uses. */
export const SHARED = {
  network: quantity('Network', '', 'Preset of the cell'),
  dataset: quantity('Data set', '', 'Data set of the cell'),
  seed: quantity('Seed', '', 'Seed of initial weights, order of batches and augmentation'),
  images: quantity(
    'Training images',
    'images',
    'Number of training images used, stratified by class; with the same seed, smaller sets are contained in larger ones',
  ),
  variant: quantity('Variant', '', 'Network and what distinguishes it within the study'),
  state: quantity('State', '', 'State of the cell'),
  ended: quantity(
    'Ended without a result',
    '',
    'Whether a run of the cell diverged or failed, of both the latter; such cells are hatched in heat maps',
  ),
  accuracy: quantity(
    'Test accuracy',
    'fraction',
    'Fraction of all test images classified correctly after the last step; the mean over the seeds that finished',
    OURS,
  ),
  deviation: quantity('Standard deviation over seeds', 'fraction', 'Sample standard deviation (n - 1) of the test accuracy over the seeds'),
  low: quantity('Mean − deviation', 'fraction', 'Mean minus standard deviation over seeds'),
  high: quantity('Mean + deviation', 'fraction', 'Mean plus standard deviation over seeds'),
  binomialLow: quantity(
    '95% interval, lower end',
    'fraction',
    'Wilson score interval of one test accuracy at the mean: what the number of test images allows',
    'Wilson 1927',
  ),
  binomialHigh: quantity('95% interval, upper end', 'fraction', 'As the lower end', 'Wilson 1927'),
  finished: quantity('Seeds finished', 'runs', 'Number of runs that the mean is taken over'),
  failed: quantity('Failed or diverged', 'runs', 'Number of runs that ended without a result; they are in no mean'),
  steps: quantity('Steps', 'steps', 'Length of the run'),
  parameters: quantity('Parameters', '', 'Number of trained parameters'),
  memory: quantity(
    `${MEMORY.process.label}, peak`,
    'MiB',
    'Largest resident set of the trainer that was recorded; the largest over the seeds',
  ),
  seconds: quantity('Time', 's', 'Time that the process worked on the cell; the mean over the seeds'),
  published: quantity(
    'Test accuracy, published',
    'fraction',
    'As printed in the paper; see the notes for what differs',
    'Chang et al. 2018',
  ),
} as const satisfies Record<string, Quantity>

const { state, accuracy, deviation, low, high, binomialLow, binomialHigh, finished, failed, parameters } = SHARED

/** What a study of test accuracies over seeds reports of its cells, in the order of its table. */
export const ACCURACIES = { state, accuracy, deviation, low, high, binomialLow, binomialHigh, finished, failed, parameters } as const
