import { z } from 'zod'
import { field } from '../../contract/config.js'
import { statisticsOption } from '../../contract/instruments.js'
import { defineDiagnostic, type LabTarget } from '../diagnostic.js'
import { freeze, imagesOption, oneImage, visitedUnits, walk, type VisitedUnit } from '../frozen.js'
import { integratorOf, type Integrator } from '../integrator.js'
import { modulus } from '../math/eigenvalues.js'
import type { KrylovOptions } from '../math/krylov.js'
import { PLACES } from '../places.js'
import { unitSpectrum, type UnitSpectrum } from '../unit-spectrum.js'

const SCHEMES = 'Chang et al. 2018, section "Architectures"; Haber and Ruthotto 2017, section 2'

const quantities = {
  ...PLACES,
  real: {
    label: 'Real part of step size times eigenvalue',
    symbol: 'Re z',
    unit: '',
    formula:
      'z = h λ for one force with the Jacobian J at the state of one image (λ of J; for leapfrog z² = -h² λ), and z² = g₁ g₂ λ(J₁ J₂) for two coupled ones with gains g (±h)',
    source: SCHEMES,
  },
  imaginary: {
    label: 'Imaginary part of step size times eigenvalue',
    symbol: 'Im z',
    unit: '',
    formula: 'Same as for the real part',
    source: SCHEMES,
  },
  largest: {
    label: 'Largest step size times eigenvalue',
    symbol: 'max |z|',
    unit: '',
    formula: 'max |z| over the computed eigenvalues; on the imaginary axis, this is h ω of the fastest oscillation',
    source: SCHEMES,
  },
  rightmost: {
    label: 'Largest real part',
    symbol: 'max Re z',
    unit: '',
    formula: 'max Re z over the computed eigenvalues; above 0, the frozen dynamics itself grows',
    source: SCHEMES,
  },
  margin: {
    label: 'Stability margin',
    symbol: '',
    unit: 'relative',
    formula:
      '1 - max |z| / limit, where the stable z lie on the imaginary axis (limit 2 for Hamiltonian, RevNet and leapfrog, 1 for midpoint); 1 - max |1 + z| for forward Euler. Negative outside the stability region',
    source: SCHEMES,
  },
  growth: {
    label: 'Growth per linearised unit',
    symbol: 'ρ',
    unit: 'per unit',
    formula:
      'Largest modulus of an eigenvalue of the linearised map of the unit: roots of μ² - (2 + z²) μ + 1, of μ² - 2 z μ - 1 (midpoint), or 1 + z (forward Euler)',
    source: 'Hairer, Lubich and Wanner 2006, "Geometric numerical integration", section I.5',
  },
  form: {
    label: 'Form',
    symbol: '',
    unit: '',
    formula:
      'singular values of D₁^½ K₁ K₂ᵀ D₂^½ (Golub-Kahan); eigenvalues of Kᵀ D K (Lanczos); of the skew D^½ (K - Kᵀ) D^½ by its negative square (Lanczos); or of the Jacobian itself (Arnoldi). D: slopes of the activation',
    source: 'Golub and Van Loan, "Matrix computations", chapter 10',
  },
  iterations: {
    label: 'Matrix-vector products',
    symbol: '',
    unit: '',
    formula: 'Products until the largest eigenvalue converged; 0 if the dense matrix was used',
    source: 'Retrace',
  },
  residual: {
    label: 'Residual of the largest eigenvalue',
    symbol: '',
    unit: 'relative',
    formula: '|A x - θ x| / |θ| with the unit Ritz vector x, where θ is the eigenvalue or singular value of the map A',
    source: 'Golub and Van Loan, "Matrix computations", chapter 10',
  },
  negativeGammas: {
    label: 'Negative batch norm scales',
    symbol: '',
    unit: '',
    formula: 'Number of negative gammas in the unit, which make a symmetric layer nonsymmetric',
    source: 'Retrace',
  },
} as const

/** Why the integrator of a network is not supported; null if it is. */
function refuseUnknownIntegrator({ network }: Pick<LabTarget, 'network'>): string | null {
  const [unit] = network.stages.flatMap(({ substeps }) =>
    substeps.length ? [substeps.filter(({ unit: name }) => name === substeps[0]!.unit)] : [],
  )
  if (!unit) return 'Every unit of this network widens, so its Jacobian is not square and has no eigenvalues.'
  return integratorOf(unit) ? null : `${network.dynamics.label} uses an integrator whose stability region is not known.`
}

export const spectrum = defineDiagnostic({
  id: 'spectrum',
  title: 'Jacobian spectrum',
  section: 'stability',
  rank: 1,
  question: 'Is the network stable: do the eigenvalues of its dynamics lie in the stability region of the integrator?',
  limits:
    'Each unit is linearised separately at the state of one image. Because kernels vary with depth, eigenvalues on the imaginary axis do not bound the growth through several units; see `sensitivity`. Eigenvalues of a non-normal Jacobian do not bound transient growth either. For large layers only the outermost eigenvalues are computed.',
  quantities,
  options: {
    images: imagesOption(
      32,
      1000,
      'Number of training images for the batch norm statistics; the dynamics is linearised at the first image.',
    ),
    statistics: statisticsOption,
    iterations: field(z.int().min(5).max(500).default(60), {
      group: 'Evaluation',
      label: 'Iterations',
      help: 'Maximum number of Krylov iterations per unit. Units that do not converge are left out with a warning.',
    }),
    eigenvalueTolerance: field(z.number().min(1e-6).max(0.2).default(0.01), {
      group: 'Evaluation',
      label: 'Tolerance of the residual',
      unit: 'relative',
      help: 'Eigenvalues are reported when their residual, relative to the largest eigenvalue, is below this.',
    }),
  },
  work(target, { iterations }) {
    // A product costs about as much as three passes through the unit, each with one force, for one image.
    return { passes: 4 * iterations + visitedUnits(target) / 10, images: 1 }
  },
  refuse: refuseUnknownIntegrator,
  async *run(context, findings) {
    const { network, options, config } = context
    const frozen = freeze(context, options.images, findings)
    const count = visitedUnits(context)
    const krylov: KrylovOptions = { iterations: options.iterations, tolerance: options.eigenvalueTolerance, seed: config.seed }
    const rows: {
      unit: Pick<VisitedUnit, 'stage' | 'unit' | 'depth'>
      integrator: Integrator
      spectrum: UnitSpectrum
      negative: number
    }[] = []
    for (const unit of walk(frozen.pass, oneImage(frozen))) {
      yield { message: `eigenvalues of unit ${rows.length + 1} of ${count}`, fraction: rows.length / count }
      const { stage, unit: at, depth, substeps } = unit
      const negative = network.parameters
        .filter(({ name, kind }) => kind === 'gamma' && name.startsWith(`${substeps[0]!.unit}/`))
        .reduce((sum, { name }) => sum + context.params[name]!.dataSync().filter((gamma) => gamma < 0).length, 0)
      rows.push({ unit: { stage, unit: at, depth }, integrator: integratorOf(substeps)!, spectrum: unitSpectrum(unit, krylov), negative })
    }
    const sound = rows.filter(({ spectrum: { converged } }) => converged)
    const of = <T>(value: (row: (typeof rows)[number]) => T): (T | null)[] =>
      rows.map((row) => (row.spectrum.converged ? value(row) : null))
    const largest = (row: (typeof rows)[number]): number => Math.max(...row.spectrum.z.map(modulus), 0)
    const rightmost = (row: (typeof rows)[number]): number => Math.max(...row.spectrum.z.map(({ re }) => re))
    const growth = (row: (typeof rows)[number]): number => Math.max(...row.spectrum.z.map(row.integrator.growth))
    const margin = (row: (typeof rows)[number]): number =>
      row.integrator.limit === null ? 1 - growth(row) : 1 - largest(row) / row.integrator.limit
    findings.table('units', 'By unit', {
      depth: rows.map(({ unit }) => unit.depth + 1),
      stage: rows.map(({ unit }) => unit.stage + 1),
      unit: rows.map(({ unit }) => unit.unit + 1),
      largest: of(largest),
      rightmost: of(rightmost),
      margin: of(margin),
      growth: of(growth),
      negativeGammas: rows.map(({ negative }) => negative),
      iterations: rows.map(({ spectrum: { iterations } }) => iterations),
      residual: rows.map(({ spectrum: { residual } }) => residual),
      form: rows.map(({ spectrum: { form } }) => form),
    })
    const { integrator } = rows[0]!
    findings.note(`${integrator.name}: stable where ${integrator.region}. Linearised at one training image.`)
    for (const form of new Set(rows.map(({ spectrum: { form: used } }) => used))) {
      const units = rows.filter(({ spectrum: { form: used } }) => used === form).length
      findings.note(`${form}: ${units} of ${rows.length} units.`)
    }
    const negative = rows.reduce((sum, row) => sum + row.negative, 0)
    if (rows.some(({ unit }) => unit.depth >= 0) && network.statistics.length > 0)
      findings.note(`${negative} batch norm scales (gamma) in these units are negative.`)
    for (const {
      unit,
      spectrum: { converged, iterations },
    } of rows)
      if (!converged)
        findings.warn(
          `Stage ${unit.stage + 1}, unit ${unit.unit + 1}: not converged after ${iterations} products and left out. Increase the iterations or the tolerance.`,
        )
    if (!sound.length) return
    findings.say('largest', Math.max(...sound.map(largest)))
    findings.say('margin', Math.min(...sound.map(margin)))
    findings.say('growth', Math.max(...sound.map(growth)))
    const points = sound.flatMap(({ unit, spectrum: { z: all } }) => all.map((each) => ({ unit, each })))
    findings.table('eigenvalues', 'Step size times eigenvalue', {
      depth: points.map(({ unit }) => unit.depth + 1),
      stage: points.map(({ unit }) => unit.stage + 1),
      unit: points.map(({ unit }) => unit.unit + 1),
      real: points.map(({ each }) => each.re),
      imaginary: points.map(({ each }) => each.im),
    })
    findings.scatter({
      title: 'Spectrum of the dynamics by depth',
      table: 'eigenvalues',
      x: 'real',
      y: 'imaginary',
      by: 'depth',
      equal: true,
      regions: [{ label: `stable for ${integrator.name}`, points: integrator.boundary }],
    })
    findings.line({
      title: 'Largest step size times eigenvalue over depth',
      table: 'units',
      x: 'depth',
      y: ['largest'],
      by: null,
      marks: integrator.limit === null ? [] : [{ axis: 'y', value: integrator.limit, label: `limit of ${integrator.name}` }],
    })
    findings.line({
      title: 'Stability margin over depth',
      table: 'units',
      x: 'depth',
      y: ['margin'],
      by: null,
      marks: [{ axis: 'y', value: 0, label: 'limit' }],
    })
  },
})
