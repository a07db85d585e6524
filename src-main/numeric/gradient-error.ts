import { lossAndGradients, type Batch, type LossOptions } from './loss-and-gradients.js'
import type { Network } from './network.js'
import type { TrainingState } from './state.js'
import { release, type Named } from './tensors.js'

/** Error of the gradient of one parameter. */
export interface ParameterError {
  parameter: string
  /** max|found - right| / scale, where the scale is max|right|, or `SMALL` times the network's largest gradient if that is larger. */
  error: number
  /** Cosine of the angle between the two; null when the true gradient is so small that its direction is dominated by rounding. */
  cosine: number | null
}

/** The error over all parameters. */
export interface GradientError {
  /** Largest error of any parameter, with the parameter's name. Infinite or NaN when a gradient is not finite. */
  error: number
  parameter: string
  /** Smallest cosine of any parameter, not necessarily the one above; NaN when a gradient is not finite. */
  cosine: number
}

/**
 * Fraction of the network's largest gradient below which the error of a parameter is relative to that largest one: some gradients are zero
 * by construction (the first kernels of a Hamiltonian stage whose second half is padding), and their rounding is not an error.
 */
const SMALL = 1e-4

type Values = ArrayLike<number>

/** The error of one parameter, in double precision. */
function compareOne(parameter: string, found: Values, right: Values, floor: number): ParameterError {
  let [difference, largest, dot, ofFound, ofRight] = [0, 0, 0, 0, 0]
  for (let i = 0; i < right.length; i++) {
    const [a, b] = [found[i]!, right[i]!]
    // Comparisons would skip NaN.
    if (!Number.isFinite(b)) return { parameter, error: NaN, cosine: NaN }
    if (!Number.isFinite(a)) return { parameter, error: Infinity, cosine: NaN }
    difference = Math.max(difference, Math.abs(a - b))
    largest = Math.max(largest, Math.abs(b))
    dot += a * b
    ofFound += a * a
    ofRight += b * b
  }
  if (difference === 0) return { parameter, error: 0, cosine: 1 }
  const lengths = Math.sqrt(ofFound) * Math.sqrt(ofRight)
  return {
    parameter,
    error: difference / Math.max(largest, floor),
    cosine: largest <= floor ? null : lengths === 0 ? 0 : dot / lengths,
  }
}

const largestOf = (values: Values): number => Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/** The error over all parameters against the true gradients. */
export function compareGradients(found: Record<string, Values>, right: Record<string, Values>): ParameterError[] {
  const floor = SMALL * Math.max(...Object.values(right).map(largestOf).filter(Number.isFinite), 0)
  return Object.entries(right).map(([name, values]) => compareOne(name, found[name]!, values, floor))
}

/** The worst values over all parameters; NaN is worse than any number. */
export function worstError(each: readonly ParameterError[]): GradientError {
  const { error, parameter } = each.reduce((a, b) => (Number.isNaN(a.error) || a.error >= b.error ? a : b))
  const cosine = each.reduce((least, { cosine: one }) => (one === null || Number.isNaN(least) || least <= one ? least : one), 1)
  return { error, parameter, cosine }
}

/** A loss of zero has no gradient, and the classifier's bias has one regardless of the states. */
export const hasVanished = (loss: number, gradients: Record<string, Values>): boolean =>
  loss !== 0 &&
  Object.entries(gradients).every(([name, values]) => name.startsWith('head/') || Array.from(values).every((one) => one === 0))

/**
 * Compares the gradient with reconstructed states to that with stored states, on one batch: the error of a gradient does not follow from
 * that of the states. The training state is not changed, including running statistics. Keeps the activations of the batch at once, so it
 * should have few images.
 * @param batch images [n, height, width, channels] and labels [n], owned by the caller
 * @returns `vanished`: no stored gradient is nonzero before the classifier although the loss is not zero, so that there is nothing to
 *   compare with (batch norms return zero for states that overflow); `measure` compares the reversed gradient under other options with the
 *   same stored one, NaN if it has vanished; `dispose` frees the stored one
 */
export function openGradientComparison(
  network: Network,
  { params, statistics }: Pick<TrainingState, 'params' | 'statistics'>,
  batch: Batch,
  labelSmoothing = 0,
): { vanished: boolean; measure(options: Omit<LossOptions, 'mode' | 'labelSmoothing'>): GradientError; dispose(): void } {
  const gradientsOf = (options: LossOptions): { loss: number; gradients: Named } => {
    const { logits, crossEntropy, gradients, statistics: moved } = lossAndGradients({ network, params, statistics }, batch, options)
    const loss = crossEntropy.dataSync()[0]!
    release([logits, crossEntropy, ...Object.values(moved)])
    return { loss, gradients }
  }
  const { loss, gradients: stored } = gradientsOf({ mode: 'stored', labelSmoothing })
  const vanished = hasVanished(loss, valuesOf(stored))
  return {
    vanished,
    measure(options) {
      const { gradients: reversed } = gradientsOf({ mode: 'reversible', labelSmoothing, ...options })
      const each = compareGradients(valuesOf(reversed), valuesOf(stored))
      release(Object.values(reversed))
      const worst = worstError(each)
      return vanished ? { parameter: worst.parameter, error: NaN, cosine: NaN } : worst
    },
    dispose: () => release(Object.values(stored)),
  }
}

const valuesOf = (named: Named): Record<string, Values> =>
  Object.fromEntries(Object.entries(named).map(([name, tensor]) => [name, tensor.dataSync()]))
