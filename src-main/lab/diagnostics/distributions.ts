import { z } from 'zod'
import { field } from '../../contract/config.js'
import { statisticsOption } from '../../contract/instruments.js'
import { lossAndGradients } from '../../numeric/loss-and-gradients.js'
import { defineDiagnostic } from '../diagnostic.js'
import { joined } from '../flat.js'
import { batchTensors, freeze, imagesOption, walk } from '../frozen.js'
import { absoluteQuantile, histogram } from '../histogram.js'
import { PLACES } from '../places.js'
import { disposeNamed } from '../variant.js'

const BATCH = 'Of the given images'

const quantities = {
  ...PLACES,
  value: {
    label: 'Value',
    symbol: 'x',
    unit: '',
    formula: 'Middle of a bin; values beyond the outermost bins count in them',
    source: 'Definition',
  },
  share: {
    label: 'Share of the values',
    symbol: '',
    unit: '',
    formula: 'Values of a unit in the bin over all values of the unit',
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
    label: 'What is distributed',
    symbol: '',
    unit: '',
    formula:
      'weights: kernels and biases of a unit; gradients: of the mean cross-entropy with respect to them, stored backpropagation; activations: both parts of the state that enters the unit',
    source: BATCH,
  },
} as const

const KINDS = ['weights', 'gradients', 'activations'] as const
type Kind = (typeof KINDS)[number]

interface OfUnit {
  stage: number
  unit: number
  depth: number
  values: Float32Array
}

/** Values within the outermost bins. */
const COVERED = 0.999

export const distributions = defineDiagnostic({
  id: 'distributions',
  title: 'Distributions',
  section: 'stability',
  rank: 6,
  question: 'How are weights, gradients and activations distributed in each unit?',
  limits:
    'Histograms of one checkpoint; compare those of several checkpoints to see them over training. Histograms of all units share their bins, which hide what is small against the largest unit.',
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
      help: 'Histograms of the states that enter the units. Takes one forward pass.',
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
  work: (_target, { gradients, activations, images }) => ({ passes: (gradients ? 3 : 0) + (activations ? 1 : 0), images }),
  refuse: ({ network }, { weights, gradients, activations }) => {
    if (!network.stages.some(({ units }) => units > 0)) return 'This network has no units.'
    return weights || gradients || activations ? null : 'Choose weights, gradients or activations.'
  },
  async *run(context, findings) {
    const { network, params, options, data, config } = context
    const first = network.stages.map((_, index) => network.stages.slice(0, index).reduce((sum, { units }) => sum + units, 0))
    /** The values of all parameters of each unit. */
    const byUnit = (valueOf: (name: string) => Float32Array): OfUnit[] => {
      const units = new Map<string, { stage: number; unit: number; parts: Float32Array[] }>()
      for (const { name } of network.parameters) {
        const [, stage, unit] = /^stage(\d+)\/unit(\d+)\//.exec(name) ?? []
        if (stage === undefined) continue
        const key = `${stage}/${unit}`
        const known = units.get(key) ?? { stage: Number(stage), unit: Number(unit), parts: [] }
        known.parts.push(valueOf(name))
        units.set(key, known)
      }
      return [...units.values()].map(({ stage, unit, parts }) => ({
        stage,
        unit,
        depth: first[stage - 1]! + unit,
        values: joined(parts, Float32Array),
      }))
    }
    const found: Partial<Record<Kind, OfUnit[]>> = {}
    yield { message: 'reading the weights', fraction: 0 }
    if (options.weights) found.weights = byUnit((name) => params[name]!.dataSync<'float32'>())
    const frozen = options.gradients || options.activations ? freeze(context, options.images, findings) : null
    if (options.gradients && frozen) {
      yield { message: 'gradients', fraction: 0.2 }
      const batch = batchTensors(context, data.sample(options.images))
      const result = lossAndGradients({ network, params, statistics: frozen.pass.statistics }, batch, {
        mode: 'stored',
        labelSmoothing: config.labelSmoothing,
        frozen: true,
      })
      found.gradients = byUnit((name) => result.gradients[name]!.dataSync<'float32'>().slice())
      disposeNamed({ ...result.gradients, ...result.statistics, logits: result.logits, loss: result.crossEntropy })
    }
    if (options.activations && frozen) {
      yield { message: 'activations', fraction: 0.7 }
      found.activations = []
      for (const { stage, unit, pair } of walk(frozen.pass, frozen.images))
        found.activations.push({
          stage: stage + 1,
          unit: unit + 1,
          depth: first[stage]! + unit + 1,
          values: joined(
            pair.map((state) => state.dataSync<'float32'>()),
            Float32Array,
          ),
        })
    }
    for (const kind of KINDS) {
      const units = found[kind]
      if (!units?.length) continue
      const most = absoluteQuantile(
        units.map(({ values }) => thinned(values)),
        COVERED,
      )
      const each = units.map(({ values }) => histogram(values, options.bins, most))
      findings.table(`${kind}Summary`, `${TITLES[kind]}: mean and deviation`, {
        depth: units.map(({ depth }) => depth),
        stage: units.map(({ stage }) => stage),
        unit: units.map(({ unit }) => unit),
        mean: each.map(({ mean }) => mean),
        deviation: each.map(({ deviation }) => deviation),
      })
      findings.table(kind, `${TITLES[kind]}: histograms`, {
        depth: units.flatMap(({ depth }) => Array<number>(options.bins).fill(depth)),
        value: each.flatMap(({ centres }) => centres),
        share: each.flatMap(({ shares }) => shares),
      })
      findings.heatmap({ title: `${TITLES[kind]} by unit`, table: kind, x: 'depth', y: 'value', value: 'share' })
      findings.line({
        title: `${TITLES[kind]}: standard deviation over depth`,
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

const TITLES: Record<Kind, string> = { weights: 'Weights', gradients: 'Gradients', activations: 'Activations' }

/** Every so-manieth value, for a quantile of very many. */
const thinned = (values: Float32Array): Float32Array => {
  const every = Math.ceil(values.length / 20_000)
  return every === 1 ? values : values.filter((_, at) => at % every === 0)
}
