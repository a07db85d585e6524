import { openBatches, type RunBatches } from '../data/batches.js'
import type { Job } from './messages.js'

/** Opens the data of a job at the step from which it continues. @param worker the built `batch-worker` */
export async function openRunData(job: Job, fromStep: number, worker: URL): Promise<RunBatches> {
  return openBatches({ folder: job.datasetFolder, config: job.config, fromStep, worker, content: job.datasetHash })
}
