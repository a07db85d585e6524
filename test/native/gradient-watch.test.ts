import { describe, expect, test } from 'vitest'
import { gradientVerdict, type GradientCheck } from '../../src-main/contract/gradients.js'
import type { RunConfigInput } from '../../src-main/contract/config.js'
import { place, smallConfig, trainHere, type Trained } from './training.js'
import { slice } from '../fixtures/slice.js'

/** Trains to its end with gradients that are off by a quarter, although its reconstructed states are off by only 1.4%. */
const FAR: Partial<RunConfigInput> = {
  arch: 'hamiltonian',
  stages: [{ channels: 8, units: 24 }],
  h: 0.7,
  activation: 'relu',
  learningRate: 0.001,
  evaluateEvery: 6,
}

const worstOf = ({ reports }: Trained): GradientCheck | null =>
  reports.reduce<GradientCheck | null>((last, report) => (report.kind === 'gradients' ? report.worst : last), null)

describe.each(['compiled', 'eager'] as const)('the check of gradients, %s', (execution) => {
  const run = async (changes: Partial<RunConfigInput>) => trainHere(await place('noise'), smallConfig({ execution, ...changes }))

  test('finds a reversal that fails at the first step, names the parameter, and warns once', async () => {
    const trained = await run(FAR)
    expect(trained.ended.outcome).toBe('finished')
    const errors = trained.series('reversibility/gradientError')
    expect(errors.map(({ step }) => step)).toEqual([1, 6, 10, 12])
    expect(errors[0]!.value).toBeGreaterThan(0.1)
    const worst = worstOf(trained)!
    expect(gradientVerdict(worst)).toBe('not trustworthy')
    expect(worst.parameter).toMatch(/^(stage1\/unit\d+|stem)\//)
    expect(trained.logs.filter((line) => line.includes('not trustworthy'))).toHaveLength(1)
  })

  test.each(slice(['hamiltonian', 'midpoint', 'leapfrog', 'revnet'], `${import.meta.filename}${execution}`))(
    'a %s run that reverses well is ok',
    async (arch) => {
      const trained = await run({ arch })
      expect(gradientVerdict(worstOf(trained))).toBe('ok')
      expect(worstOf(trained)!.error).toBeLessThan(1e-3)
      expect(Math.min(...trained.series('reversibility/gradientCosine').map(({ value }) => value))).toBeGreaterThan(0.9999)
    },
  )

  test('states that overflow have no gradients to compare: the run is not ok, says why, and anchors are not tried', async () => {
    const stages = [4, 8].map((channels) => ({ channels, units: 9 }))
    const trained = await run({ stages, h: 5, steps: 2, anchorEvery: 'auto', evaluationStatistics: 'running' })
    // Nothing else reveals this before a checkpoint: the losses are those of guessing.
    expect(trained.series('train/loss').map(({ value }) => value)).toEqual([expect.closeTo(Math.log(4), 2), expect.closeTo(Math.log(4), 2)])
    const worst = worstOf(trained)!
    expect(worst).toMatchObject({ step: 1, error: null, cosine: null, cause: 'vanished' })
    expect(gradientVerdict(worst)).toBe('not trustworthy')
    expect(trained.series('reversibility/gradientError').map(({ value }) => value)).toEqual([NaN, NaN])
    expect(trained.logs.filter((line) => /zero although the loss is not.*; use a smaller h$/.test(line))).toHaveLength(1)
    expect(trained.logs.join()).not.toMatch(/anchoring/)
  })

  test('moves nothing: the weights are those of a run that does not check', async () => {
    const changes = { arch: 'revnet', augment: { pad: 1, flip: true }, evaluateEvery: 4 }
    const [checked, unchecked] = [await run(changes), await run({ ...changes, gradientTolerance: 0 })]
    expect(unchecked.series('reversibility/gradientError')).toEqual([])
    expect(worstOf(unchecked)).toBeNull()
    expect(checked.series('reversibility/gradientError')).not.toEqual([])
    expect(checked.ended.result!.weightsHash).toBe(unchecked.ended.result!.weightsHash)
    expect(checked.series('train/loss')).toEqual(unchecked.series('train/loss'))
  })

  test('lets auto anchor after the first step, so that all that follow are right', async () => {
    const trained = await run({ ...FAR, anchorEvery: 'auto' })
    expect(trained.logs.find((line) => /^anchoring a state every (\d+ )?units?/.test(line))).toMatch(
      /reversed gradients had a relative error/,
    )
    expect(gradientVerdict(worstOf(trained))).toBe('ok')
  })
})

test('stored backpropagation has nothing to check', async () => {
  const trained = await trainHere(await place('noise'), smallConfig({ arch: 'resnet', mode: 'stored' }))
  expect(trained.series('reversibility/gradientError')).toEqual([])
  expect(worstOf(trained)).toBeNull()
})

test('a run that goes on keeps what was found before, and checks at the same steps', async () => {
  const whole = await trainHere(await place('noise'), smallConfig(FAR))
  const where = await place('noise')
  const before = await trainHere(where, smallConfig(FAR), { command: { at: 7, kind: 'pause' } })
  const after = await trainHere(where, smallConfig(FAR), { resumeFrom: before.checkpoints.at(-1)!.file, lease: 2 })
  expect(after.reports.find(({ kind }) => kind === 'gradients')).toEqual({ kind: 'gradients', worst: worstOf(before) })
  expect(worstOf(after)).toEqual(worstOf(whole))
  for (const key of ['reversibility/gradientError', 'reversibility/gradientCosine'])
    expect([...before.series(key), ...after.series(key)], key).toEqual(whole.series(key))
})
