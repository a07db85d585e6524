import type { RunConfig } from '../contract/config.js'

/**
 * The learning rate of one step.
 * @param step 0-based
 */
export function learningRateAt(
  { learningRate, schedule, steps }: Pick<RunConfig, 'learningRate' | 'schedule' | 'steps'>,
  step: number,
): number {
  if (step < schedule.warmup) return (learningRate * (step + 1)) / schedule.warmup
  const progress = Math.min(1, (step - schedule.warmup) / Math.max(1, steps - schedule.warmup))
  switch (schedule.kind) {
    case 'constant':
      return learningRate
    case 'piecewise':
      return learningRate * schedule.factor ** schedule.drops.filter((drop) => step >= drop).length
    case 'cosine':
      return learningRate * 0.5 * (1 + Math.cos(Math.PI * progress))
    case 'onecycle':
      return learningRate * oneCycle(progress)
  }
}

/** Smith & Topin 2019: from 1/25 up over the first 30%, then down to zero, both by cosine. */
function oneCycle(progress: number): number {
  const rise = 0.3
  const low = 1 / 25
  if (progress < rise) return low + (1 - low) * 0.5 * (1 - Math.cos((Math.PI * progress) / rise))
  return 0.5 * (1 + Math.cos((Math.PI * (progress - rise)) / (1 - rise)))
}
