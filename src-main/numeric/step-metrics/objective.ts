import { metric } from '../../contract/step-metrics/objective.js'
import type { StepMeasure } from '../step-metrics.js'

export const measure: StepMeasure = { key: metric.key, ofUpdate: ({ total }) => total }
