import type { RunDetail, RunSummary } from '../../contract/runs.js'
import { readStoredConfig } from '../../contract/stored-config.js'
import type { CheckpointStore } from './checkpoint-store.js'
import type { RunRecord, RunStore } from './run-store.js'

/** The stored record of an existing run. */
export function recordOf(runs: RunStore, id: string): RunRecord {
  const record = runs.record(id)
  if (!record) throw new Error(`run ${id} has no record`)
  return record
}

/** Everything about a run except its series and log. @throws UserError when its configuration cannot be read */
export function detailOf({ runs, checkpoints }: { runs: RunStore; checkpoints: CheckpointStore }, summary: RunSummary): RunDetail {
  const { config, environment, result, notes } = recordOf(runs, summary.id)
  return { ...summary, config: readStoredConfig(config), environment, result, notes, checkpoints: checkpoints.list(summary.id) }
}
