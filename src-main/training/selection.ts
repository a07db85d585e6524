import type { RunConfig } from '../contract/config.js'
import type { Progress } from './checkpoint.js'
import type { Evaluation } from './evaluate.js'

/** Which checkpoint is best, by the validation split alone: the test set never selects. */
export class Selection {
  best: Progress['best'] = null
  /** Did the last evaluation improve on all before it? */
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

  /** Is early stopping due? */
  get exhausted(): boolean {
    return this.config.earlyStopping > 0 && (this.best?.evaluationsSince ?? 0) >= this.config.earlyStopping
  }
}
