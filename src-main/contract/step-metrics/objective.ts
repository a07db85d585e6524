import type { StepMetric } from '../metrics.js'

export const metric: StepMetric = {
  key: 'train/total',
  label: 'Training objective (loss with penalties)',
  short: 'Training objective',
  unit: 'nats',
  section: 'Loss',
  part: 'train',
  better: 'lower',
  diverges: 'objective',
}
