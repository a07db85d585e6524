import type { StepMetric } from '../metrics.js'

export const metric: StepMetric = {
  key: 'train/gradientNorm',
  label: 'Gradient norm',
  unit: '',
  section: 'Training',
  part: 'train',
  logarithmic: true,
  diverges: 'gradient norm',
  glossary: {
    term: 'Gradient norm',
    definition: 'Euclidean norm of the gradient of the training objective by all parameters together, before clipping.',
    symbol: '|g|',
    formula: 'sqrt(sum over parameters of g^2)',
    good: 'Falls slowly or stays level. Spikes precede divergence; clipping limits them.',
    source: 'numeric/train-step.ts; configuration key clipNorm',
    see: ['Objective'],
  },
}
