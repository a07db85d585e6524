import { expect, test } from 'vitest'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import { readDataset } from '../../src-main/data/stored.js'
import { presets } from '../../src-main/numeric/presets.js'
import { place, trainHere, type PlaneProblem } from './training.js'

/** Fewer steps than in the presets if they suffice, so that the suite stays short; docs/results.md has the complete runs. */
const CASES: [problem: PlaneProblem, preset: string, steps: number, accuracy: number][] = [
  ['two-spirals', 'mlp-hamiltonian', 300, 0.98],
  ['two-spirals', 'mlp-midpoint', 300, 0.98],
  ['two-spirals', 'mlp-leapfrog', 300, 0.98],
  ['circles', 'mlp-hamiltonian', 150, 0.98],
  ['circles', 'mlp-midpoint', 150, 0.98],
  ['circles', 'mlp-leapfrog', 150, 0.98],
  ['swiss-roll', 'mlp-hamiltonian', 1500, 0.98],
  ['swiss-roll', 'mlp-midpoint', 700, 0.98],
  ['swiss-roll', 'mlp-leapfrog', 1500, 0.98],
  ['peaks', 'mlp-hamiltonian', 300, 0.9],
  ['peaks', 'mlp-midpoint', 300, 0.9],
  ['peaks', 'mlp-leapfrog', 700, 0.9],
  // The networks of Haber and Ruthotto on their problem.
  ['swiss-roll', 'stable-euler', 1500, 0.98],
  ['swiss-roll', 'stable-antisymmetric', 1500, 0.98],
  ['swiss-roll', 'stable-verlet', 1500, 0.98],
]

test.each(CASES)('%s: %s classifies held-out points after %i steps', async (problem, name, steps, accuracy) => {
  const where = await place(problem)
  const { image, classNames } = await readDataset(where.datasetFolder)
  const { config } = presets.find((preset) => preset.name === name)!
  const given = { preset: name, dataset: problem, image, classes: classNames.length, steps, evaluateEvery: steps, checkpointSeconds: 0 }
  const { ended } = await trainHere(where, RunConfigSchema.parse({ ...config, ...given }))
  expect(ended.result!.testAccuracy).toBeGreaterThan(accuracy)
})
