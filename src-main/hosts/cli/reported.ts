import { intervalOf, readValue } from '../../contract/metrics.js'
import type { RunSummary } from '../../contract/runs.js'
import { percent, percentInterval } from './format.js'

const ACCURACY = 'test/accuracy'

/** The final test accuracy of a run with its checkpoint, number of images and 95% interval. */
export function describeReported(run: RunSummary): string {
  const value = readValue(run, ACCURACY, 'reported')
  if (value === undefined) return 'not available until the run has finished'
  const interval = intervalOf(run, ACCURACY, 'reported')
  const about = [
    run.reported?.step == null ? '' : `checkpoint at step ${run.reported.step}`,
    run.reported?.images == null ? '' : `${run.reported.images} images`,
    interval ? `95% interval ${percentInterval(interval)}` : '',
  ].filter(Boolean)
  return `${percent(value)}${about.length > 0 ? ` (${about.join(', ')})` : ''}`
}
