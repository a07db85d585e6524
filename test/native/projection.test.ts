import { expect, test } from 'vitest'
import { lossAndGradients } from '../../src-main/numeric/loss-and-gradients.js'
import { infer } from '../../src-main/numeric/pass.js'
import { initialState } from '../../src-main/numeric/state.js'
import { disposeState, networkOf, normalTensor, relative, tf } from './support.js'

const identity = (channels: number[], more: object = {}) =>
  networkOf({
    arch: 'identity',
    mode: 'stored',
    edgeNorm: 'none',
    activation: 'tanh',
    stages: channels.map((width) => ({ channels: width, units: 2 })),
    ...more,
  })
const projections = (network: ReturnType<typeof identity>) =>
  network.parameters.filter(({ name }) => name.endsWith('/projection')).map(({ name, shape }) => [name, shape])

test('shortcuts have kernels where asked for, and only where the network widens', () => {
  expect(projections(identity([4, 6, 6]))).toEqual([])
  expect(projections(identity([4, 6, 6], { projection: true }))).toEqual([['stage2/unit1/projection', [1, 1, 4, 6]]])
  const wide = identity([64, 128, 256], { projection: true })
  expect(projections(wide)).toEqual([
    ['stage2/unit1/projection', [1, 1, 64, 128]],
    ['stage3/unit1/projection', [1, 1, 128, 256]],
  ])
})

test('the shortcut is a 1x1 convolution at stride 2, and its gradient that of central differences', () => {
  const network = identity([4, 6], { projection: true })
  const state = initialState(network, { seed: 1, optimizer: 'sgd' })
  const images = normalTensor([3, 8, 8, 3], 'images')
  const labels = tf.tensor([0, 3, 1], [3], 'int32')
  const name = 'stage2/unit1/projection'
  const logits = () => infer(network, state.params, {}, images)
  const replace = (key: string, value: tf.Tensor): void => {
    state.params[key]!.dispose()
    state.params[key] = value
  }
  const loss = (): number => {
    const found = lossAndGradients({ network, params: state.params, statistics: {} }, { images, labels }, { mode: 'stored' })
    const value = found.crossEntropy.dataSync()[0]!
    tf.dispose([found.logits, found.crossEntropy, ...Object.values(found.gradients)])
    return value
  }
  const { gradients, ...rest } = lossAndGradients({ network, params: state.params, statistics: {} }, { images, labels }, { mode: 'stored' })
  const kernel = state.params[name]!.clone()
  const direction = normalTensor([1, 1, 4, 6], 'direction')
  const at = (epsilon: number): number => {
    replace(
      name,
      tf.tidy(() => tf.add(kernel, tf.mul(direction, epsilon))),
    )
    return loss()
  }
  const analytic = tf.tidy(() => tf.sum(tf.mul(gradients[name]!, direction)).dataSync()[0]!)
  const epsilon = 1e-2
  expect(Math.abs((at(epsilon) - at(-epsilon)) / (2 * epsilon) - analytic)).toBeLessThan(2e-3 * Math.max(1, Math.abs(analytic)))
  replace(name, kernel)

  // Without branches, only stem, shortcut and head remain.
  for (const unit of ['stage1/unit1', 'stage1/unit2', 'stage2/unit1', 'stage2/unit2'])
    replace(`${unit}/conv2`, tf.zerosLike(state.params[`${unit}/conv2`]!))
  tf.tidy(() => {
    const { params } = state
    const stem = tf.relu(tf.conv2d(images as tf.Tensor4D, params['stem/kernel'] as tf.Tensor4D, 1, 'same'))
    // Every second pixel, separately.
    const pixels = tf.stridedSlice(stem, [0, 0, 0, 0], stem.shape, [1, 2, 2, 1])
    const matrix = tf.reshape(kernel, [4, 6])
    const mapped = tf.reshape(tf.matMul(tf.reshape(pixels, [-1, 4]), matrix as tf.Tensor2D), [3, 16, 6])
    const expected = tf.add(tf.matMul(tf.mean(mapped, 1), params['head/dense/kernel'] as tf.Tensor2D), params['head/dense/bias']!)
    expect(relative(logits(), expected)).toBeLessThan(1e-5)
  })
  tf.dispose([images, labels, direction, rest.logits, rest.crossEntropy, ...Object.values(gradients)])
  disposeState(state)
})
