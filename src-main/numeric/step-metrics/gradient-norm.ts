import { metric } from '../../contract/step-metrics/gradient-norm.js'
import type { StepMeasure } from '../step-metrics.js'

export const measure: StepMeasure = { key: metric.key, ofUpdate: ({ gradientNorm }) => gradientNorm }
