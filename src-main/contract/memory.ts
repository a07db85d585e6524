/** The kinds of memory that Retrace reports. */
export type MemoryKind = 'activations' | 'activationBudget' | 'process'

export interface MemoryInfo {
  label: string
  /** What it measures and how it is obtained. */
  help: string
}

/** The definition of each kind: forms, tiles, charts and the command line take label and help from here. */
export const MEMORY: Record<MemoryKind, MemoryInfo> = {
  activations: {
    label: 'Activation memory',
    help: 'Peak bytes of activations held during one training step, for one batch or, with gradient accumulation, one micro-batch. Estimated from the arrays that backpropagation needs; does not include parameters, optimizer state and the engine itself.',
  },
  activationBudget: {
    label: 'Activation budget',
    help: 'Bytes that a reversible run may use to keep activations instead of reconstructing them. They are part of its activation memory.',
  },
  process: {
    label: 'Process memory',
    help: 'Measured resident memory of the trainer process. It includes the engine, parameters, optimizer state and data besides the activations, so it is larger than the activation memory.',
  },
}

/** Of one training step, by mode; null when the mode does not exist. */
export interface ActivationBytes {
  reversible: number | null
  stored: number
}

/** Activation memory including what an activation budget keeps, which never exceeds that of stored backpropagation. */
export const withKept = ({ reversible, stored }: ActivationBytes, kept: number): ActivationBytes => ({
  reversible: reversible === null ? null : Math.min(reversible + kept, stored),
  stored,
})

/** Activation memory of stored divided by that of reversible backpropagation, at equal batch size; null when only one mode exists. */
export function storedToReversible({ reversible, stored }: ActivationBytes): number | null {
  return reversible === null || reversible === 0 ? null : stored / reversible
}

/** A ratio of memories as "12" or "1.8", without a sign or "times". */
export const ratioText = (ratio: number): string => (ratio < 10 ? ratio.toFixed(1) : String(Math.round(ratio)))
