import { UserError } from '../../contract/errors.js'
import type { Checkpoint } from '../../contract/runs.js'
import { requireOwn } from './control/run-state.js'
import type { RunStore } from './run-store.js'
import type { CheckpointStore } from './checkpoint-store.js'
import type { CheckpointChoice } from './input.js'
import type { RunFiles } from './run-files.js'

/**
 * A checkpoint whose file exists, by file name or step; the last one when neither is given.
 * @throws UserError NOT_FOUND that lists the existing ones, CONFLICT when another program made the run
 */
export function findCheckpoint(
  { checkpoints, files, runs }: { checkpoints: CheckpointStore; files: RunFiles; runs: RunStore },
  id: string,
  { step, file }: CheckpointChoice,
): Checkpoint {
  const all = checkpoints.list(id).filter((each) => files.hasCheckpoint(id, each.file))
  const found = all.findLast((each) => (step === undefined || each.step === step) && (file === undefined || each.file === file))
  if (found) return found
  const run = runs.get(id)
  if (run) requireOwn(run)
  if (all.length === 0) throw new UserError('NOT_FOUND', `Run ${id} has no checkpoints yet. Wait until it has written one.`)
  const steps = [...new Set(all.map((each) => each.step))].slice(-12).join(', ')
  const wanted = file === undefined ? `at step ${step}` : file
  throw new UserError('NOT_FOUND', `Run ${id} has no checkpoint ${wanted}. It has checkpoints at ${steps}.`)
}
