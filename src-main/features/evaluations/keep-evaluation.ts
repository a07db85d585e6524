import { summaryOf, type Evaluation, type EvaluationSummary } from '../../contract/evaluations.js'
import type { Changes } from '../home/changes.js'

export interface EvaluationStore {
  /** Replaces an earlier one of the same checkpoint. */
  put(evaluation: Evaluation): void
  get(runId: string, file: string): Evaluation | undefined
  /** Ascending by step, then by time. */
  list(runId: string): EvaluationSummary[]
  /** Discards those of checkpoints of steps above this one. */
  truncateAfter(runId: string, step: number): void
}

/** Keeps an evaluation, then tells of it. */
export function keepEvaluation({ changes, evaluations }: { changes: Changes; evaluations: EvaluationStore }, evaluation: Evaluation): void {
  changes.commit((record) => {
    evaluations.put(evaluation)
    record({ kind: 'evaluation', evaluation: summaryOf(evaluation) })
  })
}
