import { defineDiagnostic } from '../diagnostic.js'
import { differenceOf, measureSharpness, sharpnessOptions } from '../sharpness.js'

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
    formula: 'Smallest algebraic eigenvalue, if it also converged',
    source: 'Same as for the largest',
  },
  rateTimesSharpness: {
    label: 'Learning rate times largest eigenvalue',
    symbol: 'η λ_max',
    unit: '',
    formula: 'Learning rate of the schedule at this step times λ_max',
    source: 'Nar and Sastry 2018',
  },
  limit: {
    label: 'Limit of stability',
    symbol: '',
    unit: '',
    formula:
      'Largest η λ for which the update is stable on a quadratic with curvature λ: 2 (1 + m) for momentum SGD, 2 (1 + m) / (1 + 2m) for Nesterov; none for Adam or with clipping',
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
  iterations: { label: 'Hessian-vector products', symbol: '', unit: '', formula: 'Each one takes two gradients', source: 'Retrace' },
  gradientNorm: {
    label: 'Norm of the gradient',
    symbol: '|g|',
    unit: '',
    formula: 'Norm of the gradient of the objective at these weights',
    source: 'Retrace',
  },
} as const

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
    ...sharpnessOptions,
  },
  work: (_target, { images, iterations }) => ({ passes: 6 * (iterations + 2), images }),
  refuse: () => null,
  async *run(context, findings) {
    const { options, network } = context
    yield { message: `up to ${options.iterations} Hessian-vector products`, fraction: 0 }
    const {
      curvature: found,
      gradientNorm,
      parameters,
      images,
      sure,
      sharpness,
      rateTimesSharpness,
      limit,
    } = measureSharpness(context, findings)
    findings.note(
      `Objective including penalties on a fixed batch of ${images} training images, over ${parameters.toLocaleString('en-US')} trained parameters${network.config.frozenStages ? ' (the stages are frozen)' : ''}.`,
    )
    findings.say('gradientNorm', gradientNorm)
    if (found.largest === null || found.atHalf === null) {
      findings.warn(`The largest eigenvalue did not converge in ${found.iterations} products. Increase the iterations or the tolerance.`)
      return
    }
    findings.say('sharpness', sharpness)
    findings.say('rateTimesSharpness', rateTimesSharpness)
    findings.say('limit', limit.value)
    findings.table('curvature', 'Curvature of the objective', {
      sharpness: [found.largest],
      smallest: [found.smallest],
      atHalf: [found.atHalf],
      difference: [differenceOf(found.largest, found.atHalf)],
      residual: [found.residual / Math.abs(found.largest)],
      iterations: [found.iterations],
      rateTimesSharpness: [rateTimesSharpness],
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
