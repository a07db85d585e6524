import { readFileSync } from 'node:fs'
import { dispose, engine, scalar, tensor } from '@tensorflow/tfjs-core'
import { RunConfigSchema } from '../../contract/config.js'
import { UserError } from '../../contract/errors.js'
import type { BenchStepRequest } from '../../contract/tools.js'
import { nominalConfig } from '../../numeric/describe.js'
import { buildNetwork, modesOf, NetworkConfigError, parameterCount, type Network } from '../../numeric/network.js'
import { presets } from '../../numeric/presets.js'
import { randomFor } from '../../numeric/random.js'
import { findDynamics } from '../../numeric/registry.js'
import { initialState } from '../../numeric/state.js'
import { trainStep } from '../../numeric/train-step.js'
import type { ToolResult } from '../tools.js'

const DEFAULT_STEPS = 6

/** Times training steps of a preset on made-up images: median of all but the first, which warms up. */
export async function benchStep(request: BenchStepRequest, progress: (message: string) => void): Promise<ToolResult> {
  const { config, network } = configure(request)
  const steps = request.steps ?? DEFAULT_STEPS
  const random = randomFor(1, 'bench')
  const { height, width, channels } = network.config.image
  const images = tensor(
    Float32Array.from({ length: config.batch * height * width * channels }, () => random.normal()),
    [config.batch, height, width, channels],
  )
  const labels = tensor(
    Int32Array.from({ length: config.batch }, () => random.integer(0, config.classes - 1)),
    [config.batch],
    'int32',
  )
  const learningRate = scalar(config.learningRate)
  const state = initialState(network, config)
  const times: number[] = []
  let peak = 0
  for (let step = 0; step <= steps; step++) {
    const measured = step === 0 ? trackPeakBytes() : null
    const begin = performance.now()
    const result = trainStep(network, state, { images, labels }, { ...config, anchorEvery: 0 }, learningRate)
    result.crossEntropy.dataSync()
    times.push((performance.now() - begin) / 1000)
    if (measured) peak = measured.stop()
    dispose([...Object.values(result)])
    progress(`step ${step} of ${steps}`)
  }
  const sorted = times.slice(1).sort((a, b) => a - b)
  const secondsPerStep = sorted[sorted.length >> 1]!
  const result = {
    preset: request.preset,
    mode: network.config.mode,
    batch: config.batch,
    image: network.config.image,
    stages: network.config.stages,
    parameters: parameterCount(network),
    execution: 'eager',
    secondsPerStep,
    imagesPerSecond: config.batch / secondsPerStep,
    peakMiB: peakResidentMiB(),
    peakTensorBytes: peak,
    steps,
  }
  const text = [
    `${request.preset}, ${result.mode}, batch ${config.batch}: ${secondsPerStep.toFixed(3)} s a step, ${result.imagesPerSecond.toFixed(1)} images/s, peak ${result.peakMiB} MiB`,
  ]
  return { ok: true, text, result }
}

function configure({ preset: name, batch, size, units, mode }: BenchStepRequest): {
  config: ReturnType<typeof RunConfigSchema.parse>
  network: Network
} {
  const preset = presets.find((candidate) => candidate.name === name)
  if (!preset)
    throw new UserError('BAD_INPUT', `unknown preset '${name}'; there are ${presets.map((candidate) => candidate.name).join(', ')}`)
  const nominal = nominalConfig(preset)
  const stages = nominal.stages.map((stage) => ({ ...stage, units: Math.max(1, Math.round(stage.units * (units ?? 1))) }))
  const image = size ? { ...nominal.image, height: size, width: size } : nominal.image
  const config = RunConfigSchema.parse({
    ...preset.config,
    ...nominal,
    stages,
    image,
    mode: mode ?? modesOf(findDynamics(nominal.arch)!)[0],
    batch: batch ?? preset.config.batch ?? 100,
    preset: name,
    dataset: 'made up',
  })
  try {
    return { config, network: buildNetwork(config) }
  } catch (error) {
    if (error instanceof NetworkConfigError) throw new UserError('BAD_INPUT', error.message, { cause: error })
    throw error
  }
}

/** Largest number of bytes in tensors at once, by tfjs's accounting, from now until `stop`. */
export function trackPeakBytes(): { stop(): number } {
  const { state } = engine()
  let bytes = state.numBytes
  let peak = bytes
  Object.defineProperty(state, 'numBytes', {
    configurable: true,
    get: () => bytes,
    set: (value: number) => (peak = Math.max(peak, (bytes = value))),
  })
  return {
    stop() {
      Object.defineProperty(state, 'numBytes', { configurable: true, writable: true, value: bytes })
      return peak
    },
  }
}

/** VmHWM of this process; on systems without /proc the resident size now. */
export function peakResidentMiB(): number {
  if (process.platform === 'linux')
    return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024)
  return Math.round(process.memoryUsage.rss() / 2 ** 20)
}
