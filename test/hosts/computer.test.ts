import { afterAll, beforeAll, expect, it } from 'vitest'
import type { WorkOf } from '../../src-main/contract/studies.js'
import type { Computer } from '../../src-main/features/studies/computations.js'
import { createComputer } from '../../src-main/hosts/studies.js'
import { chainEscape } from '../../src-main/studies/computations/chain-escape.js'
import { bundleForNode } from '../fixtures/build.js'

let bundle: Awaited<ReturnType<typeof bundleForNode>>
let computer: Computer
beforeAll(async () => {
  bundle = await bundleForNode('src-main/studies/compute-worker.ts')
  computer = createComputer(bundle.file)
})
afterAll(() => bundle[Symbol.dispose]())

const options = { depth: 4, target: 2, spread: 0, ratio: 1.1, momentum: 0, steps: 1000, seed: 1 }
const compute = (
  work: WorkOf<'computation'>,
  signal = new AbortController().signal,
  told: (progress: number | null) => void = () => undefined,
) => computer.compute(work, { signal, onProgress: told })

it('computes in a thread of its own what the function computes', async () => {
  const work = chainEscape.work(options)
  const measured = await compute(work)
  expect(measured).toEqual(chainEscape.compute(options, () => undefined))
  // Stored as JSON and read again, including NaN and infinities.
  const stored = { ...measured, predicted: 'Infinity', multiplier: 'NaN' }
  expect(chainEscape.resultOf({ work, measured: stored })).toEqual({ ...measured, predicted: Infinity, multiplier: NaN })
  expect(chainEscape.resultOf({ work: { ...work, revision: work.revision + 1 }, measured })).toBeNull()
})

it('tells how far it is, and is cancelled at once while the host goes on', async () => {
  const controller = new AbortController()
  const reached: (number | null)[] = []
  const long = compute(chainEscape.work({ ...options, depth: 1000, steps: 1_000_000 }), controller.signal, (progress) => {
    reached.push(progress)
    controller.abort(new Error('enough'))
  })
  await expect(long).rejects.toThrow('enough')
  expect(reached[0]).toBeGreaterThan(0)
  expect(reached[0]).toBeLessThan(0.9)
  await expect(compute(chainEscape.work(options), controller.signal)).rejects.toThrow('enough')
})

it('refuses what it cannot compute, with a sentence', async () => {
  const work = chainEscape.work(options)
  await expect(compute({ ...work, computation: 'guess' })).rejects.toThrow(/has no computation guess\. Start the study again/)
  await expect(compute({ ...work, revision: 99 })).rejects.toThrow(
    /is of revision 99 of the computation chain-escape, and .* has revision \d/,
  )
  expect(() => chainEscape.work({ ...options, depth: -1 })).toThrow(/^depth: /)
  await expect(compute({ ...work, options: { ...options, depth: -1 } })).rejects.toThrow(/^depth: /)
})
