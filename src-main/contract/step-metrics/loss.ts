import type { StepMetric } from '../metrics.js'

export const metric: StepMetric = {
  key: 'train/loss',
  label: 'Training loss (cross-entropy)',
  short: 'Training loss',
  unit: 'nats',
  section: 'Loss',
  part: 'train',
  better: 'lower',
  diverges: 'loss',
}
