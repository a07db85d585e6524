import { createRequire } from 'node:module'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { trainerEnvironment } from '../../src-main/engine/environment.js'
import { openEngine, type OpenedEngine } from '../../src-main/engine/open.js'
import { probeEngine } from '../../src-main/engine/report.js'
import { selectEngine } from '../../src-main/engine/select.js'
import { BIAS_ADD_GRAD, RELU_GRAD } from '../../src-main/engine/training-kernels.js'
import { numbers, on, relativeError } from '../engine/back-ends.js'

const selection = selectEngine()

describe.skipIf(selection.engine !== 'native')(
  `native engine${selection.engine === 'native' ? '' : ` (skipped: ${selection.reason})`}`,
  () => {
    let opened: OpenedEngine

    beforeAll(async () => {
      Object.assign(process.env, trainerEnvironment(process.env, selection.native))
      opened = await openEngine(selection)
    })

    it('says what it is, and the probe said the same without loading it', () => {
      expect(opened.report).toMatchObject({
        engine: 'native',
        versions: { tensorflow: '2.21.0', node: process.versions.node },
        remedy: null,
      })
      expect(probeEngine(selection)).toEqual(opened.report)
    })

    it('shares its operations with what imports @tensorflow/tfjs-core', () => {
      expect(tf.getBackend()).toBe('tensorflow')
      expect(opened.tf.engine()).toBe(tf.engine())
    })

    it('loads nothing of the installer that its package brings along', () => {
      const loaded = Object.keys(createRequire(import.meta.url).cache).map((path) => path.replaceAll('\\', '/'))
      expect(loaded).toContainEqual(expect.stringMatching(/tfjs-node-gpu\/dist\/nodejs_kernel_backend\.js$/))
      expect(
        loaded.filter((path) => /node_modules\/(?:@mapbox\/)?(node-pre-gyp|tar|rimraf|https-proxy-agent|npmlog)\//.test(path)),
      ).toEqual([])
    })

    it.each<[string, () => tf.Tensor]>([
      [
        RELU_GRAD,
        () => tf.engine().runKernel(RELU_GRAD, { dy: tf.tensor1d([1, 2, 3, 4]), features: tf.tensor1d([-1, 0, 1, 2]) }) as tf.Tensor,
      ],
      [BIAS_ADD_GRAD, () => tf.engine().runKernel(BIAS_ADD_GRAD, { dy: tf.tensor(numbers([2, 3, 4, 5], 1), [2, 3, 4, 5]) }) as tf.Tensor],
      ['ReLU on the tape', () => tf.grad((x) => tf.sum(tf.square(tf.relu(x))))(tf.tensor(numbers([4, 4], 2), [4, 4]))],
      [
        'filter gradient, stride 2',
        () =>
          tf.grad((k) => tf.conv2d(tf.tensor4d(numbers([2, 9, 8, 3], 3), [2, 9, 8, 3]), k as tf.Tensor4D, 2, 'same'))(
            tf.tensor4d(numbers([3, 3, 3, 4], 4), [3, 3, 3, 4]),
          ),
      ],
    ])('%s equals plain JavaScript', async (_name, compute) => {
      expect(relativeError(await on('tensorflow', compute), await on('cpu', compute))).toBeLessThan(1e-5)
    })
  },
)
