import { metric } from '../../contract/step-metrics/loss.js'
import type { StepMeasure } from '../step-metrics.js'

export const measure: StepMeasure = { key: metric.key, ofUpdate: ({ crossEntropy }) => crossEntropy }
