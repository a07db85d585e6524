import type { BenchStepRequest } from '../../contract/tools.js'
import { RunConfigSchema } from '../../contract/config.js'
import { stepCost } from '../../numeric/cost.js'
import type { Speed } from '../../numeric/describe.js'
import { buildNetwork } from '../../numeric/network.js'
import type { ToolProgress, ToolResult } from '../tool-result.js'
import { benchStep } from './bench-step.js'

/**
 * The same network of a few units with a small and a larger workload: the number of forces is equal, that of operations a hundred times
 * larger.
 */
const SMALL = { batch: 1, size: 8 }
const LARGE = { batch: 16, size: 32 }
const UNITS = 0.3
const STEPS = 5

/**
 * The speed of training steps on this machine, for estimates: seconds = operations / rate + forces * overhead, from two measured steps of a
 * network with the widths of the paper's networks.
 */
export async function measureSpeed(progress: ToolProgress): Promise<ToolResult> {
  progress('measuring the speed of training steps on this machine (once)')
  const measure = async (work: { batch: number; size: number }): Promise<{ seconds: number; operations: number; forces: number }> => {
    const request: BenchStepRequest = {
      preset: 'hamiltonian-74-plain',
      units: UNITS,
      mode: 'reversible',
      steps: STEPS,
      execution: null,
      fused: null,
      kept: null,
      ...work,
    }
    const { result } = await benchStep(request, () => undefined)
    const { stages, image } = result as { stages: unknown; image: unknown }
    const config = RunConfigSchema.parse({ preset: 'speed', dataset: 'speed', arch: 'hamiltonian', classes: 10, stages, image })
    const { operations, forces } = stepCost(buildNetwork(config), work.batch)
    return { seconds: result['secondsPerStep'] as number, operations: operations.reversible!, forces }
  }
  const small = await measure(SMALL)
  progress('measuring a larger workload', 0.5)
  const large = await measure(LARGE)
  const operationsPerSecond = (large.operations - small.operations) / Math.max(large.seconds - small.seconds, 1e-9)
  const secondsPerForce = Math.max(0, small.seconds - small.operations / operationsPerSecond) / small.forces
  const speed: Speed = { operationsPerSecond, secondsPerForce }
  const text = [`${(operationsPerSecond / 1e9).toFixed(1)} GFLOPS, ${(secondsPerForce * 1000).toFixed(2)} ms per force`]
  return { ok: true, text, result: { ...speed } }
}
