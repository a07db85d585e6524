import type { GlossaryEntry } from './glossary-entry.js'

/** Terms of comparisons and of the statistics in charts and tables. */
export const STATISTICS_TERMS: readonly GlossaryEntry[] = [
  {
    term: 'Band',
    definition:
      'The shaded area around the line of a group: standard deviation, standard error, 95% interval, or range of its runs at each step.',
    see: ['Group', 'Interval', 'Standard deviation', 'Standard error'],
  },
  {
    term: 'Baseline',
    definition:
      'The run, or the group that contains it, that other runs are compared with; tables show differences to it. At most one run of a home is the baseline. ResNet and RevNet are also called baselines, because reversible networks are compared with them.',
    see: ['Comparison'],
  },
  {
    term: 'Comparison',
    definition:
      'A page that shows several runs together: charts, results, configurations and hyperparameters. It can be saved under a name.',
    see: ['Baseline', 'Group'],
  },
  {
    term: 'Dagger',
    symbol: '†',
    definition: 'Marks a result to which at least one run contributes whose gradients are not trustworthy.',
    see: ['Gradient error'],
  },
  {
    term: 'Group',
    symbol: 'n',
    definition: 'Runs whose configurations differ only in the seed, shown as one line or row with n runs.',
    see: ['Band', 'Seed'],
  },
  {
    term: 'Interval',
    names: ['Confidence interval', '95% interval'],
    definition:
      'A 95% confidence interval. For a group it describes the mean over seeds (Student t); for the accuracy of a single run it describes the uncertainty from the finite number of images (Wilson score). The two do not include each other.',
    formula: 'group: mean ± t(0.975, n - 1) s / sqrt(n)',
    good: 'Intervals that do not overlap: the difference is unlikely to be chance.',
    source: 'Wilson 1927; Brown, Cai and DasGupta 2001',
    see: ['Group', 'Standard error', 'Test accuracy'],
  },
  {
    term: 'Standard deviation',
    names: ['std'],
    symbol: 's',
    definition: 'Sample standard deviation over the runs of a group.',
    formula: 'sqrt(sum (x - mean)^2 / (n - 1))',
    good: 'Small against the difference between the groups that are compared.',
    see: ['Band', 'Group'],
  },
  {
    term: 'Standard error',
    definition: 'Standard error of the mean over the runs of a group.',
    formula: 's / sqrt(n)',
    good: 'Small against the difference between the groups that are compared; it falls with the number of seeds.',
    see: ['Interval', 'Standard deviation'],
  },
  {
    term: 'Confusion matrix',
    names: ['Confusions', 'Recall and precision by class', 'Accuracy by class'],
    definition: 'How many test images of each class (rows) were classified as each class (columns), with the weights of a checkpoint.',
    good: 'Everything on the diagonal; a bright cell beside it names two classes that are mistaken for each other.',
    see: ['Test accuracy'],
  },
  {
    term: 'Histogram',
    names: ['Distributions'],
    definition: 'How the values of weights, gradients or activations of each unit are distributed, at steps of a run.',
    good: 'Similar widths over depth; gradients whose width shrinks or grows from unit to unit vanish or explode.',
    source: 'configuration key histograms',
    see: ['Gradient norm', 'Unit'],
  },
  {
    term: 'Smoothing',
    definition:
      'Exponential moving average of a series in a chart, corrected for its start; the values as recorded stay in exports. Only the drawing is smoothed.',
    formula: 'm <- w m + (1 - w) x, shown as m / (1 - w^n)',
    good: 'Off where single steps matter; spikes disappear in it.',
    source: 'docs/charts.md',
    see: ['Step'],
  },
]
