import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import type { EngineReport } from '../contract/engine.js'
import { packageFolder, TENSORFLOW_VERSION } from './location.js'
import { selectEngine, type EngineSelection } from './select.js'

const GPUS = '/proc/driver/nvidia/gpus'

/** Name of the first NVIDIA device as reported by its driver, or null. */
function gpuName(): string | null {
  try {
    const [first] = readdirSync(GPUS)
    if (first === undefined) return null
    return /^Model:\s*(.+)$/m.exec(readFileSync(join(GPUS, first, 'information'), 'utf8'))?.[1] ?? null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

const tfjsVersion = (): string =>
  (JSON.parse(readFileSync(join(packageFolder('@tensorflow/tfjs-core'), 'package.json'), 'utf8')) as { version: string }).version

/** Facts about an engine that are known both inside and outside its process. */
export interface EngineFacts {
  gpu: boolean
  threads: number
  tensorflow: string | null
  /** The environment of the compute process. */
  env: NodeJS.ProcessEnv
}

export function describeEngine(selection: EngineSelection, { gpu, threads, tensorflow, env }: EngineFacts): EngineReport {
  const native = selection.engine === 'native'
  return {
    engine: selection.engine,
    device: gpu ? 'gpu' : 'cpu',
    deviceName: (gpu ? gpuName() : null) ?? cpus()[0]?.model.trim() ?? 'unknown processor',
    versions: { tfjs: tfjsVersion(), tensorflow: native ? tensorflow : null, node: process.versions.node },
    threads,
    // Only TensorFlow's x86 builds include oneDNN.
    oneDNN: native && process.arch === 'x64' ? env.TF_ENABLE_ONEDNN_OPTS !== '0' : null,
    reason: selection.reason,
    remedy: selection.remedy,
  }
}

/** Number of threads of an engine in an environment created by `trainerEnvironment`. */
export const engineThreads = (engine: EngineSelection['engine'], env: NodeJS.ProcessEnv): number =>
  engine === 'portable' ? 1 : Number(env.TF_NUM_INTRAOP_THREADS) || availableParallelism()

/**
 * The engine that a trainer would use, determined without loading TensorFlow into this process. For a run, the trainer's own report, sent
 * when it starts, is what counts.
 * @throws UserError like selectEngine
 */
export function probeEngine(selection: EngineSelection = selectEngine(), env: NodeJS.ProcessEnv = process.env): EngineReport {
  return describeEngine(selection, {
    gpu: selection.native?.variant === 'cuda',
    threads: engineThreads(selection.engine, env),
    tensorflow: TENSORFLOW_VERSION,
    env,
  })
}
