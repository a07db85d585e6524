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

/** Quantities that several templates report. Each template picks the ones that it uses. */
export const SHARED = {
  network: quantity('Network', '', 'Preset of the cell'),
  dataset: quantity('Data set', '', 'Data set of the cell'),
  seed: quantity('Seed', '', 'Seed of the initial weights, batch order and augmentation'),
  images: quantity(
    'Training images',
    'images',
    'Number of training images used, stratified by class; with the same seed, smaller sets are contained in larger ones',
  ),
  variant: quantity('Variant', '', 'Network, and what distinguishes it within the study'),
  state: quantity('State', '', 'State of the cell'),
  ended: quantity(
    'Ended without a result',
    '',
    'Whether a run of the cell failed or diverged (“failed” if both occurred); heat maps hatch such cells',
  ),
  accuracy: quantity(
    'Test accuracy',
    'fraction',
    'Fraction of all test images classified correctly after the last step; mean over the finished seeds',
    OURS,
  ),
  deviation: quantity('Standard deviation over seeds', 'fraction', 'Sample standard deviation (n - 1) of the test accuracy over the seeds'),
  low: quantity('Mean − deviation', 'fraction', 'Mean minus standard deviation over seeds'),
  high: quantity('Mean + deviation', 'fraction', 'Mean plus standard deviation over seeds'),
  binomialLow: quantity(
    '95% interval, lower end',
    'fraction',
    'Wilson score interval for one test accuracy equal to the mean; its width follows from the number of test images',
    'Wilson 1927',
  ),
  binomialHigh: quantity('95% interval, upper end', 'fraction', 'Same as the lower end', 'Wilson 1927'),
  finished: quantity('Seeds finished', 'runs', 'Number of runs in the mean'),
  failed: quantity('Failed or diverged', 'runs', 'Number of runs that ended without a result; means exclude them'),
  steps: quantity('Steps', 'steps', 'Length of the run'),
  parameters: quantity('Parameters', '', 'Number of trained parameters'),
  memory: quantity(`${MEMORY.process.label}, peak`, 'MiB', 'Largest recorded resident set of the trainer; maximum over the seeds'),
  seconds: quantity('Time', 's', 'Time that the process worked on the cell; mean over the seeds'),
  published: quantity(
    'Test accuracy, published',
    'fraction',
    'As printed in the paper; the notes list the differences',
    'Chang et al. 2018',
  ),
} as const satisfies Record<string, Quantity>

const { state, accuracy, deviation, low, high, binomialLow, binomialHigh, finished, failed, parameters } = SHARED

/** Quantities that a study of test accuracies over seeds reports for its cells, in the order of its table. */
export const ACCURACIES = { state, accuracy, deviation, low, high, binomialLow, binomialHigh, finished, failed, parameters } as const
