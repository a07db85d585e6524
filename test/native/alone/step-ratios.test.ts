import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BenchStepRequest } from '../../../src-main/contract/tools.js'
import { computeEnvironment } from '../../../src-main/hosts/engine.js'
import { runToolProcess } from '../../../src-main/hosts/tool-process.js'
import { bundleForNode } from '../../fixtures/build.js'
import { engineReport } from '../support.js'

interface Step {
  secondsPerStep: number
  peakMiB: number
  estimatedMiB: number
  activationBytes: { reversible: number | null; stored: number }
}

let bundle: Awaited<ReturnType<typeof bundleForNode>>
beforeAll(
  async () => void (bundle = await bundleForNode(join(resolve(import.meta.dirname, '../../../src-main'), 'training/trainer.ts'))),
  60_000,
)
afterAll(() => bundle[Symbol.dispose]())

/** Steps of a preset in a process of its own, measured like `retrace bench step`. */
async function bench(options: Partial<BenchStepRequest> & Pick<BenchStepRequest, 'preset'>): Promise<Step> {
  return (await answer(options)).step
}

async function answer(options: Parameters<typeof bench>[0]): Promise<{ step: Step; text: string[] }> {
  const none = { batch: null, size: null, units: null, mode: null, execution: null, fused: true, kept: null }
  const request = { ...none, steps: 5, ...options }
  const process = {
    entry: bundle.file,
    env: computeEnvironment(undefined),
    onProgress: () => undefined,
    signal: new AbortController().signal,
  }
  const { result, text } = await runToolProcess({ tool: 'bench-step', request }, process)
  return { step: result as unknown as Step, text }
}

/** The best of interleaved rounds, because other load on the machine only makes a step slower. */
async function fastest(cases: Parameters<typeof bench>[0][]): Promise<number[]> {
  const best = cases.map(() => Infinity)
  for (let round = 0; round < 2; round++)
    for (const [at, options] of cases.entries()) best[at] = Math.min(best[at]!, (await bench(options)).secondsPerStep)
  return best
}

// Ratios within one run, never times: far enough from the measured ones (docs/benchmarks.md) that a busy machine does not fail them.
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

  test('says activations in bytes, of both modes at its batch, apart from the memory of the process', async () => {
    const { step, text } = await answer({ ...quick, steps: 1 })
    const { reversible, stored } = step.activationBytes
    expect(reversible).toBeLessThan(stored)
    const written = (bytes: number): string => `${Math.round(bytes).toLocaleString('en-US')} bytes`
    expect(text[1]).toMatch(`Activation memory, estimated: reversible ${written(reversible!)}, stored ${written(stored)}, `)
    expect(text[2]).toBe(`Process memory: peak ${step.peakMiB} MiB, estimated ${step.estimatedMiB} MiB`)
    // Twice the images, twice the activations; they include half of what can be kept.
    const twice = (await bench({ ...quick, batch: 40, steps: 1 })).activationBytes
    expect(twice).toEqual({ reversible: 2 * reversible!, stored: 2 * stored })
    const kept = (await bench({ ...quick, steps: 1, kept: 0.5 })).activationBytes
    expect(kept.reversible).toBeGreaterThan(reversible!)
    expect(kept.stored).toBe(stored)
    const baseline = (await bench({ ...quick, preset: 'resnet-32', steps: 1 })).activationBytes
    expect(baseline.reversible).toBeNull()
  }, 120_000)

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
    const { peakMiB, estimatedMiB } = await bench({ preset: 'hamiltonian-74-plain', batch: 100, kept, steps: 1 })
    expect(Math.abs(peakMiB / estimatedMiB - 1)).toBeLessThan(0.1)
  })
})
