import { tensor, tidy, tile } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { field } from '../../contract/config.js'
import { middleOf } from '../../contract/sample.js'
import { statisticsOption } from '../../contract/instruments.js'
import { head, stem } from '../../numeric/pass.js'
import { release } from '../../numeric/tensors.js'
import { vjp } from '../../numeric/vjp.js'
import { defineDiagnostic, type LabContext } from '../diagnostic.js'
import type { Findings } from '../findings.js'
import { flatUnit } from '../flat.js'
import { batchTensors, freeze, imagesOption, oneImage, visitedUnits, walk, type Frozen } from '../frozen.js'
import { integratorOf } from '../integrator.js'
import { product, transposedProduct, type StateMap } from '../jacobian.js'
import { dot, orthonormalise, square as squareMatrix, symmetricEigen } from '../../numeric/dense.js'
import { golubKahan } from '../math/krylov.js'
import { directions, gradientsBack, growthThroughStages, tangents, throughStages } from '../perturbations.js'
import { PLACES } from '../places.js'
import { freeing } from '../scope.js'
import { unitSpectrum } from '../unit-spectrum.js'

const LYAPUNOV = 'Benettin et al. 1980 (exponents by orthonormalisation); Haber and Ruthotto 2017, section 2, for their meaning in networks'

const quantities = {
  ...PLACES,
  forward: {
    label: 'Growth of perturbations within the stage',
    symbol: '|δ_j| / |δ_0|',
    unit: 'ratio',
    formula:
      'Norm of J_j ... J_1 δ divided by that of δ: root mean square over random perturbations δ of the state at the start of the stage (the pair, if units keep one)',
    source: LYAPUNOV,
  },
  backward: {
    label: 'Norm of the gradient of the loss with respect to the state',
    symbol: '|∂L/∂Y_j| / |∂L/∂Y_N|',
    unit: 'ratio',
    formula:
      'Norm, over the images, of the gradient of the mean cross-entropy with respect to the state that enters the unit (the pair, if the unit keeps one), divided by that with respect to the state after the last unit',
    source: 'Chang et al. 2018, section "Stability"; Haber and Ruthotto 2017',
  },
  exponent: {
    label: 'Finite-time Lyapunov exponent',
    symbol: 'λ_i',
    unit: 'per unit',
    formula:
      '(1/N) Σ_j log r_ii of the QR decompositions of J_j Q_{j-1} = Q_j R_j through the N units of the stage, at one image; the largest first',
    source: LYAPUNOV,
  },
  order: { label: 'Exponent', symbol: 'i', unit: '', formula: 'Counted from 1, the largest exponent', source: LYAPUNOV },
  frozenExponent: {
    label: 'Exponent predicted by the frozen spectrum',
    symbol: '(1/N) Σ log ρ_j',
    unit: 'per unit',
    formula:
      'Mean, over the units of the stage, of the logarithm of the spectral radius of the frozen unit; 0 if every eigenvalue lies in the stability region',
    source: 'Retrace; see the diagnostic spectrum',
  },
  growthMedian: {
    label: 'Growth of a perturbation through all stages, median',
    symbol: '|δ_N| / |δ_0|',
    unit: 'ratio',
    formula:
      'Change of the state after the last unit divided by the random change of the state that enters the first, which is 1e-4 of that state (root mean square over the images): median over images and directions',
    source: 'Haber and Ruthotto 2017, section 2',
  },
  growthLargest: {
    label: 'Growth of a perturbation through all stages, largest',
    symbol: 'max |δ_N| / |δ_0|',
    unit: 'ratio',
    formula: 'Same as the median: the largest over images and directions',
    source: 'Haber and Ruthotto 2017, section 2',
  },
  largestSingular: {
    label: 'Largest singular value through all stages',
    symbol: 'σ_max',
    unit: '',
    formula:
      'Largest singular value of the Jacobian of the state after the last unit with respect to the state that enters the first, at one image; by Golub-Kahan',
    source: 'Golub and Van Loan, "Matrix computations", section 10.4',
  },
  logitSingular: {
    label: 'Largest singular value from image to logits',
    symbol: 'σ_max',
    unit: '',
    formula: 'Largest singular value of the whole Jacobian of the logits with respect to the normalised image, at one image',
    source: 'Novak et al. 2018, "Sensitivity and generalization in neural networks"',
  },
  residual: {
    label: 'Residual',
    symbol: '',
    unit: 'relative',
    formula: 'Residual of the largest singular value through all stages, divided by the value',
    source: 'Golub and Van Loan, section 10.4',
  },
} as const

type Rows = Findings<typeof quantities>

interface StageGrowth {
  /** Logarithms of the diagonal of R, summed over the units. */
  logs: Float64Array
  units: number
  frozen: number
  frozenUnits: number
}

export const sensitivity = defineDiagnostic({
  id: 'sensitivity',
  title: 'Sensitivity',
  section: 'stability',
  rank: 2,
  question: 'How much do small perturbations grow in the forward pass, and gradients in the backward pass?',
  limits:
    'A linearisation at one or a few images: it describes infinitesimal perturbations, not whether predictions change. Only the leading exponents are computed. The frozen spectrum is shown for comparison and ignores that kernels vary between units and do not commute.',
  quantities,
  options: {
    images: imagesOption(
      8,
      128,
      'Number of training images for the gradients, the batch norm statistics and the growth through all stages; perturbations of single units are computed at the first image.',
    ),
    statistics: statisticsOption,
    directions: field(z.int().min(1).max(32).default(4), {
      group: 'Evaluation',
      label: 'Directions',
      help: 'Number of perturbations and of Lyapunov exponents.',
    }),
    iterations: field(z.int().min(5).max(200).default(25), {
      group: 'Evaluation',
      label: 'Iterations',
      help: 'Maximum number of Krylov iterations, for the singular value and for the frozen spectrum of each unit.',
    }),
    eigenvalueTolerance: field(z.number().min(1e-6).max(0.5).default(0.05), {
      group: 'Evaluation',
      label: 'Tolerance of the residual',
      unit: 'relative',
      help: 'A value is reported when its relative residual is below this.',
    }),
    frozenSpectrum: field(z.boolean().default(true), {
      group: 'Evaluation',
      label: 'Compare with the frozen spectrum',
      help: 'Also computes the spectral radius of every unit; takes about as long as the rest.',
    }),
  },
  work: (_target, { images, directions: followed, iterations, frozenSpectrum }) => ({
    passes: 5 + followed + (8 * followed + (frozenSpectrum ? 12 : 8) * iterations) / images,
    images,
  }),
  refuse: ({ network }) =>
    network.stages.every(({ substeps }) => substeps.length === 0)
      ? 'Every unit of this network widens, so perturbations cannot be compared between units.'
      : null,
  async *run(context, findings) {
    const { options, config } = context
    const frozen = freeze(context, options.images, findings)
    const count = visitedUnits(context)
    const stages = new Map<number, StageGrowth>()
    const growth: { stage: number; unit: number; depth: number; forward: number }[] = []
    let basis: Float64Array[] = []
    let followed: Float64Array[] = []
    for (const visited of walk(frozen.pass, oneImage(frozen))) {
      yield { message: `perturbations through unit ${growth.length + 1} of ${count}`, fraction: (0.5 * growth.length) / count }
      const { stage, unit, depth } = visited
      const { state, map } = flatUnit(visited)
      if (!stages.has(stage)) {
        basis = directions(state.size, options.directions, config.seed, stage)
        followed = basis.map((row) => row.slice())
        stages.set(stage, { logs: new Float64Array(basis.length), units: 0, frozen: 0, frozenUnits: 0 })
      }
      const own = stages.get(stage)!
      const moved = tangents(map, state, [...basis, ...followed])
      state.dispose()
      basis = moved.slice(0, basis.length)
      followed = moved.slice(basis.length)
      growth.push({ stage, unit, depth, forward: Math.sqrt(followed.reduce((sum, row) => sum + dot(row, row), 0) / followed.length) })
      orthonormalise(basis).forEach((length, at) => (own.logs[at] = own.logs[at]! + Math.log(length)))
      own.units++
      const integrator = integratorOf(visited.substeps)
      if (!options.frozenSpectrum || !integrator) continue
      const spectrum = unitSpectrum(visited, { iterations: options.iterations, tolerance: options.eigenvalueTolerance, seed: config.seed })
      if (!spectrum.converged || !spectrum.z.length) continue
      own.frozen += Math.log(Math.max(...spectrum.z.map(integrator.growth)))
      own.frozenUnits++
    }
    yield { message: 'gradients back', fraction: 0.6 }
    const { labels } = batchTensors(context, context.data.sample(options.images))
    const back = gradientsBack(frozen, labels)
    const backward = growth.map(
      ({ stage, unit }) => back.norms.find((each) => each.stage === stage && each.unit === unit)!.norm / back.last,
    )
    reportGrowth(findings, growth, backward, stages)

    yield { message: 'perturbations through all stages', fraction: 0.7 }
    const growths = growthThroughStages(frozen, { count: options.directions, seed: config.seed }).sort((a, b) => a - b)
    findings.say('growthMedian', middleOf(growths))
    findings.say('growthLargest', growths.at(-1)!)

    yield { message: 'singular values', fraction: 0.75 }
    singularValues(context, frozen, findings)
    findings.note(`Gradients on ${frozen.count} training images; ${options.directions} perturbations at the first image.`)
  },
})

function reportGrowth(
  findings: Rows,
  growth: { stage: number; unit: number; depth: number; forward: number }[],
  backward: number[],
  stages: ReadonlyMap<number, StageGrowth>,
): void {
  findings.table('units', 'By unit', {
    depth: growth.map(({ depth }) => depth + 1),
    stage: growth.map(({ stage }) => stage + 1),
    unit: growth.map(({ unit }) => unit + 1),
    forward: growth.map(({ forward }) => forward),
    backward,
  })
  const rows = [...stages].flatMap(([stage, { logs, units, frozen, frozenUnits }]) => {
    const exponents = [...logs].map((sum) => sum / units).sort((a, b) => b - a)
    return exponents.map((exponent, at) => ({ stage, at, exponent, frozen: frozenUnits === units ? frozen / units : null }))
  })
  findings.table('exponents', 'Lyapunov exponents by stage', {
    stage: rows.map(({ stage }) => stage + 1),
    order: rows.map(({ at }) => at + 1),
    exponent: rows.map(({ exponent }) => exponent),
    frozenExponent: rows.map(({ frozen }) => frozen),
  })
  findings.say('exponent', Math.max(...rows.map(({ exponent }) => exponent)))
  findings.line({
    title: 'Growth of perturbations over depth',
    table: 'units',
    x: 'depth',
    y: ['forward'],
    by: 'stage',
    logY: true,
    marks: [{ axis: 'y', value: 1, label: 'initial size' }],
  })
  findings.line({
    title: 'Gradient norm over depth',
    table: 'units',
    x: 'depth',
    y: ['backward'],
    by: null,
    logY: true,
    marks: [{ axis: 'y', value: 1, label: 'size at the output' }],
  })
  findings.line({
    title: 'Finite-time Lyapunov exponents',
    table: 'exponents',
    x: 'order',
    y: ['exponent', 'frozenExponent'],
    by: 'stage',
    marks: [{ axis: 'y', value: 0, label: 'neutral' }],
  })
  if (rows.some(({ frozen }) => frozen === null))
    findings.note('The frozen spectrum is missing for a stage if it was disabled or did not converge in every unit.')
}

function singularValues(context: LabContext<{ iterations: number; eigenvalueTolerance: number }>, frozen: Frozen, findings: Rows): void {
  const { options, config, network } = context
  const { pass } = frozen
  const x = oneImage(frozen)
  const entering = tidy(() => stem(pass, x, false))
  const map: StateMap = (state) => throughStages(pass, state)
  const end = tidy(() => map(entering).clone())
  const found = golubKahan(
    {
      rows: end.size,
      columns: entering.size,
      apply: (v) => product(map, entering, v),
      adjoint: (u) => transposedProduct(map, entering, u, end.shape),
    },
    { iterations: options.iterations, tolerance: options.eigenvalueTolerance, seed: config.seed },
  )
  const [largest] = found.found
  if (found.converged && largest) {
    findings.say('largestSingular', largest.value)
    findings.say('residual', largest.residual / largest.value)
    findings.note(`The singular value through all stages took ${2 * found.iterations} products.`)
  } else
    findings.warn(
      `The largest singular value through all stages did not converge in ${2 * found.iterations} products. Increase the iterations or the tolerance.`,
    )

  const { classes } = network.config
  const logits: StateMap = (images) => head(pass, throughStages(pass, stem(pass, images, false)), false)
  const many = tidy(() => tile(x, [classes, 1, 1, 1]))
  const rows = freeing(() => {
    const units = new Float32Array(classes * classes)
    for (let at = 0; at < classes; at++) units[at * classes + at] = 1
    return vjp(() => logits(many), [many], tensor(units, [classes, classes]))[0]!.dataSync()
  })
  const gram = squareMatrix(classes)
  const size = rows.length / classes
  const row = (at: number): Float64Array => Float64Array.from(rows.subarray(at * size, (at + 1) * size))
  for (let i = 0; i < classes; i++)
    for (let j = 0; j <= i; j++) gram.data[i * classes + j] = gram.data[j * classes + i] = dot(row(i), row(j))
  findings.say('logitSingular', Math.sqrt(Math.max(0, symmetricEigen(gram).values.at(-1)!)))
  release([x, entering, end, many])
}
