import { expect, test } from 'vitest'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import { readDataset } from '../../src-main/data/stored.js'
import { presets } from '../../src-main/numeric/presets.js'
import { place, trainHere, type PlaneProblem } from './training.js'

/** Fewer steps than the presets' where they suffice, so that the suite stays short; docs/results.md has the whole runs. */
const CASES: [problem: PlaneProblem, arch: 'hamiltonian' | 'midpoint' | 'leapfrog', steps: number, accuracy: number][] = [
  ['two-spirals', 'hamiltonian', 300, 0.98],
  ['two-spirals', 'midpoint', 300, 0.98],
  ['two-spirals', 'leapfrog', 300, 0.98],
  ['circles', 'hamiltonian', 150, 0.98],
  ['circles', 'midpoint', 150, 0.98],
  ['circles', 'leapfrog', 150, 0.98],
  ['swiss-roll', 'hamiltonian', 1500, 0.98],
  ['swiss-roll', 'midpoint', 700, 0.98],
  ['swiss-roll', 'leapfrog', 1500, 0.98],
  ['peaks', 'hamiltonian', 300, 0.9],
  ['peaks', 'midpoint', 300, 0.9],
  ['peaks', 'leapfrog', 700, 0.9],
]

test.each(CASES)('%s: mlp-%s classifies held-out points after %i steps', async (problem, arch, steps, accuracy) => {
  const where = await place(problem)
  const { image, classNames } = await readDataset(where.datasetFolder)
  const { name, config } = presets.find((preset) => preset.name === `mlp-${arch}`)!
  const given = { preset: name, dataset: problem, image, classes: classNames.length, steps, evaluateEvery: steps, checkpointSeconds: 0 }
  const { ended } = await trainHere(where, RunConfigSchema.parse({ ...config, ...given }))
  expect(ended.result!.testAccuracy).toBeGreaterThan(accuracy)
})
