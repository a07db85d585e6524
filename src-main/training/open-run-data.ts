import { openBatches, type RunBatches } from '../data/batches.js'
import { readCheckpointStep } from './checkpoint.js'
import type { Job } from './messages.js'
import { join } from 'node:path'

/** Opens the data of a job at the step that it goes on from. @param worker the built `batch-worker` */
export async function openRunData(job: Job, worker: URL): Promise<RunBatches> {
  const fromStep = job.resumeFrom ? await readCheckpointStep(join(job.checkpointFolder, job.resumeFrom)) : 0
  return openBatches({ folder: job.datasetFolder, config: job.config, fromStep, worker })
}
