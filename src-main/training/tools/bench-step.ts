import { readFileSync } from 'node:fs'
import { backend, engine } from '@tensorflow/tfjs-core'
import { RunConfigSchema, type RunConfig } from '../../contract/config.js'
import { UserError } from '../../contract/errors.js'
import type { BenchStepRequest } from '../../contract/tools.js'
import { capturableBackend } from '../../engine/capture/binding.js'
import { keptBytesAUnit, planActivations, trainingBytes } from '../../numeric/activation-budget.js'
import { nominalConfig } from '../../numeric/describe.js'
import { buildNetwork, modesOf, NetworkConfigError, parameterCount, type Network } from '../../numeric/network.js'
import { presets } from '../../numeric/presets.js'
import { randomFor } from '../../numeric/random.js'
import { findDynamics } from '../../numeric/registry.js'
import { initialState } from '../../numeric/state.js'
import { CompiledExecutor, type GraphSize } from '../compiled-executor.js'
import { EagerExecutor, type Executor } from '../executor.js'
import type { HostBatch } from '../run-data.js'
import type { ToolResult } from '../tools.js'

const DEFAULT_STEPS = 6

/** Times training steps of a preset on made-up images: median of all but the first, which warms up. */
export async function benchStep(request: BenchStepRequest, progress: (message: string) => void): Promise<ToolResult> {
  const { config, network } = configure(request)
  const startMiB = peakResidentMiB()
  const steps = request.steps ?? DEFAULT_STEPS
  // A share of everything that could be kept, so that the dial can be measured without knowing bytes.
  const whole = keptBytesAUnit(network, config.batch).reduce((sum, bytes, index) => sum + bytes * network.stages[index]!.units, 0)
  const plan = planActivations(network, config.batch, whole * (request.kept ?? 0))
  const keep = { anchorEvery: 0, keptUnits: plan.keptUnits }
  const batch = madeUpBatch(network, config.batch)
  const { executor, graph, captureSeconds } = open(network, config, keep)
  const compiledMiB = peakResidentMiB()
  const times: number[] = []
  let peak: number | null = null
  for (let step = 0; step <= steps; step++) {
    const measured = step === 0 && config.execution === 'eager' ? trackPeakBytes() : null
    const begin = performance.now()
    executor.train(batch, config.learningRate)
    times.push((performance.now() - begin) / 1000)
    if (measured) peak = measured.stop()
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
    execution: config.execution,
    fusedKernels: config.execution === 'compiled' && config.fusedKernels,
    keptShare: plan.share,
    keptBytes: plan.bytes,
    secondsPerStep,
    imagesPerSecond: config.batch / secondsPerStep,
    peakMiB: peakResidentMiB(),
    /** What the process took before, and what training was expected to add. */
    estimatedMiB: Math.round(startMiB + trainingBytes(network, config.batch, plan) / 2 ** 20),
    /** After capture, before the first compiled step. */
    compiledMiB,
    peakTensorBytes: peak,
    graph,
    captureSeconds,
    steps,
  }
  const text = [
    `${request.preset}, ${result.mode}, ${result.execution}, batch ${config.batch}: ${secondsPerStep.toFixed(3)} s a step, ${result.imagesPerSecond.toFixed(1)} images/s, peak ${result.peakMiB} MiB`,
  ]
  return { ok: true, text, result }
}

interface Opened {
  executor: Executor
  graph: GraphSize | null
  captureSeconds: number
}

function open(network: Network, config: RunConfig, keep: { anchorEvery: number; keptUnits: number[] }): Opened {
  const state = initialState(network, config)
  if (config.execution === 'eager') return { executor: new EagerExecutor(network, config, state, keep), graph: null, captureSeconds: 0 }
  const capturable = capturableBackend(backend())
  if (!capturable) throw new UserError('UNAVAILABLE', 'the portable engine has no compiled step; add --execution eager')
  const begin = performance.now()
  const fused = config.fusedKernels && !capturable.isUsingGpuDevice
  const executor = new CompiledExecutor(capturable, network, config, state, { ...keep, fused, passes: ['train'] })
  return { executor, graph: executor.graph, captureSeconds: (performance.now() - begin) / 1000 }
}

function madeUpBatch({ config }: Network, count: number): HostBatch {
  const random = randomFor(1, 'bench')
  const { height, width, channels } = config.image
  return {
    images: Float32Array.from({ length: count * height * width * channels }, () => random.normal()),
    labels: Int32Array.from({ length: count }, () => random.integer(0, config.classes - 1)),
    count,
  }
}

function configure(request: BenchStepRequest): { config: RunConfig; network: Network } {
  const { preset: name, batch, size, units, mode, execution, fused } = request
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
    // The portable engine executes operation by operation only.
    execution: execution ?? (capturableBackend(backend()) ? 'compiled' : 'eager'),
    fusedKernels: fused ?? true,
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
