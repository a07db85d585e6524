import { performance } from 'node:perf_hooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createComputer } from '../../src-main/hosts/studies.js'
import { randomFor } from '../../src-main/numeric/random.js'
import { forestImportance } from '../../src-main/studies/computations/forest-importance.js'
import { bundleForNode } from '../fixtures/build.js'

let bundle: Awaited<ReturnType<typeof bundleForNode>>
beforeAll(async () => {
  bundle = await bundleForNode('src-main/studies/compute-worker.ts')
})
afterAll(() => bundle[Symbol.dispose]())

it('computes the importance of the keys of 500 runs beside the thread of its host, which it tells how far it is', async () => {
  const random = randomFor(1, 'runs')
  const rows = Array.from({ length: 500 }, () => Array.from({ length: 6 }, () => random.uniform()))
  const y = rows.map(([a = 0, b = 0]) => a + 0.3 * b)
  const work = forestImportance.work({ features: 6, x: rows.flat(), y, trees: 100, seed: 1 })
  const told: (number | null)[] = []
  let slept = 0
  // The host continues with other work meanwhile.
  const timer = setInterval(() => slept++, 20)
  const [before, begin] = [performance.eventLoopUtilization(), performance.now()]
  const found = await createComputer(bundle.file).compute(work, {
    onProgress: (fraction) => told.push(fraction),
    signal: new AbortController().signal,
  })
  const { active } = performance.eventLoopUtilization(before)
  const took = performance.now() - begin
  clearInterval(timer)
  expect((found['importance'] as number[])[0]).toBeGreaterThan((found['importance'] as number[])[1]!)
  // Relative to the work of the host's thread in this time, because a busy machine makes both longer.
  expect(took).toBeGreaterThan(3 * active)
  expect(slept).toBeGreaterThan(5)
  expect(told.length).toBeGreaterThan(2)
  expect(told).toEqual([...told].sort((a, b) => a! - b!))
  expect(told.every((fraction) => fraction! >= 0 && fraction! < 1)).toBe(true)
})
