import { z } from 'zod'
import { field } from '../../contract/config.js'
import { DISTRIBUTION_KINDS, DISTRIBUTIONS } from '../../contract/histograms.js'
import { statisticsOption } from '../../contract/instruments.js'
import { defineDiagnostic } from '../diagnostic.js'
import { imagesOption } from '../frozen.js'
import { PLACES } from '../places.js'
import { distributionsOf } from '../unit-distributions.js'

const BATCH = 'For the given images'

const quantities = {
  ...PLACES,
  value: {
    label: 'Value',
    symbol: 'x',
    unit: '',
    formula: 'Centre of a bin; values beyond the outermost bins are counted in those',
    source: 'Definition',
  },
  share: {
    label: 'Share of the values',
    symbol: '',
    unit: '',
    formula: 'Values of a unit in the bin divided by all values of the unit',
    source: 'Definition',
  },
  mean: { label: 'Mean', symbol: '', unit: '', formula: 'Σ x / n over all values of the unit', source: 'Definition' },
  deviation: {
    label: 'Standard deviation',
    symbol: '',
    unit: '',
    formula: '√(Σ (x - mean)² / n) over all values of the unit',
    source: 'Definition',
  },
  kind: {
    label: 'Distributed quantity',
    symbol: '',
    unit: '',
    formula:
      'weights: kernels and biases of a unit; gradients: of the mean cross-entropy with respect to them, stored backpropagation; activations: both parts of the state that enters the unit',
    source: BATCH,
  },
} as const

export const distributions = defineDiagnostic({
  id: 'distributions',
  title: 'Distributions',
  section: 'stability',
  rank: 6,
  question: 'How are weights, gradients and activations distributed in each unit?',
  limits:
    'Histograms of one checkpoint; the configuration key `histograms` collects them over training. Histograms of all units share their bins, so that values much smaller than those of the largest unit fall into one bin.',
  quantities,
  options: {
    weights: field(z.boolean().default(true), { group: 'Evaluation', label: 'Weights', help: 'Histograms of kernels and biases.' }),
    gradients: field(z.boolean().default(true), {
      group: 'Evaluation',
      label: 'Gradients',
      help: 'Histograms of the gradients of the cross-entropy without penalties. Takes one forward and backward pass.',
    }),
    activations: field(z.boolean().default(true), {
      group: 'Evaluation',
      label: 'Activations',
      help: 'Histograms of the states that enter the units. Takes two forward passes.',
    }),
    bins: field(z.int().min(5).max(200).default(41), {
      group: 'Evaluation',
      label: 'Bins',
      unit: 'bins',
      help: 'Number of bins of equal width, centred at zero.',
    }),
    images: imagesOption(32, 256, 'Number of training images for gradients and activations.'),
    statistics: statisticsOption,
  },
  work: (_target, { gradients, activations, images }) => ({ passes: (gradients ? 3 : 0) + (activations ? 2 : 0), images }),
  refuse: ({ network }, { weights, gradients, activations }) => {
    if (!network.stages.some(({ units }) => units > 0)) return 'This network has no units.'
    return weights || gradients || activations ? null : 'Choose weights, gradients or activations.'
  },
  async *run(context, findings) {
    const { options, config } = context
    const kinds = DISTRIBUTION_KINDS.filter((kind) => options[kind])
    const subject = { ...context, loss: { mode: 'stored' as const, labelSmoothing: config.labelSmoothing } }
    for (const { kind, units } of yield* distributionsOf(subject, kinds, findings)) {
      const title = DISTRIBUTIONS[kind]
      findings.table(`${kind}Summary`, `${title}: mean and deviation`, {
        depth: units.map(({ depth }) => depth),
        stage: units.map(({ stage }) => stage),
        unit: units.map(({ unit }) => unit),
        mean: units.map(({ mean }) => mean),
        deviation: units.map(({ deviation }) => deviation),
      })
      findings.table(kind, `${title}: histograms`, {
        depth: units.flatMap(({ depth }) => Array<number>(options.bins).fill(depth)),
        value: units.flatMap(({ centres }) => centres),
        share: units.flatMap(({ shares }) => shares),
      })
      findings.heatmap({ title: `${title} by unit`, table: kind, x: 'depth', y: 'value', value: 'share' })
      findings.line({
        title: `${title}: standard deviation over depth`,
        table: `${kind}Summary`,
        x: 'depth',
        y: ['deviation'],
        by: null,
        logY: true,
        marks: [],
      })
    }
  },
})
