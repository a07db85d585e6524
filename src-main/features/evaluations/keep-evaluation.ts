import { summaryOf, type Evaluation, type EvaluationSummary } from '../../contract/evaluations.js'
import type { Changes } from '../home/changes.js'

export interface EvaluationStore {
  /** Stores an evaluation, replacing an earlier one of the same checkpoint. */
  put(evaluation: Evaluation): void
  get(runId: string, file: string): Evaluation | undefined
  /** Sorted by step, then by time. */
  list(runId: string): EvaluationSummary[]
  /** Discards evaluations of checkpoints after this step. */
  truncateAfter(runId: string, step: number): void
}

/** Stores an evaluation and publishes it. */
export function keepEvaluation({ changes, evaluations }: { changes: Changes; evaluations: EvaluationStore }, evaluation: Evaluation): void {
  changes.commit((record) => {
    evaluations.put(evaluation)
    record({ kind: 'evaluation', evaluation: summaryOf(evaluation) })
  })
}
