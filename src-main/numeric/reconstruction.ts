import { abs, clone, div, max, maximum, stack, sub, tidy, zeros, type Tensor } from '@tensorflow/tfjs-core'
import type { Network } from './network.js'
import { openStage, stageSweep, stem, type Pass } from './pass.js'
import { advance, anchorPositions, undo } from './reversible-sweep.js'
import { release, type Named, type Pair } from './tensors.js'

/**
 * max|rebuilt - stored| / max|pair|, a scalar tensor. The scale is that of the whole pair, because the state before a stage may be
 * zero (`start: zero`).
 */
export const relativeError = (rebuilt: Tensor, stored: Tensor, pair: Pair): Tensor =>
  tidy(() => div(max(abs(sub(rebuilt, stored))), maximum(max(abs(pair[0])), max(abs(pair[1])))))

/**
 * How far rebuilt states are from the true ones: every stage is integrated forward with all its states stored, then undone
 * from its end as a reversible gradient would do it, and each rebuilt state is compared with the stored one.
 * Uses batch statistics, as training does; changes nothing.
 * @param images a small batch: every state of one stage is alive at once
 * @param anchorEvery rebuilding begins anew from every k-th stored state; 0 is from the end alone
 * @returns for each stage the relative errors of its states, from the last to the first: 1-D tensors, the caller's
 */
export function reconstructionErrors(network: Network, params: Named, statistics: Named, images: Tensor, anchorEvery = 0): Tensor[] {
  const pass: Pass = { network, params, statistics, training: true, moved: new Map() }
  const errors: Tensor[] = []
  let state = tidy(() => stem(pass, images, false))
  network.stages.forEach((stage, index) => {
    const sweep = stageSweep(pass, stage)
    const states: Pair[] = [openStage(pass, index, state)]
    for (const substep of stage.substeps) states.push(advance(sweep, substep, states.at(-1)!, false))
    state = tidy(() => clone(network.dynamics.close(states.at(-1)!)))
    let pair = states.at(-1)!
    const found: Tensor[] = []
    const anchors = anchorPositions(stage.substeps, anchorEvery)
    for (let at = stage.substeps.length - 1; at >= 0; at--) {
      const before = undo(sweep, stage.substeps[at]!, pair)
      release(pair, [...before, ...states.flat()])
      pair = before
      const compared = stage.substeps[at]!.keep === 0 ? 1 : 0
      found.push(relativeError(pair[compared], states[at]![compared], states[at]!))
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
