import { SHARED } from '../quantities.js'

const quantity = (label: string, unit: string, formula: string) => ({ label, symbol: '', unit, formula, source: 'Retrace' })
/** What a fair comparison reports. */
export const FAIR = {
  network: quantity('Network', '', 'Architecture of the cell'),
  learningRate: quantity('Learning rate', '', 'At the start of the schedule; every network gets the same candidates'),
  seed: SHARED.seed,
  state: SHARED.state,
  validation: quantity(
    'Validation accuracy',
    'fraction',
    'Best of all evaluations on the validation split, the mean over the seeds that finished',
  ),
  accuracy: quantity('Test accuracy', 'fraction', 'At the learning rate that is best on the validation split; the mean over the seeds'),
  deviation: SHARED.deviation,
  finished: SHARED.finished,
  failed: SHARED.failed,
  seconds: SHARED.seconds,
  parameters: SHARED.parameters,
  mismatch: quantity(
    'Parameters over those of the other',
    'relative',
    'Of the matched network over those of the preset, minus 1: what whole units leave over',
  ),
  units: quantity('Units', 'units', 'Units of all stages'),
  stepSeconds: quantity(
    'Time of a training step',
    's',
    'Median of the timed steps in a fresh process, at the batch and image size of the runs, on made-up images',
  ),
  timeRatio: quantity('Time of a step over that of the preset', '', 'Of the matched architecture in this size'),
  timeMismatch: quantity(
    'Time of a step over that of the other',
    'relative',
    'Measured of the matched network over that of the preset, minus 1: what whole units leave over',
  ),
  difference: quantity(
    'Difference of test accuracies',
    'fraction',
    'Of the preset minus the matched network, each at its own learning rate',
  ),
  property: quantity('Property', '', 'What still differs between the networks'),
  own: quantity('Preset', '', 'Its value for the network of the preset'),
  other: quantity('Matched network', '', 'Its value for the network that is matched to it'),
} as const
