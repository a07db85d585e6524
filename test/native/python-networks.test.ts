import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { configMetadata } from '../../src-main/training/checkpoint.js'
import { writeSafetensors, type StoredTensor } from '../../src-main/training/safetensors.js'
import { temporaryFolder } from '../fixtures/home.js'
import { INFERENCES, inferenceOf } from './inference-cases.js'
import { smallConfig } from './training.js'
import type { tf } from './support.js'

const CLIENT = join(import.meta.dirname, '../../clients/python')
/** A Python other than the one on the path, such as that of a virtual environment with torch. */
const PYTHON = process.env['RETRACE_PYTHON'] ?? 'python3'

function hasTorch(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import torch, numpy'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const ready = hasTorch()
if (!ready)
  console.warn('The PyTorch networks of the Python client are not compared: they need a Python with torch (RETRACE_PYTHON names one).')

const stored = (prefix: string, tensors: Record<string, tf.Tensor>): [string, StoredTensor][] =>
  Object.entries(tensors).map(([name, tensor]) => [`${prefix}${name}`, { shape: tensor.shape, data: tensor.dataSync() as Float32Array }])

test.skipIf(!ready)(
  'the PyTorch networks of the Python client have the logits of every architecture',
  async () => {
    using folder = temporaryFolder()
    const cases = join(folder.path, 'cases')
    mkdirSync(cases)
    for (const [name, config] of INFERENCES) {
      const { network, state, statistics, images, logits, dispose } = inferenceOf(config)
      const metadata = configMetadata({ ...smallConfig({}), ...network.config })
      const weights = new Map([...stored('params/', state.params), ...stored('population/', statistics)])
      await writeSafetensors(join(cases, `${name}.safetensors`), { metadata, tensors: weights })
      await writeSafetensors(join(cases, `${name}.case.safetensors`), { metadata: {}, tensors: new Map(stored('', { images, logits })) })
      dispose()
    }
    expect(INFERENCES.length).toBeGreaterThan(20)
    const env = { ...process.env, PYTHONPATH: join(CLIENT, 'src'), PYTHONDONTWRITEBYTECODE: '1', RETRACE_TEST_CASES: cases }
    await promisify(execFile)(PYTHON, ['-m', 'unittest', join(CLIENT, 'tests/test_networks.py')], { env })
  },
  300_000,
)
