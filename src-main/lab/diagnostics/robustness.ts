import { add, mul, sign, tensor, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { wilsonInterval } from '../../contract/binomial.js'
import { statisticsOption } from '../../contract/instruments.js'
import { crossEntropy } from '../../numeric/losses.js'
import { infer } from '../../numeric/pass.js'
import { randomFor } from '../../numeric/random.js'
import { release, type Named } from '../../numeric/tensors.js'
import { vjp } from '../../numeric/vjp.js'
import { defineDiagnostic, type LabContext, type LabImages } from '../diagnostic.js'
import { INTERVAL, heldOutOptions } from '../held-out.js'
import { batchTensors, heldOutStatistics, statisticsImagesOption } from '../frozen.js'
import { freeing } from '../scope.js'

const PIXELS = 'standard deviations of the training images (each channel by its own)'

const quantities = {
  perturbation: { label: 'Perturbation', symbol: '', unit: '', formula: 'noise, occlusion or gradient sign', source: 'Retrace' },
  strength: {
    label: 'Strength',
    symbol: 'ε',
    unit: '',
    formula: `noise and gradient sign: in ${PIXELS}; occlusion: fraction of the image area covered by a square`,
    source: 'Noise: Hendrycks and Dietterich 2019; gradient sign: Goodfellow et al. 2015',
  },
  accuracy: {
    label: 'Accuracy under the perturbation',
    symbol: '',
    unit: 'fraction',
    formula: 'Fraction of the held-out images classified correctly',
    source: 'Retrace',
  },
  ...INTERVAL,
  clean: { label: 'Accuracy without perturbation', symbol: '', unit: 'fraction', formula: 'On the same images', source: 'Retrace' },
} as const

type Kind = 'noise' | 'occlusion' | 'gradient sign'

const NOISE = [0, 0.1, 0.2, 0.5, 1, 2]
const OCCLUSION = [0, 0.05, 0.1, 0.2, 0.4]
const GRADIENT = [0, 0.01, 0.02, 0.05, 0.1, 0.2]

/** Adds perturbations that do not depend on the network, in place. */
function disturb(
  { images, count }: LabImages,
  kind: Kind,
  strength: number,
  { height, width, channels }: { height: number; width: number; channels: number },
  seed: number,
  first: number,
): void {
  const size = height * width * channels
  for (let at = 0; at < count; at++) {
    // Each image gets the same noise and position at every strength.
    const random = randomFor(seed, `lab/${kind}`, first + at)
    if (kind === 'noise') for (let i = 0; i < size; i++) images[at * size + i] = images[at * size + i]! + strength * random.normal()
    if (kind !== 'occlusion') continue
    const side = (extent: number): number => Math.min(extent, Math.round(extent * Math.sqrt(strength)))
    const [rows, columns] = [side(height), side(width)]
    const [top, left] = [Math.round(random.uniform() * (height - rows)), Math.round(random.uniform() * (width - columns))]
    for (let y = top; y < top + rows; y++)
      for (let x = left; x < left + columns; x++)
        images.fill(0, at * size + (y * width + x) * channels, at * size + (y * width + x + 1) * channels)
  }
}

export const robustness = defineDiagnostic({
  id: 'robustness',
  title: 'Robustness',
  section: 'stability',
  rank: 7,
  question: 'How much accuracy is lost under noise, occlusion and gradient-sign perturbations?',
  limits:
    'Measured on held-out images of one data set. A single gradient-sign step is a weak attack, so the accuracy under it is only an upper bound, and high values may be due to masked gradients. Do not select models by test accuracy.',
  quantities,
  options: {
    statistics: statisticsOption,
    ...heldOutOptions,
    statisticsImages: statisticsImagesOption,
  },
  work: (_target, { heldOutImages }) => ({ passes: NOISE.length + OCCLUSION.length + GRADIENT.length + 4, images: heldOutImages }),
  refuse({ network, config }, { part }) {
    if (part === 'validation' && config.validation === 0) return 'This configuration has no validation split; use part=test.'
    return network.config.classes < 2 ? 'There is nothing to classify.' : null
  },
  async *run(context, findings) {
    const { options, config, network } = context
    const image = network.linear.id === 'convolution'
    const statistics = heldOutStatistics(context, options.statisticsImages, findings)
    const kinds: [Kind, readonly number[]][] = [
      ['noise', NOISE],
      // A point has no area.
      ...(image ? ([['occlusion', OCCLUSION]] as [Kind, readonly number[]][]) : []),
      ['gradient sign', GRADIENT],
    ]
    const wanted = kinds.flatMap(([kind, strengths]) => strengths.map((strength) => ({ kind, strength, right: 0, of: 0 })))
    let seen = 0
    const total = Math.min(options.heldOutImages, context.data.sizes[options.part])
    for (const batch of context.data.heldOut(options.part, options.heldOutImages)) {
      const base: LabImages = { images: batch.images.slice(), labels: batch.labels.slice(), count: batch.count }
      const ascent = gradientSign(context, statistics, base)
      for (const row of wanted) {
        row.right += rightOnes(context, statistics, base, row, ascent, config.seed, seen)
        row.of += batch.count
      }
      release([ascent])
      seen += batch.count
      yield { message: `${seen} of ${total} images`, fraction: seen / total }
    }
    if (seen === 0) {
      findings.warn(`The data set has no ${options.part} images.`)
      return
    }
    const intervals = wanted.map(({ right, of }) => wilsonInterval(right / of, of))
    findings.table('accuracy', `Accuracy on ${seen} ${options.part} images`, {
      perturbation: wanted.map(({ kind }) => kind),
      strength: wanted.map(({ strength }) => strength),
      accuracy: wanted.map(({ right, of }) => right / of),
      low: intervals.map((ends) => ends?.[0] ?? null),
      high: intervals.map((ends) => ends?.[1] ?? null),
    })
    findings.say('clean', wanted[0]!.right / wanted[0]!.of)
    findings.line({
      title: `Accuracy over perturbation strength (${options.part} images)`,
      table: 'accuracy',
      x: 'strength',
      y: ['accuracy'],
      by: 'perturbation',
      marks: [{ axis: 'y', value: 1 / network.config.classes, label: 'chance' }],
    })
    findings.note(
      `First ${seen} ${options.part} images. The noise and the position of the occlusion depend only on the seed and the image.`,
    )
  },
})

/** The sign of the gradient of the loss with respect to the images (Goodfellow et al. 2015). */
function gradientSign(context: LabContext<unknown>, statistics: Named, batch: LabImages): Tensor {
  return tidy(() => {
    const { images, labels } = batchTensors(context, batch)
    return sign(vjp(() => crossEntropy(infer(context.network, context.params, statistics, images), labels), [images])[0]!)
  })
}

/** Number of images of a batch that are classified correctly under a perturbation. */
function rightOnes(
  context: LabContext<unknown>,
  statistics: Named,
  base: LabImages,
  { kind, strength }: { kind: Kind; strength: number },
  ascent: Tensor,
  seed: number,
  first: number,
): number {
  const { network, params } = context
  const { image } = network.config
  const moved: LabImages = { ...base, images: base.images.slice() }
  disturb(moved, kind, strength, image, seed, first)
  const predicted = freeing((): Int32Array => {
    const images = tensor(moved.images, [base.count, image.height, image.width, image.channels])
    return infer(network, params, statistics, kind === 'gradient sign' ? add(images, mul(ascent, strength)) : images)
      .argMax(1)
      .dataSync() as Int32Array
  })
  return predicted.reduce((sum, label, at) => sum + (label === base.labels[at] ? 1 : 0), 0)
}
