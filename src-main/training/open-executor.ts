import { backend } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import { capturableBackend } from '../engine/capture/binding.js'
import type { Network } from '../numeric/network.js'
import type { TrainingState } from '../numeric/state.js'
import { CompiledExecutor, type Pass } from './compiled-executor.js'
import { EagerExecutor, type Executor, type KeepOptions } from './executor.js'

export interface OpenExecutorOptions extends KeepOptions {
  log(level: 'info', message: string): void
  onPhase(phase: string): void
  /** The passes that will be used; by default all. */
  passes?: readonly Pass[]
}

/** The executor that a run requests; takes ownership of the state. Logs a message if the available engine does not support the request. */
export function openExecutor(network: Network, config: RunConfig, state: TrainingState, options: OpenExecutorOptions): Executor {
  const { log, onPhase, passes, ...keep } = options
  if (config.execution === 'eager') return new EagerExecutor(network, config, state, keep)
  const capturable = capturableBackend(backend())
  if (!capturable) {
    log('info', 'the portable engine does not support compiled steps: this run uses eager execution')
    return new EagerExecutor(network, config, state, keep)
  }
  const fused = config.fusedKernels && !capturable.isUsingGpuDevice
  if (config.fusedKernels && !fused) log('info', 'fused kernels only exist for CPUs: on this GPU the step is compiled without them')
  const begin = performance.now()
  const executor = new CompiledExecutor(capturable, network, config, state, { ...keep, fused, onPhase, ...(passes ? { passes } : {}) })
  const { nodes, bytes } = executor.graph
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  log(
    'info',
    `compiled the step in ${seconds} s: ${nodes} operations, ${(bytes / 1024).toFixed(0)} KiB, ${fused ? 'fused' : 'plain'} kernels`,
  )
  return executor
}
