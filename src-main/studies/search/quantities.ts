import { SHARED } from '../quantities.js'

const { seed, state, finished, failed, parameters, seconds } = SHARED
/** The quantities that a search reports besides its keys. */
export const SEARCH = {
  seed,
  state,
  rank: {
    label: 'Rank',
    symbol: '',
    unit: '',
    formula: 'By the mean validation accuracy, the best first; of successive halving by the rung first',
    source: 'Retrace',
  },
  validation: {
    label: 'Validation accuracy',
    symbol: '',
    unit: 'fraction',
    formula:
      'Best of all evaluations on the validation split, the mean over the seeds that finished; of successive halving that at the step of the rung',
    source: 'Retrace',
  },
  rung: {
    label: 'Rung',
    symbol: '',
    unit: '',
    formula: 'The last rung of successive halving that was reached, the first being 1; of several seeds the lowest',
    source: 'Jamieson and Talwalkar 2016',
  },
  rungStep: {
    label: 'Compared at step',
    symbol: '',
    unit: 'steps',
    formula: 'Step of the rung, at which the validation accuracy is taken; ranks compare only what has the same',
    source: 'Retrace',
  },
  firstRung: {
    label: 'Validation accuracy at the first rung',
    symbol: '',
    unit: 'fraction',
    formula: 'On the validation split at the step of the first rung, which every run has',
    source: 'Retrace',
  },
  deviation: {
    label: 'Standard deviation over seeds',
    symbol: '',
    unit: 'fraction',
    formula: 'Sample standard deviation (n - 1) of the validation accuracy over the seeds',
    source: 'Retrace',
  },
  finished,
  failed,
  parameters,
  seconds,
  selectedTest: {
    label: 'Test accuracy of the selected configuration',
    symbol: '',
    unit: 'fraction',
    formula: 'Test accuracy of the first rank, the mean over its seeds: read once, after the selection on the validation split',
    source: 'Retrace',
  },
  computation: { label: 'Computation', symbol: '', unit: '', formula: 'What a cell without a run computes', source: 'Retrace' },
  key: { label: 'Key', symbol: '', unit: '', formula: 'Key of the configuration', source: 'Retrace' },
  importance: {
    label: 'Importance',
    symbol: '',
    unit: 'fraction',
    formula: 'Variance of the marginal means of the key over the variance of the whole grid; what is left to 1 is due to interactions',
    source: 'Exact analysis of variance: Hooker 2007; Hutter et al. 2014',
  },
  permutation: {
    label: 'Importance by permutation',
    symbol: '',
    unit: 'relative',
    formula:
      'By how much the squared error of a regression forest on runs that a tree has not seen grows when the key is permuted among them, over the variance of the validation accuracy; 0 where the key does not help to predict it',
    source: 'Breiman 2001',
  },
  permutationLow: {
    label: '95% interval, lower end',
    symbol: '',
    unit: 'relative',
    formula: 'Importance minus 1.96 standard errors, by the delete-d jackknife over 20 random halves of the runs',
    source: 'Ishwaran and Lu 2019',
  },
  permutationHigh: {
    label: '95% interval, upper end',
    symbol: '',
    unit: 'relative',
    formula: 'As the lower end',
    source: 'Ishwaran and Lu 2019',
  },
} as const
