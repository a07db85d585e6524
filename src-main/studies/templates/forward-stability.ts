import { z } from 'zod'
import { field } from '../../contract/config.js'
import { integratorOf } from '../../lab/integrator.js'
import { INPUTS } from '../../numeric/theory/forward-stability.js'
import { planeFlow } from '../computations/plane-flow.js'
import { verletLinear } from '../computations/verlet-linear.js'
import { numbersOption, readNumbers } from '../options.js'
import { SHARED } from '../quantities.js'
import { failures } from '../report.js'
import { defineStudy, type NewCell } from '../template.js'

const SOURCE = 'Haber and Ruthotto 2017, "Stable architectures for deep neural networks", Example 1 (recalled)'
const DERIVED = 'Derived; linear Verlet is stable for h σ < 2'

const quantities = {
  part: { label: 'Part', symbol: '', unit: '', formula: 'plane: Example 1; verlet: the linear Verlet step', source: 'Retrace' },
  kernel: { label: 'Kernel', symbol: 'K', unit: '', formula: 'plus [2 -2; 0 2], minus [-2 0; 2 -2], zero [0 -1; 1 0]', source: SOURCE },
  input: { label: 'Input', symbol: '', unit: '', formula: 'Start of the trajectory, and its kernel', source: SOURCE },
  step: { label: 'Step', symbol: 'j', unit: 'steps', formula: 'Number of layers passed so far', source: SOURCE },
  y1: { label: 'First coordinate', symbol: 'y₁', unit: '', formula: 'y ← y + h tanh(y K)', source: SOURCE },
  y2: { label: 'Second coordinate', symbol: 'y₂', unit: '', formula: 'As the first', source: SOURCE },
  distance: {
    label: 'Distance between the first two inputs',
    symbol: '|y_a - y_b|',
    unit: '',
    formula: 'Euclidean distance after each step',
    source: SOURCE,
  },
  real: { label: 'Real part of step size times eigenvalue', symbol: 'Re hλ', unit: '', formula: 'λ of K', source: SOURCE },
  imaginary: { label: 'Imaginary part of step size times eigenvalue', symbol: 'Im hλ', unit: '', formula: 'λ of K', source: SOURCE },
  growth: { label: 'Growth per linear step', symbol: '|1 + hλ|', unit: 'per step', formula: 'Above 1: unstable', source: SOURCE },
  product: { label: 'Step size times singular value', symbol: 'h σ', unit: '', formula: 'Of the linear Verlet step', source: DERIVED },
  radius: {
    label: 'Growth per linear Verlet step',
    symbol: 'ρ',
    unit: 'per step',
    formula: 'Largest modulus of the roots of μ² - (2 - (hσ)²) μ + 1',
    source: DERIVED,
  },
  norm: { label: 'Norm of the pair', symbol: '|(y, z)|', unit: '', formula: 'Starting at (1, 0): z -= hσ y; y += hσ z', source: DERIVED },
  state: SHARED.state,
} as const

const KERNEL_NAMES = ['plus', 'minus', 'zero'] as const

export const forwardStability = defineStudy({
  id: 'forward-stability',
  title: 'Forward stability',
  rank: 22,
  question: 'What happens to two nearby inputs in the forward pass, and up to which step size does Verlet keep them together?',
  limits:
    'All layers share one kernel: eigenvalues of frozen layers do not bound the growth through layers that differ. The diagnostics “Spectrum” and “Sensitivity” measure both for any network.',
  quantities,
  options: {
    h: field(z.number().positive().max(10).default(0.1), {
      group: 'Network',
      label: 'Step size h',
      help: 'Step size of Example 1.',
      source: SOURCE,
    }),
    steps: field(z.int().min(1).max(1000).default(10), {
      group: 'Network',
      label: 'Steps',
      unit: 'steps',
      help: 'Number of layers in Example 1.',
    }),
    products: numbersOption('1, 1.9, 2.1', {
      group: 'Network',
      label: 'h σ of Verlet',
      help: 'Values, separated by commas; the limit is 2.',
    }),
    verletSteps: field(z.int().min(1).max(1000).default(40), {
      group: 'Network',
      label: 'Steps of Verlet',
      unit: 'steps',
      help: 'Number of times the linear step is applied.',
    }),
  },
  expand({ h, steps, products, verletSteps }) {
    const cells: NewCell<typeof quantities>[] = KERNEL_NAMES.map((kernel) => ({
      factors: { part: 'plane', kernel },
      work: planeFlow.work({ kernel, h, steps }),
    }))
    for (const product of readNumbers('products', products, { least: 0 }))
      cells.push({ factors: { part: 'verlet', product }, work: verletLinear.work({ product, steps: verletSteps }) })
    return cells
  },
  report(outcomes, { h }, _home, findings) {
    const flows = outcomes.flatMap((outcome) => {
      const result = planeFlow.resultOf(outcome)
      return result ? [{ kernel: String(outcome.factors['kernel']), result }] : []
    })
    const places = flows.flatMap(({ kernel, result }) =>
      result.y1.flatMap((path, input) =>
        path.map((y1, step) => ({ kernel, input: `${kernel}, (${INPUTS[input]!.join(', ')})`, step, y1, y2: result.y2[input]![step]! })),
      ),
    )
    findings.table('states', 'Trajectories', {
      kernel: places.map(({ kernel }) => kernel),
      input: places.map(({ input }) => input),
      step: places.map(({ step }) => step),
      y1: places.map(({ y1 }) => y1),
      y2: places.map(({ y2 }) => y2),
    })
    findings.scatter({
      title: 'Three inputs through the layers of each kernel',
      table: 'states',
      x: 'y1',
      y: 'y2',
      by: 'kernel',
      equal: true,
      regions: [],
    })
    const apart = flows.flatMap(({ kernel, result }) => result.distance.map((distance, step) => ({ kernel, step, distance })))
    findings.table('distances', 'Distance between the first two inputs', {
      kernel: apart.map(({ kernel }) => kernel),
      step: apart.map(({ step }) => step),
      distance: apart.map(({ distance }) => distance),
    })
    findings.line({
      title: 'Distance between two nearby inputs',
      table: 'distances',
      x: 'step',
      y: ['distance'],
      by: 'kernel',
      logY: true,
      marks: [],
    })
    const values = flows.flatMap(({ kernel, result }) =>
      result.real.map((re, at) => ({ kernel, real: h * re, imaginary: h * result.imaginary[at]! })),
    )
    findings.table('eigenvalues', 'Eigenvalues', {
      kernel: values.map(({ kernel }) => kernel),
      real: values.map(({ real }) => real),
      imaginary: values.map(({ imaginary }) => imaginary),
      growth: values.map(({ real, imaginary }) => Math.hypot(1 + real, imaginary)),
    })
    const euler = integratorOf([{ keep: 0, blend: 1, gain: h }])!
    findings.scatter({
      title: 'Step size times eigenvalues, and where forward Euler is stable',
      table: 'eigenvalues',
      x: 'real',
      y: 'imaginary',
      by: 'kernel',
      equal: true,
      regions: [{ label: 'stable', points: euler.boundary }],
    })
    const verlet = outcomes.flatMap((outcome) => {
      const result = verletLinear.resultOf(outcome)
      return result ? [{ product: Number(outcome.factors['product']), result }] : []
    })
    const norms = verlet.flatMap(({ product, result }) =>
      result.norms.map((norm, step) => ({ product, step, norm, radius: result.radius })),
    )
    findings.table('verlet', 'Linear Verlet', {
      product: norms.map(({ product }) => product),
      step: norms.map(({ step }) => step),
      norm: norms.map(({ norm }) => norm),
      radius: norms.map(({ radius }) => radius),
    })
    findings.line({
      title: 'Norm of the pair under linear Verlet',
      table: 'verlet',
      x: 'step',
      y: ['norm'],
      by: 'product',
      logY: true,
      marks: [],
    })
    for (const failure of failures(outcomes)) findings.warn(failure)
  },
})
