import { abs, clone, div, max, maximum, stack, sub, tidy, zeros, type Tensor } from '@tensorflow/tfjs-core'
import type { Network } from './network.js'
import { openStage, stageSweep, startsAgain, stem, type Pass } from './pass.js'
import { advance, anchorPositions, undo } from './reversible-sweep.js'
import { release, type Named, type Pair } from './tensors.js'

/**
 * max|reconstructed - stored| / max|pair|, a scalar tensor. The scale is that of the whole pair, because the state before a stage may be
 * zero (`start: zero`).
 */
export const relativeError = (rebuilt: Tensor, stored: Tensor, pair: Pair): Tensor =>
  tidy(() => div(max(abs(sub(rebuilt, stored))), maximum(max(abs(pair[0])), max(abs(pair[1])))))

/** Variations of the measurement for instruments. */
export interface ReconstructionOptions {
  /** Use the running statistics instead of those of the batch. */
  running?: boolean
  /** Returns what is stored of the last pair of a stage, from which reconstruction starts: new tensors. */
  keep?(end: Pair): Pair
  /** Called with the pair from which each stage is undone, rounded if `keep` rounds; it is freed afterwards. */
  end?(stage: number, kept: Pair): void
  /** Called with every pair before a substep, reconstructed and stored; the tensors are freed afterwards. */
  visit?(stage: number, substep: number, rebuilt: Pair, stored: Pair): void
}

/**
 * The error of reconstructed states: every stage is integrated forward with all its states stored, then undone from its end as in
 * reversible backpropagation, and each reconstructed state is compared with the stored one. Uses batch statistics, as in training, unless
 * `options` says otherwise; changes nothing.
 * @param images a small batch: every state of one stage is alive at once
 * @param anchorEvery reconstruction restarts at every k-th stored state; 0 starts only at the end
 * @returns for each stage the relative errors of its states, from the last to the first: 1-D tensors, owned by the caller
 */
export function reconstructionErrors(
  network: Network,
  params: Named,
  statistics: Named,
  images: Tensor,
  anchorEvery = 0,
  { running = false, keep, end, visit }: ReconstructionOptions = {},
): Tensor[] {
  const pass: Pass = { network, params, statistics, training: !running, moved: new Map() }
  const errors: Tensor[] = []
  let state = tidy(() => stem(pass, images, false))
  network.stages.forEach((stage, index) => {
    const sweep = stageSweep(pass, stage)
    const states: Pair[] = [openStage(pass, index, state)]
    for (const substep of stage.substeps) states.push(advance(sweep, substep, states.at(-1)!, false))
    state = tidy(() => clone(network.dynamics.close(states.at(-1)!)))
    let pair = keep?.(states.at(-1)!) ?? states.at(-1)!
    end?.(index, pair)
    const found: Tensor[] = []
    const anchors = anchorPositions(stage.substeps, anchorEvery)
    for (let at = stage.substeps.length - 1; at >= 0; at--) {
      // Only the evaluation point of the force is exact; the reconstructed state is what is undone.
      const from: Pair = at === 0 && startsAgain(network, index) ? [states[0]![1], pair[1]] : pair
      const before = undo(sweep, stage.substeps[at]!, from)
      release(pair, [...before, ...states.flat()])
      pair = before
      const compared = stage.substeps[at]!.keep === 0 ? 1 : 0
      found.push(relativeError(pair[compared], states[at]![compared], states[at]!))
      visit?.(index, at, pair, states[at]!)
      if (!anchors.has(at)) continue
      release(pair, states.flat())
      pair = states[at]!
    }
    errors.push(found.length > 0 ? stack(found) : zeros([0]))
    release([...pair, ...states.flat(), ...found])
  })
  release([state, ...pass.moved.values()])
  return errors
}
