import type { DamagedCheckpoint } from './checkpoint.js'

/** Messages of a trainer about a run. */

/** Why a finished run has no test results. */
export const describeLostSelection = ({ step, file }: { step: number; file: string }, { why }: DamagedCheckpoint): string =>
  `The selected checkpoint at step ${step} could not be read: ${why} (${file}). There are no final test results; evaluate another checkpoint, or run again.`

/** Why a run pauses by itself; the text is true both before and after its study has decided. */
export const describeWait = (step: number, steps: number): string =>
  `Trained up to step ${step} of ${steps}, where its study compares its runs and goes on with the best. Resume it to train it to its end.`

/** Why gradients may be wrong. */
export function describeReconstruction(error: number, tolerance: number): string {
  const found = `reconstructed states have a relative error of ${error.toExponential(1)}, above the tolerance of ${tolerance.toExponential(0)}`
  return `${found}, so gradients may be wrong; set anchorEvery (a number or auto) or use a smaller h`
}
