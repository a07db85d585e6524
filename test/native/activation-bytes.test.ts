import { expect, test } from 'vitest'
import { activationBytes } from '../../src-main/numeric/describe.js'
import { lossAndGradients } from '../../src-main/numeric/loss-and-gradients.js'
import { modesOf, unitNormsOf } from '../../src-main/numeric/network.js'
import { allDynamics } from '../../src-main/numeric/registry.js'
import { initialState } from '../../src-main/numeric/state.js'
import { trackPeakBytes } from '../../src-main/training/tools/bench-step.js'
import { disposeState, networkOf, normalTensor, tf } from './support.js'

const BATCH = 8

const cases = allDynamics().flatMap((dynamics) =>
  modesOf(dynamics).flatMap((mode) =>
    unitNormsOf(dynamics).flatMap((unitNorm) => [[dynamics.id, mode, unitNorm, 2] as const, [dynamics.id, mode, unitNorm, 6] as const]),
  ),
)

/** Memory as stated by the form and `retrace presets`, against tfjs's own accounting of the peak number of bytes. */
test.each(cases)(
  'the estimate of activations is right within a third: %s, %s, norm %s, %i units a stage',
  (arch, mode, unitNorm, units) => {
    const stages = [16, 24, 32].map((channels) => ({ channels, units }))
    const network = networkOf({ arch, mode, unitNorm, stages, image: { height: 32, width: 32, channels: 3 } })
    const state = initialState(network, { seed: 1, optimizer: 'sgd' })
    const batch = { images: normalTensor([BATCH, 32, 32, 3], 'images'), labels: tf.zeros([BATCH], 'int32') }
    const step = (): number => {
      const begin = tf.memory().numBytes
      const tracker = trackPeakBytes()
      const result = lossAndGradients({ network, params: state.params, statistics: state.statistics }, batch, { mode })
      const gradients = Object.values(result.gradients).reduce((sum, { size }) => sum + 4 * size, 0)
      const peak = tracker.stop() - begin - gradients
      tf.dispose([result.logits, result.crossEntropy, ...Object.values(result.gradients), ...Object.values(result.statistics)])
      return peak
    }
    const measured = step()
    const estimate = activationBytes(network, BATCH)[mode]!
    expect(estimate / measured).toBeGreaterThan(2 / 3)
    expect(estimate / measured).toBeLessThan(4 / 3)
    tf.dispose([batch.images, batch.labels])
    disposeState(state)
  },
)
