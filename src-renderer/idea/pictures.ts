import type { ExampleRun } from '../../src-main/contract/examples.js'

/** One of the pictures that explain the idea of the paper. */
export interface IdeaPicture {
  id: 'unit' | 'memory' | 'flow' | 'spectrum' | 'comparison'
  title: string
  /** What is shown and what to try, in sentences. */
  text: string
  /** The example that is shown if this home has it. */
  role: ExampleRun['role']
  /** The untrained network that is shown otherwise; null for a comparison. */
  fresh: { preset: string; dataset: string } | null
  /** The glossary terms that the text uses. */
  terms: readonly string[]
}

const DIGITS = { preset: 'hamiltonian-quick', dataset: 'mnist' }

/** In the order in which they are presented. */
export const IDEA: readonly IdeaPicture[] = [
  {
    id: 'unit',
    title: 'Forward, and back again',
    text: 'A residual network is a differential equation, stepped once per unit. In a Hamiltonian network each step can be undone: press Play and watch an image go forward through the units and be reconstructed from the last state alone. Then raise the factor on h until the reconstruction breaks: reversible is not yet stable.',
    role: 'hamiltonian',
    fresh: DIGITS,
    terms: ['Reversibility', 'Hamiltonian network', 'Step size', 'Reconstruction error'],
  },
  {
    id: 'memory',
    title: 'Memory that does not grow with depth',
    text: 'Backpropagation needs the activations of every unit. Stored, they fill the memory in proportion to depth; reconstructed on the way back, only the last state of each stage is held, so that the memory of activations is constant. The price is about one more forward pass per step.',
    role: 'hamiltonian',
    fresh: DIGITS,
    terms: ['Activation memory', 'Reversible mode', 'Stored mode'],
  },
  {
    id: 'flow',
    title: 'A flow that separates the classes',
    text: 'Points of two spirals move along the units of a network until a straight line separates the classes. Because the dynamics can be undone, no two points ever meet: the plane is bent, not torn. Play it forward and backward; with a large factor on h the paths jump.',
    role: 'flow',
    fresh: { preset: 'mlp-hamiltonian', dataset: 'two-spirals' },
    terms: ['Flow', 'Regions', 'Unit'],
  },
  {
    id: 'spectrum',
    title: 'Why it is stable',
    text: 'The forces of a Hamiltonian network are built so that the eigenvalues of the linearised dynamics are imaginary: states oscillate, and neither explode nor vanish. As long as the step size keeps them inside the region of stability of the integrator, rounding errors stay small at any depth.',
    role: 'hamiltonian',
    fresh: DIGITS,
    terms: ['Spectrum', 'Perturbation growth', 'Step size'],
  },
  {
    id: 'comparison',
    title: 'Compared with a ResNet',
    text: 'Three seeds of a Hamiltonian network beside three seeds of a ResNet, with the same recipe: the lines are means, the bands standard deviations. In the paper both reach the same accuracy at equal size; small networks after a few steps need not, so look at the intervals before you conclude anything.',
    role: 'hamiltonian',
    fresh: null,
    terms: ['Test accuracy', 'Band', 'Interval', 'ResNet'],
  },
]
