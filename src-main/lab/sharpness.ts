import { dispose, slice, tensor, type Tensor } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { field, type RunConfig } from '../contract/config.js'
import { statisticsOption } from '../contract/instruments.js'
import { isFrozen } from '../numeric/network.js'
import { findOptimizer } from '../numeric/optimizers.js'
import { learningRateAt } from '../numeric/schedules.js'
import { gradientsByName, objective } from '../numeric/train-step.js'
import { release, type Named } from '../numeric/tensors.js'
import type { LabContext, LabData, OptionsOf } from './diagnostic.js'
import type { Findings } from './findings.js'
import { batchTensors, freeze, imagesOption } from './frozen.js'
import { curvature, type Curvature, type GradientAt } from './math/curvature.js'
import { norm } from '../numeric/dense.js'

/** The options of the measurement; runs that measure the sharpness during training use the defaults. */
export const sharpnessOptions = {
  images: imagesOption(32, 4096, 'Number of training images in the fixed batch.'),
  statistics: statisticsOption,
  iterations: field(z.int().min(2).max(500).default(30), {
    group: 'Evaluation',
    label: 'Iterations',
    help: 'Maximum number of Hessian-vector products.',
  }),
  eigenvalueTolerance: field(z.number().min(1e-6).max(0.2).default(0.02), {
    group: 'Evaluation',
    label: 'Tolerance of the residual',
    unit: 'relative',
    help: 'The eigenvalue is reported when its relative residual is below this.',
  }),
  differenceStep: field(z.number().min(1e-6).max(10).default(0.05), {
    group: 'Evaluation',
    label: 'Finite-difference step',
    help: 'Norm of the weight perturbation. If it is too small, rounding errors and single kinks of ReLU dominate; if it is too large, the result is not local.',
  }),
}

/** The input of the measurement: the current weights of a run, and a sample of its training data. */
export type SharpnessSubject = Pick<
  LabContext<OptionsOf<typeof sharpnessOptions>>,
  'network' | 'config' | 'params' | 'statistics' | 'step' | 'options'
> & {
  data: Pick<LabData, 'sample'>
}

export interface Sharpness {
  curvature: Curvature
  gradientNorm: number
  /** Number of trained parameters. */
  parameters: number
  /** Number of images in the fixed batch. */
  images: number
  /** Whether it converged and both widths of differences agree. */
  sure: boolean
  /** Largest algebraic eigenvalue of the Hessian; null if it is not reliable. */
  sharpness: number | null
  /** Learning rate of the next step, times the sharpness. */
  rateTimesSharpness: number | null
  limit: ReturnType<typeof limitOf>
}

/** Number of images whose activations are kept at once; with fixed statistics, the gradient of a batch is the mean over its parts. */
const PART = 8

/** Relative difference above which the two widths disagree, so that neither result is reported as the eigenvalue. */
const AGREE = 0.1

/** Gradient of the objective as a function of the trained parameters, concatenated to a vector. */
function gradientOf(
  context: Pick<LabContext<unknown>, 'network' | 'config' | 'params'>,
  statistics: Named,
  images: Tensor,
  labels: Tensor,
): { place: Float64Array; gradient: GradientAt } {
  const { network, config, params } = context
  const trained = network.parameters.filter((spec) => !isFrozen(network, spec))
  const place = Float64Array.from(trained.flatMap(({ name }) => [...params[name]!.dataSync()]))
  const count = images.shape[0]!
  const options = { ...config, mode: 'stored' as const, anchorEvery: 0, frozen: true }
  const gradient: GradientAt = (row) => {
    const own: Named = { ...params }
    let at = 0
    for (const { name, shape } of trained) {
      const size = params[name]!.size
      own[name] = tensor(Float32Array.from(row.subarray(at, at + size)), shape)
      at += size
    }
    const sum = new Float64Array(place.length)
    for (let from = 0; from < count; from += PART) {
      const part = Math.min(PART, count - from)
      const batch = {
        images: slice(images, [from, 0, 0, 0], [part, ...(images.shape.slice(1) as [number, number, number])]),
        labels: slice(labels, [from], [part]),
      }
      const { gradients, statistics: moved, ...rest } = objective(network, { params: own, statistics, slots: {}, step: 0 }, batch, options)
      const named = gradientsByName(gradients)
      let index = 0
      for (const { name } of trained) for (const value of named[name]!.dataSync()) sum[index] = sum[index++]! + (value * part) / count
      dispose([
        ...Object.values(named),
        ...Object.values(moved),
        rest.logits,
        rest.crossEntropy,
        rest.total,
        rest.gradientNorm,
        ...Object.values(batch),
      ])
    }
    release(trained.map(({ name }) => own[name]))
    return sum
  }
  return { place, gradient }
}

/** The stability limit of the optimizer on a quadratic function, and why there is one or none. */
export function limitOf({ optimizer: id, momentum, clipNorm }: Pick<RunConfig, 'optimizer' | 'momentum' | 'clipNorm'>): {
  value: number | null
  why: string
} {
  const { stepLimit } = findOptimizer(id)
  if (!stepLimit) return { value: null, why: `There is no known stability limit for ${id}.` }
  if (clipNorm > 0) return { value: null, why: 'Gradients are clipped, so the stability limit does not apply.' }
  return {
    value: stepLimit(momentum),
    why: `The limit holds for ${id} with momentum ${momentum} on a quadratic with full-batch gradients; mini-batches lower it.`,
  }
}

/** The difference of the two estimates of an eigenvalue, relative to the first. */
export const differenceOf = (largest: number, atHalf: number): number => Math.abs(largest - atHalf) / Math.abs(largest)

/**
 * Largest algebraic eigenvalue of the Hessian of the training objective, including penalties, on a fixed batch with fixed batch norm
 * statistics, by Lanczos on central differences of gradients (Golub and Van Loan, section 10.3); motivation: Nar and Sastry 2018. The
 * weights are only read.
 */
export function measureSharpness(subject: SharpnessSubject, findings: Pick<Findings, 'note'>): Sharpness {
  const { options, config, step, data } = subject
  const frozen = freeze(subject, options.images, findings)
  const { images, labels } = batchTensors(subject, data.sample(options.images))
  const { place, gradient } = gradientOf(subject, frozen.pass.statistics, images, labels)
  const gradientNorm = norm(gradient(place))
  const found = curvature(gradient, place, {
    epsilon: options.differenceStep,
    iterations: options.iterations,
    tolerance: options.eigenvalueTolerance,
    seed: config.seed,
  })
  const { largest, atHalf } = found
  const sure = largest !== null && atHalf !== null && differenceOf(largest, atHalf) <= AGREE
  return {
    curvature: found,
    gradientNorm,
    parameters: place.length,
    images: frozen.count,
    sure,
    sharpness: sure ? largest : null,
    rateTimesSharpness: sure ? learningRateAt(config, step) * largest : null,
    limit: limitOf(config),
  }
}
