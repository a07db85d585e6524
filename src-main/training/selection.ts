import type { RunConfig } from '../contract/config.js'
import type { Progress } from './checkpoint.js'
import type { Evaluation } from './evaluate.js'

/** Selects the best checkpoint on the validation split only: the test set is never used for selection. */
export class Selection {
  best: Progress['best'] = null
  /** Whether the last evaluation improved on all previous ones. */
  improved = false

  constructor(private readonly config: Pick<RunConfig, 'selectBy' | 'earlyStopping'>) {}

  restore(best: Progress['best']): void {
    this.best = best
  }

  /** @param file the checkpoint that the caller writes if this is an improvement */
  consider(evaluation: Evaluation, step: number, file: string): void {
    const value = evaluation[this.config.selectBy]
    const better = this.config.selectBy === 'accuracy' ? value > (this.best?.value ?? -Infinity) : value < (this.best?.value ?? Infinity)
    this.improved = better
    this.best = better
      ? { value, step, file, evaluationsSince: 0 }
      : this.best && { ...this.best, evaluationsSince: this.best.evaluationsSince + 1 }
  }

  /** Whether early stopping is due. */
  get exhausted(): boolean {
    return this.config.earlyStopping > 0 && (this.best?.evaluationsSince ?? 0) >= this.config.earlyStopping
  }
}
