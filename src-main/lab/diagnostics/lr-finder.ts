import { clone, dispose, scalar, tensor } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { field } from '../../contract/config.js'
import { microBatch } from '../../contract/micro-batch.js'
import { initialSlots, stateTensors, type TrainingState } from '../../numeric/state.js'
import { release, type Named } from '../../numeric/tensors.js'
import { trainStep } from '../../numeric/train-step.js'
import { defineDiagnostic } from '../diagnostic.js'

const SMITH = 'Smith 2017, "Cyclical learning rates for training neural networks", section 3.3'

const quantities = {
  step: { label: 'Step', symbol: '', unit: 'steps', formula: 'Counted from 1', source: SMITH },
  rate: { label: 'Learning rate', symbol: 'η', unit: '', formula: 'Multiplied by a constant factor every step', source: SMITH },
  loss: { label: 'Training loss of the batch', symbol: '', unit: 'nats', formula: 'Cross-entropy before the update', source: SMITH },
  smoothed: {
    label: 'Training loss, smoothed',
    symbol: '',
    unit: 'nats',
    formula: 'Exponential moving average with factor 0.9 and bias correction',
    source: 'Kingma and Ba 2015, section 3, for the correction',
  },
  suggested: {
    label: 'Suggested learning rate',
    symbol: '',
    unit: '',
    formula: 'A tenth of the learning rate at the minimum of the smoothed loss, if the loss fell by at least 5%; to two digits',
    source: 'The rule "minimum / 10" of fastai, after Smith 2017',
  },
  least: {
    label: 'Learning rate at the minimum loss',
    symbol: '',
    unit: '',
    formula: 'Where the smoothed loss is minimal; training at this rate is close to diverging',
    source: SMITH,
  },
} as const

const SMOOTHING = 0.9
/** The loss has diverged when it exceeds its minimum by this factor. */
const DIVERGED = 4
/** The smoothed loss must fall to this fraction of its first value, because a smaller decrease may be noise of the batches. */
const FALLEN = 0.95
/** Significant digits of a suggestion: the steps of the ramp are a few per cent apart. */
const DIGITS = 2
/** Number of steps before which the smoothed loss averages only a few batches. */
const SETTLED = 5

interface Ramp {
  rates: number[]
  losses: number[]
}

/** Smoothed losses, and the suggested rates; none if the loss never decreased. */
export function suggest({ rates, losses }: Ramp): { smoothed: number[]; least: number | null; suggested: number | null } {
  let mean = 0
  const smoothed = losses.map((loss, at) => {
    mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
    return mean / (1 - SMOOTHING ** (at + 1))
  })
  const candidates = smoothed.map((value, at) => ({ value, at })).filter(({ value, at }) => at >= SETTLED && Number.isFinite(value))
  if (candidates.length < 3) return { smoothed, least: null, suggested: null }
  const bottom = candidates.reduce((a, b) => (b.value < a.value ? b : a))
  if (bottom.value > FALLEN * candidates[0]!.value) return { smoothed, least: null, suggested: null }
  return { smoothed, least: rates[bottom.at]!, suggested: Number((rates[bottom.at]! / 10).toPrecision(DIGITS)) }
}

const copies = (named: Named): Named => Object.fromEntries(Object.entries(named).map(([name, value]) => [name, clone(value)]))

export const lrFinder = defineDiagnostic({
  id: 'lr-finder',
  title: 'Learning-rate finder',
  section: 'stability',
  rank: 9,
  question: 'Which learning rate is a good starting point?',
  limits:
    'A short ramp on a copy of the weights finds learning rates that are stable at the start, not the best one for a whole run. The result depends on the batch size, the seed and the batches.',
  quantities,
  options: {
    rampSteps: field(z.int().min(10).max(2000).default(60), {
      group: 'Training',
      label: 'Steps',
      unit: 'steps',
      help: 'Number of steps in the ramp.',
    }),
    lowestRate: field(z.number().min(1e-9).max(1).default(1e-4), {
      group: 'Training',
      label: 'Lowest learning rate',
      help: 'Learning rate of the first step.',
    }),
    highestRate: field(z.number().min(1e-6).max(1000).default(10), {
      group: 'Training',
      label: 'Highest learning rate',
      help: 'Learning rate of the last step. The ramp stops earlier if the loss diverges.',
    }),
    rampBatch: field(z.int().min(0).max(4096).default(0), {
      group: 'Training',
      label: 'Images per step',
      unit: 'images',
      help: 'Batch size of the ramp; 0 uses the configured batch size. Smaller batches are faster and suggest smaller learning rates.',
    }),
  },
  work: ({ config }, { rampSteps, rampBatch }) => ({ passes: 4 * rampSteps, images: rampBatch || microBatch(config) }),
  refuse: (_target, { lowestRate, highestRate }) =>
    lowestRate < highestRate ? null : 'The lowest learning rate must be below the highest.',
  async *run(context, findings) {
    const { network, config, options, data, params, statistics, step } = context
    const { rampSteps, lowestRate, highestRate, rampBatch } = options
    const state: TrainingState = {
      params: copies(params),
      statistics: copies(statistics),
      slots: initialSlots(network, config.optimizer),
      step,
    }
    const ramp: Ramp = { rates: [], losses: [] }
    const { height, width, channels } = network.config.image
    let least = Infinity
    for (let at = 0; at < rampSteps; at++) {
      const rate = lowestRate * (highestRate / lowestRate) ** (at / Math.max(1, rampSteps - 1))
      yield { message: `step ${at + 1} of ${rampSteps}, learning rate ${rate.toPrecision(3)}`, fraction: at / rampSteps }
      const given = await data.train()
      const count = Math.min(given.count, rampBatch || microBatch({ ...config, batch: given.count }))
      const batch = {
        images: tensor(given.images.slice(0, count * height * width * channels), [count, height, width, channels]),
        labels: tensor(given.labels.slice(0, count), [count], 'int32'),
      }
      const inputs = { learningRate: scalar(rate), update: scalar(at + 1) }
      const { crossEntropy, total, gradientNorm, logits } = trainStep(network, state, batch, { ...config, anchorEvery: 0 }, inputs)
      const loss = crossEntropy.dataSync()[0]!
      dispose([crossEntropy, total, gradientNorm, logits, ...Object.values(batch), ...Object.values(inputs)])
      ramp.rates.push(rate)
      ramp.losses.push(loss)
      if (Number.isFinite(loss)) least = Math.min(least, loss)
      if (!(loss <= DIVERGED * least)) break
    }
    release(stateTensors(state))
    const { smoothed, least: bottom, suggested } = suggest(ramp)
    findings.table('ramp', 'Loss over the ramp', {
      step: ramp.rates.map((_, at) => at + 1),
      rate: ramp.rates,
      loss: ramp.losses,
      smoothed,
    })
    findings.say('suggested', suggested)
    findings.say('least', bottom)
    findings.line({
      title: 'Training loss against the learning rate',
      table: 'ramp',
      x: 'rate',
      y: ['smoothed', 'loss'],
      by: null,
      logX: true,
      marks: suggested === null ? [] : [{ axis: 'x', value: suggested, label: 'suggested' }],
    })
    findings.note(`${ramp.rates.length} steps of ${config.optimizer} on a copy of the weights at step ${step}, without anchors.`)
    if (suggested !== null) findings.suggest('learningRate', suggested)
    else
      findings.warn(
        'The loss did not fall by 5%, so no learning rate is suggested. Use more steps, a lower first rate, or untrained weights.',
      )
  },
})
