import { dispose, type Tensor } from '@tensorflow/tfjs-core'
import { Agreement } from '../numeric/spiking/agreement.js'
import { spikeNorm, type Conversion, type Junction } from '../numeric/spiking/convert.js'
import { constantTrain, poissonTrain, type Train } from '../numeric/spiking/input.js'
import type { Reset } from '../numeric/spiking/neurons.js'
import { openNetwork, type OpenNetwork } from '../numeric/spiking/open-network.js'
import { analog, simulate } from '../numeric/spiking/simulate.js'
import type { LabImages, LabProgress, LabTarget } from './diagnostic.js'
import { imageTensor } from './frozen.js'
import type { InstrumentContext } from './instrument.js'

export interface ConversionOptions {
  junction: Junction
  coding: 'poisson' | 'constant'
  calibrationImages: number
  calibrationSteps: number
}

/** Number of images that are simulated together. */
const TOGETHER = 50

/** Why these thresholds cannot be determined for a convertible network, as a sentence; null if they can. */
export function refuseJunction({ network }: Pick<LabTarget, 'network'>, { junction }: Pick<ConversionOptions, 'junction'>): string | null {
  const { linear, config, dynamics } = network
  if (junction === 'balanced' || !dynamics.spiking?.identity || linear.id === 'convolution' || config.denseStem) return null
  return 'The input enters the first unit of this network without a layer of neurons, so there are no thresholds to compare at its junction: use junction=balanced, or a dense stem.'
}

export interface Converted {
  network: OpenNetwork
  conversion: Conversion
  /** The input of a batch, whose spikes depend on the index of the first image. */
  train(images: LabImages, first: number): Train
}

/**
 * Converts a network by Spike-Norm on training images.
 * @param context of a network that `refuseConversion` accepts
 */
export function* convert(
  context: InstrumentContext,
  { junction, coding, calibrationImages, calibrationSteps }: ConversionOptions,
  reset: Reset,
): Generator<LabProgress, Converted, void> {
  const { network: layout, params, data, config } = context
  const network = openNetwork(layout, params)
  const sample = data.sample(calibrationImages)
  const { height, width, channels } = config.image
  const size = height * width * channels
  const all = sample.images.subarray(0, sample.count * size)
  const largest = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const inputScale = coding === 'poisson' && largest > 0 ? largest : 1
  const trainOf = (purpose: string, { images, count }: LabImages, first: number): Train => {
    const given = { values: images.slice(0, count * size), shape: [count, height, width, channels] }
    return coding === 'constant' ? constantTrain(given) : poissonTrain(given, { scale: inputScale, seed: config.seed, purpose, first })
  }
  const trains = chunks({ ...sample, images: all }, size).map(({ first, ...chunk }) => trainOf('spikes/calibration', chunk, first))
  const finding = spikeNorm(network, trains, { steps: calibrationSteps, reset, junction, inputScale })
  let next = finding.next()
  for (; !next.done; next = finding.next()) yield { message: `${reset} reset: finding thresholds`, fraction: next.value }
  return { network, conversion: next.value, train: (images, first) => trainOf('spikes/input', images, first) }
}

/** Divides images into chunks that are simulated together. */
function chunks({ images, labels, count }: LabImages, size: number): (LabImages & { first: number })[] {
  return Array.from({ length: Math.ceil(count / TOGETHER) }, (_, at) => {
    const [first, end] = [at * TOGETHER, Math.min((at + 1) * TOGETHER, count)]
    return { images: images.slice(first * size, end * size), labels: labels.slice(first, end), count: end - first, first }
  })
}

/** The results of a spiking network, compared with its analog one. */
export interface SpikingRun {
  images: number
  /** Number of images that the analog network classifies correctly. */
  analogRight: number
  /** At the requested steps. */
  moments: { step: number; right: number; layers: Agreement[] }[]
  /** Over all steps. */
  layers: { spikes: number; saturated: number; neurons: number }[]
}

/** 8, 16, 32, ... and the last step. */
export function momentsOf(steps: number): number[] {
  const moments: number[] = []
  for (let step = 8; step < steps; step *= 2) moments.push(step)
  return [...moments, steps]
}

/** Simulates images of a held-out part and compares every layer with the analog network. */
export function* compare(
  context: InstrumentContext,
  { network, conversion, train }: Converted,
  { part, images: limit, steps }: { part: 'validation' | 'test'; images: number; steps: number },
): Generator<LabProgress, SpikingRun, void> {
  const { data, config } = context
  const size = config.image.height * config.image.width * config.image.channels
  const moments = momentsOf(steps).map((step) => ({ step, right: 0, layers: network.layers.map(() => new Agreement()) }))
  const found: SpikingRun = {
    images: 0,
    analogRight: 0,
    moments,
    layers: network.layers.map(() => ({ spikes: 0, saturated: 0, neurons: 0 })),
  }
  const total = Math.min(limit, data.sizes[part])
  for (const batch of data.heldOut(part, limit))
    for (const chunk of chunks(batch, size)) {
      const x = imageTensor(context, chunk)
      const { activations, logits } = analog(network, x)
      try {
        found.analogRight += rightOf(logits, chunk.labels)
        const values = activations.map((activation) => activation.dataSync())
        for (const { step, output, neurons } of simulate(network, conversion, train(chunk, found.images), steps)) {
          const moment = moments.find((each) => each.step === step)
          if (moment) {
            moment.right += rightOf(output, chunk.labels)
            moment.layers.forEach((layer, at) =>
              layer.add(neurons.counts[at]!.dataSync(), values[at]!, { scale: conversion.layers[at]!.scale, steps: step }),
            )
          }
          if (step === steps) found.layers.forEach((layer, at) => count(layer, neurons.counts[at]!.dataSync(), steps))
          if (step % 8 === 0 || step === steps)
            yield {
              message: `${conversion.reset} reset: images ${found.images + 1} to ${found.images + chunk.count} of ${total}`,
              fraction: (found.images + (chunk.count * step) / steps) / total,
            }
        }
      } finally {
        dispose([x, logits, ...activations])
      }
      found.images += chunk.count
    }
  return found
}

function count(layer: SpikingRun['layers'][number], spikes: ArrayLike<number>, steps: number): void {
  for (let at = 0; at < spikes.length; at++) {
    layer.spikes += spikes[at]!
    if (spikes[at] === steps) layer.saturated++
  }
  layer.neurons += spikes.length
}

function rightOf(logits: Tensor, labels: Int32Array): number {
  const values = logits.dataSync()
  const classes = logits.shape[1]!
  return labels.reduce((sum, label, image) => {
    let best = 0
    for (let of = 1; of < classes; of++) if (values[image * classes + of]! > values[image * classes + best]!) best = of
    return sum + (best === label ? 1 : 0)
  }, 0)
}
