import { expect, test } from 'vitest'
import { lossAndGradients } from '../../src-main/numeric/loss-and-gradients.js'
import { reconstructionErrors } from '../../src-main/numeric/reconstruction.js'
import { release } from '../../src-main/numeric/tensors.js'
import { chooseAnchors, stateLimits } from '../../src-main/training/anchors.js'
import { disposeState, networkOf, normalTensor, relative, stageOf, tf } from './support.js'

/** Deep and with a large step: undoing it amplifies rounding errors until the reconstructed states have little to do with the true ones. */
const network = networkOf({
  arch: 'hamiltonian',
  stages: [{ channels: 16, units: 100 }],
  h: 0.3,
  activation: 'relu',
  image: { height: 16, width: 16, channels: 3 },
})

/**
 * The largest error of a parameter's gradient against plain backpropagation, in the maximum norm. Biases are 0, as at the start of
 * training.
 */
function gradientError(anchorEvery: number): number {
  const { state } = stageOf(network)
  const batch = { images: normalTensor([4, 16, 16, 3], 'images'), labels: tf.tensor1d([0, 1, 2, 3], 'int32') }
  const of = (mode: 'stored' | 'reversible') =>
    lossAndGradients({ network, params: state.params, statistics: state.statistics }, batch, { mode, anchorEvery })
  const [exact, rebuilt] = [of('stored'), of('reversible')]
  const errors = network.parameters.map(({ name }) => relative(rebuilt.gradients[name]!, exact.gradients[name]!))
  for (const { logits, crossEntropy, gradients, statistics } of [exact, rebuilt])
    release([logits, crossEntropy, ...Object.values(gradients), ...Object.values(statistics)])
  release([batch.images, batch.labels])
  disposeState(state)
  return errors.reduce((worst, error) => (Number.isNaN(worst) || worst > error ? worst : error))
}

function reconstructionError(anchorEvery: number): number {
  const { state } = stageOf(network)
  const images = normalTensor([4, 16, 16, 3], 'images')
  const error = tf.tidy(() => tf.max(reconstructionErrors(network, state.params, state.statistics, images, anchorEvery)[0]!).dataSync()[0]!)
  images.dispose()
  disposeState(state)
  return error
}

test('a gradient from rebuilt states that is wrong by more than 10% is right to 1e-3 with anchors, and the measured error warns of it', () => {
  const before = tf.memory().numTensors
  expect(reconstructionError(0)).toBeGreaterThan(1e-3)
  expect(gradientError(0)).toBeGreaterThan(0.1)
  expect(reconstructionError(10)).toBeLessThan(1e-3)
  expect(gradientError(10)).toBeLessThan(1e-3)
  expect(tf.memory().numTensors).toBe(before)
})

test('auto chooses from the measured error how often to anchor: enough, and no more than needed', () => {
  const chosen = chooseAnchors(reconstructionError, 100, stateLimits(1e-3), 0)
  expect(chosen).toBeGreaterThan(4)
  expect(chosen).toBeLessThan(50)
  expect(gradientError(chosen)).toBeLessThan(1e-3)
})

test.each([
  ['good enough: left as it is', () => 1e-6, 0, 0],
  ['good enough with the anchors in force', () => 1e-6, 12, 12],
  ['never good enough: every state', () => 1, 0, 1],
  ['not a number: every state', () => NaN, 6, 1],
  ['grown since: fewer units between anchors', (every: number) => (every > 6 ? 1e-2 : 1e-7), 12, 6],
])('%s', (_, measure, current, chosen) => expect(chooseAnchors(measure, 100, stateLimits(1e-3), current)).toBe(chosen))
