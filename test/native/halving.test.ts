import { expect, test } from 'vitest'
import { openBackend } from '../fixtures/backend.js'
import { catalogue } from '../../src-main/hosts/catalogue.js'
import { computeEnvironment } from '../../src-main/hosts/engine.js'
import { createImporter } from '../../src-main/hosts/importer.js'
import { temporaryFolder } from '../fixtures/home.js'
import { realTrainer, untilRun } from '../fixtures/trainer.js'

const bundle = realTrainer()

test('the winner of successive halving ends with the weights of a run that was never interrupted', async () => {
  using folder = temporaryFolder()
  const backend = await openBackend({
    home: folder.path,
    trainerEntry: bundle.file,
    hostKind: 'server',
    catalogue,
    importer: createImporter('nothing is imported here'),
    environment: () => computeEnvironment(undefined),
  })
  try {
    const { runs, studies } = backend.services
    const base = { stages: [{ channels: 2, units: 1 }, { channels: 4, units: 1 }], batch: 4, subset: 0.02, evaluateImages: 20 } // prettier-ignore
    const options = { preset: 'hamiltonian-quick', dataset: 'mnist', base: JSON.stringify(base), keys: 'learningRate=0.001|0.1', steps: 8 }
    const { id } = await studies.start({ template: 'search', options: { ...options, validation: 0.2, rungs: 2, eta: 2 } })
    await expect.poll(async () => (await studies.get({ id })).study.undecided, { timeout: 60_000, interval: 50 }).toBe(false)
    const { cells } = await studies.get({ id })
    expect(cells.map(({ state }) => state).sort()).toEqual(['dropped', 'finished'])
    const winner = await runs.get({ id: cells.find(({ state }) => state === 'finished')!.runId! })
    // Once at its rung, and once at its end.
    expect(winner.checkpoints.map(({ step, kind }) => [step, kind])).toEqual(expect.arrayContaining([[8, 'final']]))
    expect(winner.lease).toBe(2)
    const { id: whole } = await runs.create({
      preset: 'hamiltonian-quick',
      dataset: 'mnist',
      overrides: { ...base, learningRate: winner.config.learningRate, steps: 8, validation: 0.2, evaluateEvery: 4, seed: 1 },
    })
    const undisturbed = await untilRun(backend, whole, ({ status }) => status === 'finished')
    expect(undisturbed.lease).toBe(1)
    expect(winner.result!.weightsHash).toBe(undisturbed.result!.weightsHash)
  } finally {
    await backend.close()
  }
})
