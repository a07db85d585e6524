import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { numbers, on, openBoth, relativeError } from './back-ends.js'

beforeAll(openBoth)

const SHAPE: [number, number, number, number] = [3, 6, 8, 5]
const input = (seed = 1): tf.Tensor4D => tf.tensor4d(numbers(SHAPE, seed), SHAPE)

/** The tfjs operations that networks, losses, optimizers and metrics use, each as a function of one tensor. */
const OPERATIONS: Record<string, (x: tf.Tensor4D) => tf.Tensor> = {
  relu: tf.relu,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  elu: tf.elu,
  selu: tf.selu,
  softplus: tf.softplus,
  exp: tf.exp,
  abs: tf.abs,
  square: tf.square,
  sqrt: (x) => tf.sqrt(tf.add(tf.square(x), 1)),
  rsqrt: (x) => tf.rsqrt(tf.add(tf.square(x), 1)),
  pow: (x) => tf.pow(tf.add(tf.square(x), 1), 1.5),
  log: (x) => tf.log(tf.add(tf.square(x), 1)),
  divide: (x) => tf.div(x, tf.add(tf.square(x), 1)),
  maximum: (x) => tf.maximum(x, 0.1),
  minimum: (x) => tf.minimum(x, tf.neg(x)),
  'mean of channels': (x) => tf.mean(x, [0, 1, 2]),
  'variance of channels': (x) => tf.moments(x, [0, 1, 2]).variance,
  'sum of axes': (x) => tf.sum(x, [1, 2]),
  'batch norm': (x) =>
    tf.batchNorm4d(
      x as tf.Tensor4D,
      tf.tensor1d([0, 1, 0, 1, 0]),
      tf.tensor1d([2, 2, 2, 1, 1]),
      tf.tensor1d([1, 2, 3, 4, 5]),
      tf.tensor1d([5, 4, 3, 2, 1]),
    ),
  'average pool': (x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid'),
  'zero-padded channels': (x) => tf.pad(x, [[0, 0], [0, 0], [0, 0], [1, 2]]), // prettier-ignore
  slice: (x) => tf.slice(x, [0, 1, 2, 1], [3, 3, 4, 2]),
  'split and concat': (x) => {
    const [a, b] = tf.split(x, [2, 3], 3)
    return tf.concat([b as tf.Tensor, a as tf.Tensor], 3)
  },
  'bias broadcast': (x) => tf.add(x, tf.tensor1d([1, 2, 3, 4, 5])),
  'matrix product': (x) => tf.matMul(tf.reshape(x, [18, 40]), tf.tensor2d(numbers([40, 7], 3), [40, 7])),
  'log softmax': (x) => tf.logSoftmax(tf.reshape(x, [-1, 5])),
  transpose: (x) => tf.transpose(x, [3, 1, 2, 0]),
  reverse: (x) => tf.reverse(x, [1]),
  'where by a mask': (x) => tf.where(tf.greater(input(5), 0), x, tf.mul(x, 2)),
  'clip by value': (x) => tf.clipByValue(x, -0.3, 0.4),
  stack: (x) => tf.stack([x, tf.neg(x)]),
  addN: (x) => tf.addN([x, tf.square(x), x]),
  tile: (x) => tf.tile(x, [1, 2, 1, 1]),
  'depthwise sum by cumsum': (x) => tf.cumsum(x, 3),
}

describe('the portable engine agrees with plain JavaScript in what training uses', () => {
  it.each(Object.entries(OPERATIONS))('%s: value', async (_name, operation) => {
    const compute = (): tf.Tensor => operation(input())
    expect(relativeError(await on('wasm', compute), await on('cpu', compute))).toBeLessThan(1e-5)
  })

  it.each(Object.entries(OPERATIONS))('%s: gradient', async (_name, operation) => {
    const compute = (): tf.Tensor => {
      const y = operation(input())
      const dy = tf.tensor(numbers(y.shape, 9), y.shape)
      return tf.grad((x) => operation(x as tf.Tensor4D))(input(), dy)
    }
    expect(relativeError(await on('wasm', compute), await on('cpu', compute))).toBeLessThan(1e-5)
  })

  it.each<[string, () => tf.Tensor]>([
    ['one-hot', () => tf.oneHot(tf.tensor1d([0, 3, 2], 'int32'), 4)],
    ['arg max', () => tf.argMax(tf.reshape(input(), [-1, 5]), 1)],
    ['equal', () => tf.equal(tf.argMax(tf.reshape(input(), [-1, 5]), 1), tf.scalar(2, 'int32'))],
    ['is finite', () => tf.isFinite(tf.tensor1d([1, NaN, Infinity]))],
    ['bytes to floats', () => tf.div(tf.cast(tf.tensor1d([0, 128, 255], 'int32'), 'float32'), 255)],
    ['gather', () => tf.gather(input(), tf.tensor1d([2, 0, 0], 'int32'))],
    ['greater', () => tf.greater(input(), 0)],
    ['maximum of everything', () => tf.max(tf.abs(input()))],
  ])('%s', async (_name, compute) => {
    const [wasm, cpu] = [await on('wasm', compute), await on('cpu', compute)]
    expect(wasm).toEqual(cpu)
  })
})
