import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RunConfigInput } from '../../src-main/contract/config.js'
import { modesOf } from '../../src-main/numeric/network.js'
import { allDynamics } from '../../src-main/numeric/registry.js'
import { readCheckpoint, weightsHash } from '../../src-main/training/checkpoint.js'
import { evaluateCheckpoint } from '../../src-main/training/tools/evaluate.js'
import { engineReport, place, smallConfig, trainHere } from './training.js'
import { FULL } from '../fixtures/slice.js'

const STEPS = 4
const PAUSE = 3

/**
 * A tolerance that rounding errors exceed, so that anchors are chosen and another graph is captured; and units that are not reconstructed.
 */
const KEEPS_SOME: Partial<RunConfigInput> = {
  anchorEvery: 'auto',
  memoryBudget: 40_000,
  gradientTolerance: 1e-12,
  stages: [{ channels: 4, units: 6 }],
}

/** Every step is divided in two, so that half of the budget of `KEEPS_SOME` keeps as many units at half the batch size. */
const ACCUMULATES: Partial<RunConfigInput> = { accumulate: 2, optimizer: 'adamw', learningRate: 0.01, clipNorm: 1 }

/**
 * Every registered dynamics in every mode that it supports, so that a new one is covered without a new test. Outside of a full test, one
 * variant of each, varying with dynamics, mode and engine, so that every variant is trained somewhere.
 */
const casesOf = (execution: string) =>
  allDynamics().flatMap((dynamics, at) =>
    modesOf(dynamics).flatMap((mode, modeAt) => {
      const variants: [string, Partial<RunConfigInput>][] = [['plain', {}]]
      if (mode === 'reversible') variants.push(['anchored and kept', KEEPS_SOME])
      if (dynamics.norms === 'optional') variants.push(['normalised units', { unitNorm: 'batch' }])
      variants.push(['accumulated', mode === 'reversible' ? { ...KEEPS_SOME, memoryBudget: 20_000, ...ACCUMULATES } : ACCUMULATES])
      const chosen = FULL ? variants : [variants[(at + modeAt + execution.length) % variants.length]!]
      return chosen.map(([name, config]) => [dynamics.id, mode, name, { arch: dynamics.id, mode, ...config }] as const)
    }),
  )
const executions = engineReport.engine === 'native' ? (['compiled', 'eager'] as const) : (['eager'] as const)

const hashIn = async (folder: string, file: string): Promise<string> => weightsHash((await readCheckpoint(join(folder, file))).file.tensors)

describe.each(executions)('%s', (execution) => {
  test.each(casesOf(execution))('%s, %s, %s: trains, evaluates, pauses, resumes, is evaluated and forked', async (_, mode, __, more) => {
    const config = smallConfig({ execution, steps: STEPS, batch: 8, evaluateEvery: 2, validation: 0.2, ...more })
    const where = await place('noise')
    const whole = await trainHere(where, config)
    expect(whole.ended).toMatchObject({ outcome: 'finished', reason: null })
    const evaluated = [2, 4]
    for (const key of ['test/accuracy', 'validation/loss']) expect(whole.series(key).map(({ step }) => step)).toEqual(evaluated)
    expect(whole.series('reversibility/reconstructionError').map(({ step }) => step)).toEqual(mode === 'reversible' ? evaluated : [])

    const place2 = await place('noise')
    const paused = await trainHere(place2, config, { command: { at: PAUSE, kind: 'pause' } })
    expect(paused.ended.outcome).toBe('paused')
    const from = paused.checkpoints.at(-1)!
    expect(from.step).toBe(PAUSE)
    const resumed = await trainHere(place2, config, { resumeFrom: from.file, lease: 2 })
    expect(resumed.ended.result).toEqual({ ...whole.ended.result!, seconds: expect.any(Number) as number })
    expect([...paused.series('train/loss'), ...resumed.series('train/loss')]).toEqual(whole.series('train/loss'))

    const final = whole.checkpoints.at(-1)!
    const { progress } = await readCheckpoint(join(whole.folder, final.file))
    if (more.anchorEvery === 'auto') {
      expect(progress.anchorEvery).toBeGreaterThan(0)
      expect(progress.keptUnits.some((units) => units > 0)).toBe(true)
      expect(progress.keptUnits).not.toEqual(config.stages.map(({ units }) => units))
    }
    const { result } = await evaluateCheckpoint(
      { checkpoint: join(whole.folder, progress.best!.file), datasetFolder: where.datasetFolder },
      () => undefined,
    )
    expect(result).toMatchObject({ accuracy: whole.ended.result!.testAccuracy })

    const place3 = await place('noise')
    const weightsFrom = join(paused.folder, from.file)
    const fork = await trainHere(place3, { ...config, steps: 1 }, { weightsFrom })
    expect(fork.ended.outcome).toBe('finished')
    expect(await hashIn(fork.folder, fork.checkpoints[0]!.file)).toBe(await hashIn(paused.folder, from.file))
  })
})
