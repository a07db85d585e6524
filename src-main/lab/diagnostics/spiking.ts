import { z } from 'zod'
import { wilsonInterval } from '../../contract/binomial.js'
import { field } from '../../contract/config.js'
import { CONVERSION_KNOBS } from '../../contract/instruments.js'
import { refuseConversion } from '../../numeric/spiking/open-network.js'
import type { Reset } from '../../numeric/spiking/neurons.js'
import { defineDiagnostic, type LabProgress } from '../diagnostic.js'
import { INTERVAL, heldOutOptions } from '../held-out.js'
import { compare, convert, momentsOf, refuseJunction, type Converted, type SpikingRun } from '../spiking.js'

const SENGUPTA = 'Sengupta et al. 2019, "Going deeper in spiking neural networks"'

/** Quantities of the diagnostic, and of the study that uses its results. */
export const spikingQuantities = {
  reset: { label: 'Reset', symbol: '', unit: '', formula: 'soft: V ← V - V_th at a spike; hard: V ← 0', source: 'Rueckauer et al. 2017' },
  steps: { label: 'Time steps', symbol: 'T', unit: 'steps', formula: 'Steps that were simulated', source: SENGUPTA },
  accuracy: {
    label: 'Accuracy of the spiking network',
    symbol: '',
    unit: 'fraction',
    formula: 'Fraction of the images whose largest logit, summed over T steps, is that of their class',
    source: SENGUPTA,
  },
  ...INTERVAL,
  analogAccuracy: {
    label: 'Accuracy of the analog network',
    symbol: '',
    unit: 'fraction',
    formula: 'Of the network itself, on the same images',
    source: SENGUPTA,
  },
  gap: {
    label: 'Gap',
    symbol: '',
    unit: 'fraction',
    formula: 'Accuracy of the analog network minus that of the spiking one',
    source: SENGUPTA,
  },
  depth: { label: 'Layer of neurons', symbol: 'k', unit: '', formula: 'Counted from 1, the stem', source: 'Retrace' },
  kernel: { label: 'Kernel', symbol: '', unit: '', formula: 'In front of the layer', source: 'Retrace' },
  threshold: {
    label: 'Threshold',
    symbol: 'V_th',
    unit: 'spikes of the layer before',
    formula: 'Largest weighted input of a neuron of the layer in one step, over steps, training images and neurons',
    source: `${SENGUPTA}, algorithm 1 (read in the code of its group)`,
  },
  scale: {
    label: 'Activation of a spike in every step',
    symbol: 'L_k',
    unit: '',
    formula: 'V_th L_{k-1}; L_0 is the largest absolute value of the training images looked at',
    source: 'Derived here',
  },
  correlation: {
    label: 'Rate correlation',
    symbol: 'r',
    unit: '',
    formula: 'Pearson correlation of L_k times the rate with the activation, over neurons and images',
    source: 'Retrace',
  },
  leastCorrelation: {
    label: 'Least rate correlation',
    symbol: '',
    unit: '',
    formula: 'Smallest over the layers, at the last step',
    source: 'Retrace',
  },
  rateError: {
    label: 'Relative error of the rates',
    symbol: '',
    unit: 'relative',
    formula: '‖L_k rate - activation‖ / ‖activation‖ over neurons and images',
    source: 'Retrace',
  },
  spikes: {
    label: 'Spikes per neuron and step',
    symbol: '',
    unit: 'spikes',
    formula: 'Mean over neurons, images and steps',
    source: `${SENGUPTA}, section 5`,
  },
  saturated: {
    label: 'Saturated neurons',
    symbol: '',
    unit: 'fraction',
    formula: 'Fraction of neurons and images that spike in every step: a larger activation cannot be sent',
    source: 'Retrace',
  },
} as const

interface Found {
  reset: Reset
  converted: Converted
  run: SpikingRun
}

const resetsOf = (reset: 'soft' | 'hard' | 'both'): Reset[] => (reset === 'both' ? ['soft', 'hard'] : [reset])

export const spiking = defineDiagnostic({
  id: 'spiking',
  title: 'Spiking neurons',
  section: 'neurons',
  rank: 1,
  question: 'How well do spiking neurons stand in for the activations of this network?',
  limits:
    'Neurons without leak, refractory time or delay, in steps of one time unit. Thresholds are the largest inputs that the given training images and steps happen to give, so they grow with both. A spike sent is counted, not what it would cost in hardware.',
  quantities: spikingQuantities,
  options: {
    reset: field(z.enum(['both', 'soft', 'hard']).default('both'), {
      group: 'Network',
      label: 'Reset',
      help: 'soft: a spike takes the threshold off the potential, so that nothing is lost. hard: it sets the potential to 0, which biases rates low.',
      source: 'soft: Rueckauer et al. 2017, section 2.2; hard: Sengupta et al. 2019',
    }),
    timeSteps: field(z.int().min(1).max(10_000).default(256), {
      group: 'Evaluation',
      label: 'Time steps',
      unit: 'steps',
      help: 'Simulated steps T for each image; accuracies are reported at 8, 16, 32, ... and T.',
      source: 'Sengupta et al. 2019: up to 2,500 (default of the code of its group)',
    }),
    ...heldOutOptions,
    ...CONVERSION_KNOBS,
  },
  work: ({ network }, { reset, timeSteps, heldOutImages, calibrationImages, calibrationSteps }) => {
    const layers = network.stages.reduce((sum, { units }) => sum + units * (network.dynamics.spiking?.layers.length ?? 1), 1)
    // Each layer is calibrated by passes that end at this layer.
    const images = timeSteps * heldOutImages + (layers / 2) * calibrationSteps * calibrationImages
    return { passes: (resetsOf(reset).length * images) / 50, images: 50 }
  },
  refuse(target, options) {
    if (options.part === 'validation' && target.config.validation === 0) return 'This configuration has no validation split; use part=test.'
    return refuseConversion(target.network) ?? refuseJunction(target, options)
  },
  async *run(context, findings) {
    const { options, data } = context
    const { part, heldOutImages: images, timeSteps: steps } = options
    if (data.sizes[part] === 0) {
      findings.warn(`The data set has no ${part} images.`)
      return
    }
    const resets = resetsOf(options.reset)
    const all: Found[] = []
    for (const reset of resets) {
      const scaled = function* <T>(from: number, to: number, work: Generator<LabProgress, T, void>): Generator<LabProgress, T, void> {
        let next = work.next()
        for (; !next.done; next = work.next())
          yield { ...next.value, fraction: (all.length + from + (to - from) * (next.value.fraction ?? 0)) / resets.length }
        return next.value
      }
      const converted = yield* scaled(0, 0.4, convert(context, options, reset))
      const run = yield* scaled(0.4, 1, compare(context, converted, { part, images, steps }))
      all.push({ reset, converted, run })
    }
    const { images: seen, analogRight } = all[0]!.run
    const analogAccuracy = analogRight / seen
    const moments = all.flatMap(({ reset, run }) => run.moments.map((moment) => ({ reset, ...moment })))
    const intervals = moments.map(({ right }) => wilsonInterval(right / seen, seen))
    findings.say('analogAccuracy', analogAccuracy)
    const last = all[0]!.run.moments.at(-1)!
    findings.say('accuracy', last.right / seen)
    findings.say('gap', analogAccuracy - last.right / seen)
    const least = last.layers.reduce<number | null>((min, { correlation: r }) => (r === null ? min : Math.min(min ?? 1, r)), null)
    findings.say('leastCorrelation', least)
    findings.table('accuracy', `Accuracy on ${seen} ${part} images over time steps`, {
      reset: moments.map(({ reset }) => reset),
      steps: moments.map(({ step }) => step),
      accuracy: moments.map(({ right }) => right / seen),
      low: intervals.map((ends) => ends?.[0] ?? null),
      high: intervals.map((ends) => ends?.[1] ?? null),
      analogAccuracy: moments.map(() => analogAccuracy),
      gap: moments.map(({ right }) => analogAccuracy - right / seen),
    })
    const layers = all.flatMap(({ reset, converted: { conversion }, run }) =>
      conversion.layers.map((layer, at) => ({ reset, at, ...layer, ...run.layers[at]!, agreement: run.moments.at(-1)!.layers[at]! })),
    )
    findings.table('layers', `By layer of neurons, after ${steps} steps`, {
      reset: layers.map(({ reset }) => reset),
      depth: layers.map(({ at }) => at + 1),
      kernel: layers.map(({ name }) => name),
      threshold: layers.map(({ threshold }) => threshold),
      scale: layers.map(({ scale }) => scale),
      correlation: layers.map(({ agreement }) => agreement.correlation),
      rateError: layers.map(({ agreement }) => agreement.relativeError),
      spikes: layers.map(({ spikes, neurons }) => spikes / neurons / steps),
      saturated: layers.map(({ saturated, neurons }) => saturated / neurons),
    })
    const rates = moments.map((moment) => ({ ...moment, layer: moment.layers.at(-1)! }))
    findings.table('rates', 'Rates of the last layer of neurons over time steps', {
      reset: rates.map(({ reset }) => reset),
      steps: rates.map(({ step }) => step),
      rateError: rates.map(({ layer }) => layer.relativeError),
      correlation: rates.map(({ layer }) => layer.correlation),
    })
    findings.line({
      title: `Accuracy over time steps (${part} images)`,
      table: 'accuracy',
      x: 'steps',
      y: ['accuracy'],
      by: 'reset',
      logX: true,
      spread: { low: 'low', high: 'high' },
      marks: [
        { axis: 'y', value: analogAccuracy, label: 'analog network' },
        { axis: 'y', value: 1 / context.network.config.classes, label: 'chance' },
      ],
    })
    const overDepth = { table: 'layers', x: 'depth', by: 'reset' }
    findings.line({ title: 'Correlation of rates with activations over depth', ...overDepth, y: ['correlation'], marks: [] })
    findings.line({ title: 'Spikes per neuron and step over depth', ...overDepth, y: ['spikes'], marks: [] })
    if (momentsOf(steps).length > 1)
      findings.line({
        title: 'Error of the rates of the last layer over time steps',
        table: 'rates',
        x: 'steps',
        y: ['rateError'],
        by: 'reset',
        logX: true,
        logY: true,
        marks: [],
      })
    const { inputScale } = all[0]!.converted.conversion
    findings.note(
      `Thresholds by Spike-Norm on ${Math.min(options.calibrationImages, data.sizes.train)} training images in ${options.calibrationSteps} steps. ${
        options.coding === 'poisson' ? `An input spike stands for ${inputScale.toPrecision(3)}` : 'The input is a current'
      }; junctions ${options.junction}.`,
    )
    findings.note(
      'Accuracy begins at chance: a layer only sends once the potentials of its neurons have reached their threshold, and those of the layers before it have.',
    )
    for (const { reset, at, silent } of layers)
      if (silent) findings.warn(`${reset} reset: layer ${at + 1} had no input above zero, so it has no threshold of its own.`)
  },
})
