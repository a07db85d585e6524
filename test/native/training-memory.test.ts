import { expect, test } from 'vitest'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import { buildNetwork, parameterCount } from '../../src-main/numeric/network.js'
import { initialState } from '../../src-main/numeric/state.js'
import { trainStep } from '../../src-main/numeric/train-step.js'
import { trackPeakBytes } from '../../src-main/training/tools/bench-step.js'
import { disposeState, normalTensor, tf } from './support.js'

/** Peak bytes of tensors in a training step, minus parameters, their velocities and their gradients. */
function activationPeak(units: number, mode: 'reversible' | 'stored'): { bytes: number; leaked: number } {
  const config = RunConfigSchema.parse({
    preset: 'test',
    dataset: 'test',
    arch: 'hamiltonian',
    classes: 10,
    image: { height: 32, width: 32, channels: 3 },
    stages: [{ channels: 16, units }],
    h: 0.05,
    mode,
  })
  const network = buildNetwork(config)
  const state = initialState(network, config)
  const batch = { images: normalTensor([32, 32, 32, 3], 'images'), labels: tf.zeros([32], 'int32') }
  const inputs = { learningRate: tf.scalar(0.01), update: tf.scalar(1) }
  const step = (): void => tf.dispose(Object.values(trainStep(network, state, batch, { ...config, anchorEvery: 0 }, inputs)))
  step()
  const before = tf.memory().numTensors
  const peak = trackPeakBytes()
  step()
  const bytes = peak.stop() - 3 * 4 * parameterCount(network)
  step()
  const leaked = tf.memory().numTensors - before
  tf.dispose([batch.images, batch.labels, ...Object.values(inputs)])
  disposeState(state)
  return { bytes, leaked }
}

test('the memory of a training step does not grow from 4 to 64 units, and no step leaks', () => {
  const [few, many] = [activationPeak(4, 'reversible'), activationPeak(64, 'reversible')]
  expect(few.leaked).toBe(0)
  expect(many.leaked).toBe(0)
  expect(Math.abs(many.bytes / few.bytes - 1)).toBeLessThan(0.05)
})

test('stored backpropagation does grow, so that the test above can see growth', () => {
  expect(activationPeak(8, 'stored').bytes / activationPeak(4, 'stored').bytes).toBeGreaterThan(1.5)
})
