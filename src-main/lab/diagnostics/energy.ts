import { clone, tidy } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { field } from '../../contract/config.js'
import { statisticsOption } from '../../contract/instruments.js'
import { release, type Pair } from '../../numeric/tensors.js'
import { defineDiagnostic } from '../diagnostic.js'
import { energy as energyOf, energyForm, type EnergyForm } from '../energy.js'
import { freeze, imagesOption, normalised, through, unitsOf, visitedUnits, walk } from '../frozen.js'
import { PLACES } from '../places.js'

const SOURCE = 'Chang et al. 2018, section "Hamiltonian networks"; energies of the layers derived (docs/lab.md)'

const quantities = {
  ...PLACES,
  energyBefore: {
    label: 'Energy before the unit',
    symbol: 'H_j(x_j)',
    unit: 'per image',
    formula:
      'With S′ = s, S(0) = 0. Hamiltonian: Σ S(K₁Z + b₁) + Σ S(K₂Y + b₂); leapfrog: |V/h|²/2 + Σ S(KY + b); midpoint: Σ S((K - Kᵀ)Y + b). Mean over images',
    source: SOURCE,
  },
  energyAfter: {
    label: 'Energy after the unit, with the same layers',
    symbol: 'H_j(x_{j+1})',
    unit: 'per image',
    formula: 'Same as before the unit, evaluated at its output',
    source: SOURCE,
  },
  change: {
    label: 'Energy change across the unit',
    symbol: '',
    unit: 'relative',
    formula: '(H_j(x_{j+1}) - H_j(x_j)) / H_j(x_j), of the means over images',
    source: SOURCE,
  },
  step: {
    label: 'Steps of the frozen unit',
    symbol: 'n',
    unit: 'steps',
    formula: 'Number of times the unit was applied',
    source: 'Retrace',
  },
  deviation: {
    label: 'Relative energy change of the frozen unit',
    symbol: 'H_n / H_0 - 1',
    unit: 'relative',
    formula: 'Mean energy over images after n steps of the same unit, divided by the initial mean energy, minus 1',
    source: 'Hairer, Lubich and Wanner 2006, "Geometric numerical integration", section I.5: it oscillates by O(h) and does not drift',
  },
  largestDeviation: {
    label: 'Largest relative energy change of a frozen unit',
    symbol: '',
    unit: 'relative',
    formula: 'max |H_n / H_0 - 1| over the steps',
    source: 'Retrace',
  },
} as const

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

export const energy = defineDiagnostic({
  id: 'energy',
  title: 'Energy',
  section: 'stability',
  rank: 3,
  question: 'Do frozen layers conserve energy, or does it drift?',
  limits:
    'Each unit has its own energy, because kernels change from unit to unit. An O(h) oscillation comes from the integrator and is not an error; a drift is. Networks whose force is not a gradient have no such energy.',
  quantities,
  options: {
    images: imagesOption(8, 256, 'Number of training images whose states are tracked.'),
    statistics: statisticsOption,
    frozenSteps: field(z.int().min(1).max(10_000).default(100), {
      group: 'Evaluation',
      label: 'Steps of a frozen unit',
      unit: 'steps',
      help: 'Number of times the middle unit of each stage is applied.',
    }),
  },
  work: (target, { images, frozenSteps }) => ({
    passes: 3 + (frozenSteps * 3 * target.network.stages.length) / Math.max(1, visitedUnits(target)),
    images,
  }),
  refuse(target) {
    const { network } = target
    const { dynamics, stages } = network
    const [unit] = unitsOf(stages[0]!.substeps)
    if (!unit || energyForm(dynamics, unit) === null)
      return `${dynamics.label} has no conserved energy: its force is not the gradient of a known potential.`
    return normalised(target)
      ? 'Batch norm scales the input of the layers of this network, so the force is not a gradient and no energy is conserved.'
      : null
  },
  async *run(context, findings) {
    const { network, options } = context
    const { activation } = network.config
    const frozen = freeze(context, options.images, findings)
    const count = visitedUnits(context)
    const rows: { stage: number; unit: number; depth: number; before: number; after: number }[] = []
    const frozenRows: { stage: number; unit: number; step: number; deviation: number }[] = []
    const form: EnergyForm = energyForm(network.dynamics, unitsOf(network.stages[0]!.substeps)[0]!)!
    for (const { stage, unit, depth, sweep, substeps, pair } of walk(frozen.pass, frozen.images)) {
      yield { message: `energy of unit ${rows.length + 1} of ${count}`, fraction: rows.length / count }
      const at = (state: Pair): number => mean(energyOf(form, sweep, substeps, state, activation))
      const after = through(sweep, substeps, pair)
      rows.push({ stage, unit, depth, before: at(pair), after: at(after) })
      release(after, pair)
      const { units } = network.stages[stage]!
      if (unit !== Math.floor((units - 1) / 2)) continue
      const start = rows.at(-1)!.before
      let own = tidy(() => pair.map((state) => clone(state))) as unknown as Pair
      for (let step = 0; step <= options.frozenSteps; step++) {
        frozenRows.push({ stage, unit, step, deviation: at(own) / start - 1 })
        const next = through(sweep, substeps, own)
        release(own, next)
        own = next
      }
      release(own)
    }
    findings.table('units', 'By unit', {
      depth: rows.map(({ depth }) => depth + 1),
      stage: rows.map(({ stage }) => stage + 1),
      unit: rows.map(({ unit }) => unit + 1),
      energyBefore: rows.map(({ before }) => before),
      energyAfter: rows.map(({ after }) => after),
      change: rows.map(({ before, after }) => after / before - 1),
    })
    findings.table('frozen', 'Middle unit of each stage, applied repeatedly', {
      stage: frozenRows.map(({ stage }) => stage + 1),
      unit: frozenRows.map(({ unit }) => unit + 1),
      step: frozenRows.map(({ step }) => step),
      deviation: frozenRows.map(({ deviation }) => deviation),
    })
    findings.say('largestDeviation', Math.max(...frozenRows.map(({ deviation }) => Math.abs(deviation))))
    findings.line({
      title: 'Energy of each unit before and after its step',
      table: 'units',
      x: 'depth',
      y: ['energyBefore', 'energyAfter'],
      by: null,
      marks: [],
    })
    findings.line({
      title: 'Energy change of a frozen unit',
      table: 'frozen',
      x: 'step',
      y: ['deviation'],
      by: 'stage',
      marks: [{ axis: 'y', value: 0, label: 'kept' }],
    })
    findings.note(`Form: ${form}. On ${frozen.count} training images; energies are sums of float32 values in double precision.`)
    findings.note('An oscillation proportional to h comes from the integrator, which conserves a nearby energy; a drift would be an error.')
  },
})
