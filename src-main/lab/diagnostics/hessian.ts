import { dispose, slice, tensor, type Tensor } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { field } from '../../contract/config.js'
import { statisticsOption } from '../../contract/instruments.js'
import type { RunConfig } from '../../contract/config.js'
import { findOptimizer } from '../../numeric/optimizers.js'
import { learningRateAt } from '../../numeric/schedules.js'
import { gradientsByName, objective } from '../../numeric/train-step.js'
import { release, type Named } from '../../numeric/tensors.js'
import { defineDiagnostic, type LabContext } from '../diagnostic.js'
import { batchTensors, freeze, imagesOption } from '../frozen.js'
import { curvature, type GradientAt } from '../math/curvature.js'
import { norm } from '../math/dense.js'

const quantities = {
  sharpness: {
    label: 'Largest eigenvalue of the Hessian',
    symbol: 'λ_max',
    unit: '',
    formula:
      'Largest algebraic eigenvalue of the Hessian of the training objective, penalties included, on a fixed batch with fixed statistics of batch norm; by Lanczos on (g(w + εv) - g(w - εv)) / 2ε',
    source:
      'Nar and Sastry 2018, "Residual networks: Lyapunov stability and convex decomposition", for why; Lanczos: Golub and Van Loan, section 10.3',
  },
  smallest: {
    label: 'Smallest eigenvalue of the Hessian',
    symbol: 'λ_min',
    unit: '',
    formula: 'Smallest algebraic eigenvalue, where it converged as well',
    source: 'As the largest',
  },
  rateTimesSharpness: {
    label: 'Learning rate times largest eigenvalue',
    symbol: 'η λ_max',
    unit: '',
    formula: 'Learning rate of the schedule at this step, times λ_max',
    source: 'Nar and Sastry 2018',
  },
  limit: {
    label: 'Limit of stability',
    symbol: '',
    unit: '',
    formula:
      'Largest η λ for which the update is stable on a quadratic with curvature λ: 2 (1 + m) for momentum SGD, 2 (1 + m) / (1 + 2m) for Nesterov; none for Adam, or with clipping',
    source: 'Polyak 1964 for momentum; Nesterov in the form of PyTorch: derived (docs/lab.md)',
  },
  atHalf: {
    label: 'Largest eigenvalue with half the finite-difference step',
    symbol: 'λ_max (ε/2)',
    unit: '',
    formula: "x'Hx at the same vector, with ε/2",
    source: 'Retrace',
  },
  difference: {
    label: 'Difference between the two estimates',
    symbol: '',
    unit: 'relative',
    formula: '|λ(ε) - λ(ε/2)| / |λ(ε)|',
    source: 'Retrace',
  },
  residual: { label: 'Residual', symbol: '', unit: 'relative', formula: '|H x - λ x| / |λ|', source: 'Golub and Van Loan, section 10.3' },
  iterations: { label: 'Hessian-vector products', symbol: '', unit: '', formula: 'Each takes two gradients', source: 'Retrace' },
  gradientNorm: { label: 'Norm of the gradient', symbol: '|g|', unit: '', formula: 'Of the objective at these weights', source: 'Retrace' },
} as const

/** Images whose activations are held at once; with fixed statistics the gradient of a batch is the mean of those of its parts. */
const PART = 8

/** Beyond it the two widths disagree, so that neither is given as the eigenvalue. */
const AGREE = 0.1

/** Gradient of the objective as a function of the trained parameters, put in a row. */
function gradientOf(
  context: LabContext<unknown>,
  statistics: Named,
  images: Tensor,
  labels: Tensor,
): { place: Float64Array; gradient: GradientAt } {
  const { network, config, params } = context
  const trained = network.parameters.filter(({ inStage }) => !(config.frozenStages && inStage))
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

/** The limit that the optimizer has on a quadratic, and why there is one or none. */
function limitOf({ optimizer: id, momentum, clipNorm }: Pick<RunConfig, 'optimizer' | 'momentum' | 'clipNorm'>): {
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

export const hessian = defineDiagnostic({
  id: 'hessian',
  title: 'Sharpness',
  section: 'stability',
  rank: 6,
  question: 'How sharp is the loss, and how close is the learning rate to the stability limit?',
  limits:
    'Measured on one fixed batch with fixed batch norm statistics. Mini-batches shift the limit, and there is no known limit for Adam or with gradient clipping. Finite differences are wrong across a kink of ReLU; the estimates with the two step widths then disagree. Exceeding the limit does not always mean divergence.',
  quantities,
  options: {
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
  },
  work: (_target, { images, iterations }) => ({ passes: 6 * (iterations + 2), images }),
  refuse: () => null,
  async *run(context, findings) {
    const { options, config, network, step } = context
    const frozen = freeze(context, options.images, findings)
    const { images, labels } = batchTensors(context, context.data.sample(options.images))
    const { place, gradient } = gradientOf(context, frozen.pass.statistics, images, labels)
    yield { message: 'gradient', fraction: 0 }
    const gradientNorm = norm(gradient(place))
    yield { message: `up to ${options.iterations} Hessian-vector products`, fraction: 0.05 }
    const found = curvature(gradient, place, {
      epsilon: options.differenceStep,
      iterations: options.iterations,
      tolerance: options.eigenvalueTolerance,
      seed: config.seed,
    })
    findings.note(
      `Objective including penalties on a fixed batch of ${frozen.count} training images, over ${place.length.toLocaleString('en-US')} trained parameters${network.config.frozenStages ? ' (the stages are frozen)' : ''}.`,
    )
    findings.say('gradientNorm', gradientNorm)
    if (found.largest === null || found.atHalf === null) {
      findings.warn(`The largest eigenvalue did not converge in ${found.iterations} products. Increase the iterations or the tolerance.`)
      return
    }
    const rate = learningRateAt(config, step)
    const limit = limitOf(config)
    const difference = Math.abs(found.largest - found.atHalf) / Math.abs(found.largest)
    const sure = difference <= AGREE
    findings.say('sharpness', sure ? found.largest : null)
    findings.say('rateTimesSharpness', sure ? rate * found.largest : null)
    findings.say('limit', limit.value)
    findings.table('curvature', 'Curvature of the objective', {
      sharpness: [found.largest],
      smallest: [found.smallest],
      atHalf: [found.atHalf],
      difference: [difference],
      residual: [found.residual / Math.abs(found.largest)],
      iterations: [found.iterations],
      rateTimesSharpness: [sure ? rate * found.largest : null],
      limit: [limit.value],
      gradientNorm: [gradientNorm],
    })
    findings.note(limit.why)
    findings.note(`${found.iterations} Hessian-vector products, each from two gradients.`)
    if (!sure)
      findings.warn(
        `No eigenvalue is reported: with half the finite-difference step it is ${found.atHalf.toPrecision(3)} instead of ${found.largest.toPrecision(3)}. The perturbation crosses kinks of the activation (padded channels of an untrained network lie exactly on those of ReLU), or rounding dominates. Try another step.`,
      )
  },
})
