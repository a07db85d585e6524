import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RunConfigInput } from '../../src-main/contract/config.js'
import { openBatches } from '../../src-main/data/batches.js'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { presets } from '../../src-main/numeric/presets.js'
import { initialState } from '../../src-main/numeric/state.js'
import { readCheckpoint } from '../../src-main/training/checkpoint.js'
import { seal } from '../../src-main/training/content-hash.js'
import { openExecutor } from '../../src-main/training/open-executor.js'
import { readSafetensors, writeSafetensors } from '../../src-main/training/safetensors.js'
import { evaluateCheckpoint } from '../../src-main/training/tools/evaluate.js'
import { exportWeights } from '../../src-main/training/weights.js'
import { engineReport, place, smallConfig, trainHere, type Trained } from './training.js'
import { slice } from '../fixtures/slice.js'

const executions = engineReport.engine === 'native' ? (['compiled', 'eager'] as const) : (['eager'] as const)
const evaluated = async (run: Trained, file: string, datasetFolder: string) =>
  (await evaluateCheckpoint({ checkpoint: join(run.folder, file), datasetFolder }, () => undefined)).result

describe.each(executions)('%s', (execution) => {
  test.each<Partial<RunConfigInput>>(
    slice(
      [{}, { unitNorm: 'batch' }, { arch: 'midpoint', start: 'rest' }, { arch: 'revnet' }, { arch: 'resnet', mode: 'stored' }],
      `${import.meta.filename}${execution}`,
    ),
  )('with the statistics of a batch, evaluation is what training says of that batch: %j', async (changes) => {
    const where = await place('noise')
    // The common part of training and evaluation passes is exact; their normalisations round differently.
    const config = smallConfig({ execution, fusedKernels: false, ...changes })
    const network = buildNetwork(config)
    const data = await openBatches({ folder: where.datasetFolder, config, fromStep: 0, worker: null })
    const keep = { anchorEvery: 0, keptUnits: [], log: () => undefined, onPhase: () => undefined }
    const executor = openExecutor(network, config, initialState(network, config), keep)
    for (let step = 0; step < 3; step++) executor.train(await data.next(), 0.05)
    const batch = await data.next()
    executor.evaluateWith(executor.moments(batch)[0]!)
    const { loss } = executor.evaluate(batch)
    expect(loss / batch.count).toBeCloseTo(executor.train(batch, 0.05)['train/loss']!, 5)
    await data.close()
    executor.dispose()
  })

  test('a run is the same to the bit with either statistics, but for what its evaluations say', async () => {
    const config = smallConfig({ execution, augment: { pad: 1, flip: true }, evaluateEvery: 3, arch: 'revnet' })
    const [estimated, running] = [
      await trainHere(await place('noise'), { ...config, evaluationStatistics: 'reestimated' }),
      await trainHere(await place('noise'), { ...config, evaluationStatistics: 'running' }),
    ]
    expect(estimated.checkpoints.map(({ step, weightsHash }) => [step, weightsHash])).toEqual(
      running.checkpoints.map(({ step, weightsHash }) => [step, weightsHash]),
    )
    for (const key of ['train/loss', 'train/gradientNorm', 'reversibility/reconstructionError'])
      expect(estimated.series(key), key).toEqual(running.series(key))
    expect(estimated.series('test/loss')).not.toEqual(running.series('test/loss'))
  })

  test.each(slice(['reestimated', 'running'], `${import.meta.filename}${execution}`))(
    'what a run says at a step is what its checkpoint says later, to the bit, also of a run that was resumed (%s)',
    async (evaluationStatistics) => {
      const config = smallConfig({ execution, evaluationStatistics, evaluateEvery: 2, validation: 0.2, learningRate: 0.1 })
      const where = await place('noise')
      const whole = await trainHere(where, config)
      const at = (key: string, step: number): number => whole.series(key).find((point) => point.step === step)!.value
      const kept = whole.checkpoints.filter(({ step }) => step > 0)
      // Besides the last one, those that were best when they were written.
      expect(kept.length).toBeGreaterThan(1)
      for (const { file, step } of kept)
        expect(await evaluated(whole, file, where.datasetFolder)).toMatchObject({
          accuracy: at('test/accuracy', step),
          loss: at('test/loss', step),
        })
      expect((await evaluated(whole, whole.checkpoints[0]!.file, where.datasetFolder)).images).toBe(40)

      const place2 = await place('noise')
      const paused = await trainHere(place2, config, { command: { at: 5, kind: 'pause' } })
      const resumed = await trainHere(place2, config, { resumeFrom: paused.checkpoints.at(-1)!.file, lease: 2 })
      for (const key of ['test/loss', 'test/accuracy', 'validation/loss'])
        expect([...paused.series(key), ...resumed.series(key)], key).toEqual(whole.series(key))
      expect(resumed.ended.result).toEqual({ ...whole.ended.result!, seconds: expect.any(Number) as number })
    },
  )
})

test('the files of a run have the statistics under names of their own, and a run that begins with them estimates its own', async () => {
  const where = await place('noise')
  const config = smallConfig({ steps: 3 })
  const run = await trainHere(where, config)
  const final = run.checkpoints.at(-1)!
  const { file } = await readCheckpoint(join(run.folder, final.file))
  const names = buildNetwork(config).statistics.map(({ name }) => name)
  expect([...file.tensors.keys()].filter((name) => name.startsWith('population/'))).toEqual(names.map((name) => `population/${name}`))

  const target = join(run.folder, 'weights.safetensors')
  await exportWeights(join(run.folder, final.file), target)
  const exported = await readSafetensors(target)
  expect(exported.metadata['weightsHash']).toBe(final.weightsHash)
  expect(exported.tensors.get('population/stem/bn/mean')).toEqual(file.tensors.get('population/stem/bn/mean'))
  const fork = await trainHere(await place('noise'), { ...config, seed: 2 }, { weightsFrom: target })
  const start = await readCheckpoint(join(fork.folder, fork.checkpoints[0]!.file))
  expect(start.file.tensors.get('stats/stem/bn/mean')).toEqual(file.tensors.get('stats/stem/bn/mean'))
  expect(start.file.tensors.has('population/stem/bn/mean')).toBe(true)

  file.tensors.delete('population/stem/bn/mean')
  await writeSafetensors(join(run.folder, 'step-000000009-lease-1.safetensors'), { ...file, metadata: seal(file.metadata, file.tensors) })
  await expect(evaluated(run, 'step-000000009-lease-1.safetensors', where.datasetFolder)).rejects.toThrow(
    /population\/stem\/bn\/mean is missing/,
  )
})

test('a network without batch norm has nothing to estimate', async () => {
  const dense = { arch: 'hamiltonian', maps: 'dense', classes: 2, image: { height: 1, width: 1, channels: 2 } } as const
  const config = smallConfig({ ...dense, dataset: 'circles', stages: [{ channels: 4, units: 2 }], steps: 2 })
  const run = await trainHere(await place('circles'), config)
  expect(run.ended.outcome).toBe('finished')
  const { file } = await readCheckpoint(join(run.folder, run.checkpoints.at(-1)!.file))
  expect([...file.tensors.keys()].some((name) => name.startsWith('population/'))).toBe(false)
})

test.skipIf(engineReport.engine !== 'native')('the first evaluation of hamiltonian-quick on the digits is no longer broken', async () => {
  const preset = presets.find(({ name }) => name === 'hamiltonian-quick')!
  const first = async (evaluationStatistics: 'reestimated' | 'running') => {
    const image = { height: 28, width: 28, channels: 1 }
    const about = {
      preset: preset.name,
      dataset: 'mnist',
      classes: 10,
      image,
      evaluateEvery: 80,
      evaluateImages: 500,
      evaluationStatistics,
    }
    const config = smallConfig({ batch: 100, ...preset.config, ...about })
    return trainHere(await place('mnist'), config, { command: { at: 80, kind: 'stop' } })
  }
  const [estimated, running] = [await first('reestimated'), await first('running')]
  const train = estimated.series('train/loss').slice(-10)
  const near = train.reduce((sum, { value }) => sum + value, 0) / train.length
  expect(estimated.series('test/accuracy')[0]!.value).toBeGreaterThan(0.7)
  expect(estimated.series('test/loss')[0]!.value).toBeLessThan(1.5 * near)
  // The previous result, which the paper's rule still gives for the same weights.
  expect(running.checkpoints.at(-1)!.weightsHash).toBe(estimated.checkpoints.at(-1)!.weightsHash)
  const lossOf = (run: typeof running): number => run.series('test/loss')[0]!.value
  expect(lossOf(running)).toBeGreaterThan(1.15 * lossOf(estimated))
})
