import { readFileSync } from 'node:fs'
import { backend, engine } from '@tensorflow/tfjs-core'
import type { NetworkSummary } from '../../contract/catalogue.js'
import { describeIssues, explainIssue } from '../../contract/config-issues.js'
import { RunConfigSchema, type RunConfig } from '../../contract/config.js'
import { UserError } from '../../contract/errors.js'
import { MEMORY, ratioText, storedToReversible, withKept } from '../../contract/memory.js'
import { accumulationIssues, microBatch } from '../../contract/micro-batch.js'
import type { BenchStepRequest } from '../../contract/tools.js'
import { capturableBackend } from '../../engine/capture/binding.js'
import { keptBytesAUnit, planActivations, trainingBytes } from '../../numeric/activation-budget.js'
import { activationBytes, nominalConfig } from '../../numeric/describe.js'
import { buildNetwork, modesOf, parameterCount, type Network } from '../../numeric/network.js'
import { findPreset } from '../../numeric/presets.js'
import { randomFor } from '../../numeric/random.js'
import { findDynamics } from '../../numeric/registry.js'
import { initialState } from '../../numeric/state.js'
import { CompiledExecutor, type GraphSize } from '../compiled-executor.js'
import { EagerExecutor, type Executor } from '../executor.js'
import type { HostBatch } from '../run-data.js'
import type { ToolResult } from '../tool-result.js'
import { explained } from './explained.js'

const DEFAULT_STEPS = 6

/** Measures training steps of a preset on synthetic images: the median of all but the first, which is a warm-up. */
export async function benchStep(request: BenchStepRequest, progress: (message: string) => void): Promise<ToolResult> {
  const { config, network } = configure(request)
  const startMiB = peakResidentMiB()
  const steps = request.steps ?? DEFAULT_STEPS
  // A fraction of everything that could be kept, so that the dial can be measured without knowing bytes.
  const together = microBatch(config)
  const whole = keptBytesAUnit(network, together).reduce((sum, bytes, index) => sum + bytes * network.stages[index]!.units, 0)
  const plan = planActivations(network, together, whole * (request.kept ?? 0))
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
    accumulate: config.accumulate,
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
    /** Before the network was created. */
    startMiB,
    /** Estimate for one step at this batch or micro-batch size; separate from the memory of the process, which is measured. */
    activationBytes: withKept(activationBytes(network, together), plan.bytes),
    /** The memory of the process before, plus the expected increase from training. */
    estimatedMiB: Math.round(startMiB + trainingBytes(network, config, plan) / 2 ** 20),
    /** After capture, before the first compiled step. */
    compiledMiB,
    peakTensorBytes: peak,
    graph,
    captureSeconds,
    steps,
  }
  const text = [
    `${request.preset}, ${result.mode}, ${result.execution}, batch ${config.batch}${config.accumulate > 1 ? ` in micro-batches of ${together}` : ''}: ${secondsPerStep.toFixed(3)} s per step, ${result.imagesPerSecond.toFixed(1)} images/s`,
    describeActivations(result.activationBytes),
    `${MEMORY.process.label}: peak ${result.peakMiB} MiB, estimated ${result.estimatedMiB} MiB`,
  ]
  return { ok: true, text, result }
}

function describeActivations(bytes: NetworkSummary['activationBytes']): string {
  const of = (value: number): string => `${Math.round(value).toLocaleString('en-US')} bytes`
  const ratio = storedToReversible(bytes)
  const modes = [
    ...(bytes.reversible === null ? [] : [`reversible ${of(bytes.reversible)}`]),
    `stored ${of(bytes.stored)}`,
    ...(ratio === null ? [] : [`ratio ${ratioText(ratio)}`]),
  ]
  return `${MEMORY.activations.label}, estimated: ${modes.join(', ')}`
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
  if (!capturable) throw new UserError('UNAVAILABLE', 'The portable engine does not support compiled steps. Add --execution eager.')
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
  const { preset: name, batch, size, units, mode, execution, fused, set } = request
  const preset = findPreset(name)
  const nominal = nominalConfig(preset)
  const stages = nominal.stages.map((stage) => ({ ...stage, units: Math.max(1, Math.round(stage.units * (units ?? 1))) }))
  const image = size ? { ...nominal.image, height: size, width: size } : nominal.image
  const parsed = RunConfigSchema.safeParse({
    ...preset.config,
    ...nominal,
    stages,
    image,
    ...set,
    mode: mode ?? modesOf(findDynamics(nominal.arch)!)[0],
    batch: batch ?? preset.config.batch ?? 100,
    // The portable engine executes operation by operation only.
    execution: execution ?? (capturableBackend(backend()) ? 'compiled' : 'eager'),
    fusedKernels: fused ?? true,
    // A single step has no schedule.
    schedule: undefined,
    preset: name,
    dataset: 'made-up',
  })
  if (!parsed.success) throw new UserError('BAD_INPUT', describeIssues(parsed.error.issues.flatMap(explainIssue)))
  const config = parsed.data
  const issues = accumulationIssues(config)
  if (issues.length) throw new UserError('BAD_INPUT', describeIssues(issues))
  return { config, network: explained(() => buildNetwork(config)) }
}

/** Peak number of bytes in tensors, according to tfjs, from now until `stop`. */
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

/** VmHWM of this process; on systems without /proc, the current resident size. */
function peakResidentMiB(): number {
  if (process.platform === 'linux')
    return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024)
  return Math.round(process.memoryUsage.rss() / 2 ** 20)
}
