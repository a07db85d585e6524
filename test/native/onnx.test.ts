import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { normalise } from '../../src-main/numeric/batch-norm.js'
import { convolution } from '../../src-main/numeric/linear.js'
import { exportGraph, toOnnx } from '../../src-main/training/onnx/export.js'
import { INFERENCES, inferenceOf } from './inference-cases.js'
import { engineReport, normalTensor, tf } from './support.js'

const INFO = { version: 'test', description: '', metadata: {} }
const BATCH = 3

/** The result of a model in onnxruntime for images [batch, height, width, channels]; image outputs have the same order of axes. */
async function runOnnx(model: Uint8Array, images: tf.Tensor): Promise<tf.Tensor> {
  const session = await InferenceSession.create(model)
  const turned = tf.tidy(() => tf.transpose(images, [0, 3, 1, 2]))
  const feeds = { images: new OnnxTensor('float32', (await turned.data()) as Float32Array, turned.shape) }
  turned.dispose()
  const result = (await session.run(feeds))[session.outputNames[0]!]!
  await session.release()
  const made = tf.tensor(result.data as Float32Array, [...result.dims])
  return tf.tidy(() => (made.rank === 4 ? tf.transpose(made, [0, 2, 3, 1]) : made))
}

const largest = (a: tf.Tensor, b: tf.Tensor): number => {
  expect(a.shape).toEqual(b.shape)
  return tf.tidy(() => tf.div(tf.max(tf.abs(tf.sub(a, b))), tf.max(tf.abs(b))).dataSync()[0]!)
}

describe.runIf(engineReport.engine === 'native')('an ONNX model', () => {
  test.each(INFERENCES)('of %s has the logits of Retrace', async (_, config) => {
    const { network, state, statistics, images, logits, dispose } = inferenceOf(config)
    const found = await runOnnx(toOnnx(network, state.params, statistics, INFO), images)
    expect(largest(found, logits)).toBeLessThan(1e-4)
    found.dispose()
    dispose()
  })

  const kernel = (channels: number, out = channels): tf.Tensor => normalTensor([3, 3, channels, out], 'kernel')
  const vector = (name: string): tf.Tensor => normalTensor([4], name)
  /** Parts of networks, each as a function of images with 4 channels. */
  const PIECES: Record<
    string,
    { weights: Record<string, tf.Tensor>; compute(x: tf.Tensor, w: Record<string, tf.Tensor>): tf.Tensor; size?: number }
  > = {
    'a convolution': { weights: { K: kernel(4, 6) }, compute: (x, { K }) => convolution.map(K!).apply(x) },
    'its adjoint': { weights: { K: kernel(6, 4) }, compute: (x, { K }) => convolution.map(K!).adjoint(x) },
    "K - K'": { weights: { K: kernel(4) }, compute: (x, { K }) => convolution.antisymmetric(K!).apply(x) },
    'stride 2, which pads only right and below': { weights: { K: kernel(4, 6) }, compute: (x, { K }) => convolution.map(K!, 2).apply(x) },
    'stride 2 on an odd size': { weights: { K: kernel(4, 6) }, compute: (x, { K }) => convolution.map(K!, 2).apply(x), size: 7 },
    'the adjoint of stride 2': { weights: { K: kernel(6, 4) }, compute: (x, { K }) => convolution.map(K!, 2).adjoint(x) },
    'a leapfrog step, in summed form': {
      weights: { K: kernel(4), b: vector('b') },
      compute: (x, { K, b }) => {
        const map = convolution.map(K!)
        const velocity = tf.sub(tf.zerosLike(x), tf.mul(map.adjoint(tf.relu(tf.add(map.apply(x), b!))), 0.04))
        return tf.add(x, velocity)
      },
    },
    'batch norm at inference': {
      weights: {
        gamma: vector('gamma'),
        beta: vector('beta'),
        mean: vector('mean'),
        variance: tf.tidy(() => tf.square(vector('variance'))),
      },
      compute: (x, { gamma, beta, mean, variance }) => normalise(x, gamma!, beta!, mean!, variance!),
    },
    'pooling and appended channels': {
      weights: {},
      compute: (x) => tf.pad(tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid'), [[0, 0], [0, 0], [0, 0], [0, 3]]), // prettier-ignore
    },
    'halves of the channels, exchanged': {
      weights: {},
      compute: (x) => tf.concat(tf.split(x, 2, -1).reverse(), -1),
    },
    'the mean over the image': { weights: {}, compute: (x) => tf.mean(x, [1, 2]) },
  }
  test.each(Object.keys(PIECES))('has %s', async (name) => {
    const { weights, compute, size = 6 } = PIECES[name]!
    const image = { height: size, width: size, channels: 4 }
    const images = normalTensor([BATCH, size, size, 4], 'images')
    const graph = exportGraph({ image, weights, compute: (x) => compute(x, weights) }, { name: 'y', description: '' })
    const expected = tf.tidy(() => compute(images, weights))
    const found = await runOnnx(graph.encode(INFO), images)
    expect(largest(found, expected)).toBeLessThan(1e-5)
    tf.dispose([images, expected, found])
  })

  test('of what has no translation is refused by name', () => {
    const image = { height: 4, width: 4, channels: 1 }
    expect(() => exportGraph({ image, weights: {}, compute: (x) => tf.cumsum(x, 1) }, { name: 'y', description: '' })).toThrow(
      /Cumsum cannot be exported to ONNX/,
    )
  })
})
