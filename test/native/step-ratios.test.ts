import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BenchStepRequest } from '../../src-main/contract/tools.js'
import { computeEnvironment } from '../../src-main/hosts/engine.js'
import { runToolProcess } from '../../src-main/hosts/tool-process.js'
import { bundleForNode } from '../fixtures/build.js'
import { engineReport } from './support.js'

interface Step {
  secondsPerStep: number
  peakMiB: number
  estimatedMiB: number
}

let bundle: Awaited<ReturnType<typeof bundleForNode>>
beforeAll(
  async () => void (bundle = await bundleForNode(join(resolve(import.meta.dirname, '../../src-main'), 'training/trainer.ts'))),
  60_000,
)
afterAll(() => bundle[Symbol.dispose]())

/** Steps of a preset in a process of its own, as `retrace bench step` takes them. */
async function bench(options: Partial<BenchStepRequest> & Pick<BenchStepRequest, 'preset'>): Promise<Step> {
  const none = { batch: null, size: null, units: null, mode: null, execution: null, fused: true, kept: null }
  const request = { ...none, steps: 5, ...options }
  const process = {
    entry: bundle.file,
    env: computeEnvironment(undefined),
    onProgress: () => undefined,
    signal: new AbortController().signal,
  }
  const { result } = await runToolProcess({ tool: 'bench-step', request }, process)
  return result as unknown as Step
}

/** The best of interleaved rounds: what else the machine does only makes a step slower. */
async function fastest(cases: Parameters<typeof bench>[0][]): Promise<number[]> {
  const best = cases.map(() => Infinity)
  for (let round = 0; round < 2; round++)
    for (const [at, options] of cases.entries()) best[at] = Math.min(best[at]!, (await bench(options)).secondsPerStep)
  return best
}

// Ratios within one run, never times: far enough from what is measured (docs/benchmarks.md) that a busy machine does not fail them.
describe.runIf(engineReport.engine === 'native')('what a step costs', () => {
  const quick = { preset: 'hamiltonian-quick', batch: 20, size: 16 }

  test('a compiled step takes less time than an eager one, and a reversible one at most twice that of a stored one', async () => {
    const [compiled, eager, stored] = (await fastest([quick, { ...quick, execution: 'eager' }, { ...quick, mode: 'stored' }])) as [
      number,
      number,
      number,
    ]
    expect(compiled / eager).toBeLessThan(0.8)
    expect(compiled / stored).toBeLessThan(2)
  })

  test('from 4 to 64 units a reversible step takes memory for the graph and the parameters only', async () => {
    const growth = async (mode: 'reversible' | 'stored'): Promise<number> => {
      const options = { preset: 'hamiltonian-quick', batch: 100, size: 16, mode, steps: 1 }
      const [few, many] = [await bench(options), await bench({ ...options, units: 16 })]
      return many.peakMiB - few.peakMiB
    }
    const [reversible, stored] = [await growth('reversible'), await growth('stored')]
    expect(reversible).toBeLessThan(100)
    expect(stored).toBeGreaterThan(4 * reversible)
  })

  test.each([0, 0.5, 1])('with a share of %d of the activations kept, resident memory is within 10 % of its estimate', async (kept) => {
    const { peakMiB, estimatedMiB } = await bench({ preset: 'hamiltonian-74', batch: 100, kept, steps: 1 })
    expect(Math.abs(peakMiB / estimatedMiB - 1)).toBeLessThan(0.1)
  })
})
