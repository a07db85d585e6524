import * as tf from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { BIAS_ADD_GRAD, RELU_GRAD } from '../../src-main/engine/training-kernels.js'
import { numbers, on, openBoth, relativeError } from './back-ends.js'

beforeAll(openBoth)

type Pad = 'same' | 'valid'

/**
 * Odd and even sizes, strides 1 to 3, kernels larger than the image when padded. Explicit padding is left out, because tfjs's own forward
 * convolution reads out of bounds with it (and the native back end rejects it).
 */
const convolution = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 1, max: 9 }),
    width: fc.integer({ min: 1, max: 9 }),
    channels: fc.integer({ min: 1, max: 5 }),
    outputs: fc.integer({ min: 1, max: 5 }),
    kernelHeight: fc.constantFrom(1, 2, 3, 5),
    kernelWidth: fc.constantFrom(1, 3),
    stride: fc.constantFrom<[number, number]>([1, 1], [2, 2], [1, 2], [3, 2]),
    pad: fc.constantFrom<Pad>('same', 'valid'),
    seed: fc.nat(),
  })
  .filter(({ height, width, kernelHeight, kernelWidth, pad }) => {
    return pad === 'same' || (height >= kernelHeight && width >= kernelWidth)
  })

describe('gradients of convolutions on the portable back end', () => {
  it.each(['input', 'filter'] as const)('%s gradient equals the plain one for any shape, stride and padding', async (which) => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ batch, height, width, channels, outputs, kernelHeight, kernelWidth, stride, pad, seed }) => {
        const xShape: [number, number, number, number] = [batch, height, width, channels]
        const kShape: [number, number, number, number] = [kernelHeight, kernelWidth, channels, outputs]
        const compute = (): tf.Tensor => {
          const x = tf.tensor4d(numbers(xShape, seed), xShape)
          const k = tf.tensor4d(numbers(kShape, seed + 1), kShape)
          const forward = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad)
          const y = forward(x, k)
          const dy = tf.tensor(numbers(y.shape, seed + 2), y.shape)
          const [dx, dk] = tf.grads(forward)([x, k], dy)
          return (which === 'input' ? dx : dk) as tf.Tensor
        }
        expect(relativeError(await on('wasm', compute), await on('cpu', compute))).toBeLessThan(1e-5)
      }),
      { numRuns: 150 },
    )
  })

  it('leaves no tensor behind', async () => {
    await tf.setBackend('wasm')
    const x = tf.ones<tf.Rank.R4>([2, 8, 8, 3])
    const k = tf.ones<tf.Rank.R4>([3, 3, 3, 4])
    const gradient = tf.grads((a, b) => tf.sum(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, 'same')))
    tf.dispose(gradient([x, k]))
    const before = tf.memory()
    tf.dispose(gradient([x, k]))
    expect(tf.memory().numTensors).toBe(before.numTensors)
    expect(tf.memory().numBytes).toBe(before.numBytes)
    tf.dispose([x, k])
  })
})

const shape = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 4 })

describe.each(['wasm', 'cpu'])('training kernels on %s', (backend) => {
  it('ReluGrad is dy where the features are positive', async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(), async (size, seed) => {
        const dy = numbers(size, seed)
        // Zeros are where the definition matters: the gradient at 0 is 0.
        const features = numbers(size, seed + 1).map((v, i) => (i % 5 === 0 ? 0 : v))
        const found = await on(
          backend,
          () => tf.engine().runKernel(RELU_GRAD, { dy: tf.tensor(dy, size), features: tf.tensor(features, size) }) as tf.Tensor,
        )
        expect([...found.values]).toEqual([...dy].map((v, i) => ((features[i] ?? 0) > 0 ? v : v * 0)))
      }),
    )
  })

  it('BiasAddGrad sums over all axes but the last', async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(), async (size, seed) => {
        const dy = numbers(size, seed)
        const width = size.at(-1) ?? 1
        const expected = new Float64Array(width)
        dy.forEach((v, i) => (expected[i % width] = (expected[i % width] ?? 0) + v))
        const found = await on(backend, () => tf.engine().runKernel(BIAS_ADD_GRAD, { dy: tf.tensor(dy, size) }) as tf.Tensor)
        expect(found.shape).toEqual([width])
        found.values.forEach((v, i) => expect(v).toBeCloseTo(expected[i] ?? NaN, 4))
      }),
    )
  })

  it('the tape takes ReLU by ReluGrad, with the default gradient and a second derivative', async () => {
    const x = [-2, -0.5, 0, 0.5, 3]
    const first = await on(backend, () => tf.grad((a) => tf.sum(tf.square(tf.relu(a))))(tf.tensor1d(x)))
    expect([...first.values]).toEqual(x.map((v) => (v > 0 ? 2 * v : 0)))
    const second = await on(backend, () => tf.grad((a) => tf.sum(tf.grad((b) => tf.sum(tf.square(tf.relu(b))))(a)))(tf.tensor1d(x)))
    expect([...second.values]).toEqual(x.map((v) => (v > 0 ? 2 : 0)))
  })

  it('the tape sees through both kernels', async () => {
    const found = await on(backend, () =>
      tf.grad((dy) => {
        const gated = tf.engine().runKernel(RELU_GRAD, {
          dy,
          features: tf.tensor2d([
            [1, -1],
            [0, 2],
          ]),
        }) as tf.Tensor
        return tf.sum(tf.mul(tf.engine().runKernel(BIAS_ADD_GRAD, { dy: gated }) as tf.Tensor, tf.tensor1d([10, 20])))
      })(tf.ones([2, 2])),
    )
    expect([...found.values]).toEqual([10, 0, 0, 20])
  })
})
