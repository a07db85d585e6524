import type { Dataset } from '../contract/datasets.js'
import type { Weights } from '../features/runs/weights.js'
import type { Awaitable } from '../features/shared/clock.js'
import { runToolProcess } from './tool-process.js'
import { VERSION } from './version.js'

// Imported on first use, because it loads tfjs.
const files = () => import('../training/weights.js')

/**
 * Files of weights behind the port of the features. ONNX models are written by a process of their own, which has the engine.
 * @param entry absolute path of the trainer program
 * @param environment variables of a process that computes concurrently with runs
 */
export const createWeights = (entry: string, environment: () => Awaitable<Record<string, string | undefined>>): Weights => ({
  check: async (path, config) => (await files()).checkWeights(path, config),
  double: async (path) => (await files()).doubleWeights(path),
  norms: async (checkpoint) => (await files()).weightNorms(checkpoint),
  export: async (checkpoint, target, overwrite) => (await files()).exportWeights(checkpoint, target, overwrite),
  async exportOnnx(checkpoint, target, { overwrite, dataset }) {
    const request = { checkpoint, target, overwrite, version: VERSION, metadata: dataset ? describe(dataset) : {} }
    const { result } = await runToolProcess(
      { tool: 'export-onnx', request },
      { entry, env: { ...process.env, ...(await environment()) }, onProgress: () => undefined, signal: new AbortController().signal },
    )
    return Number(result['bytes'])
  },
})

/** What a user of the model has to know about the data. */
const describe = ({ channelMean, channelDeviation, classNames, hash }: Dataset): Record<string, string> => ({
  channelMean: JSON.stringify(channelMean),
  channelDeviation: JSON.stringify(channelDeviation),
  classNames: JSON.stringify(classNames),
  datasetHash: hash,
})
