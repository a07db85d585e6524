import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Architecture } from '../../src-main/contract/catalogue.js'
import type { RunConfig } from '../../src-main/contract/config.js'
import type { SplitCounts } from '../../src-main/data/views/split.js'
import type { Dataset } from '../../src-main/contract/datasets.js'
import type { CreateRun } from '../../src-main/contract/runs.js'
import { nearMatches } from '../../src-main/contract/near.js'
import { divisionIssues, stepsPerEpoch } from '../../src-main/features/runs/division.js'
import { epochOf } from '../../src-main/data/prepare.js'
import { labelsFile } from '../../src-main/data/layout.js'
import { splitTraining } from '../../src-main/data/split.js'
import { resolveConfig } from '../../src-main/features/runs/resolve.js'
import { fakeCatalogue, fakeImporter, PRESET, type FakeImporter } from '../fixtures/fake-ports.js'
import { sampleDataset } from '../fixtures/records.js'
import { openSession } from '../fixtures/session.js'

const dataset = sampleDataset('digits')
/** Labels for the number of images in a data set, in classes of equal size. */
const labelsOf = ({ counts, classNames }: Pick<Dataset, 'counts' | 'classNames'>): number[] =>
  Array.from({ length: counts.train }, (_, i) => i % classNames.length)
const split = async (config: RunConfig): Promise<SplitCounts> => {
  const { train, validation } = splitTraining(labelsOf(dataset), config)
  return { train: [train.length], validation: [validation.length] }
}
const architectures = async (): Promise<Architecture[]> => []
const resolve = (overrides: unknown, epochs?: number) =>
  resolveConfig({ base: PRESET.config, preset: 'small', dataset, overrides, epochs, split, architectures })

describe('a configuration', () => {
  it('is the preset, the data set, the overrides, and defaults for the rest', async () => {
    const { config, issues, stepsPerEpoch: inEpoch } = await resolve({ batch: 100, schedule: { kind: 'cosine' } })
    expect(issues).toEqual([])
    expect(config).toMatchObject({
      preset: 'small',
      dataset: 'digits',
      classes: 10,
      image: dataset.image,
      h: 0.25,
      batch: 100,
      steps: 40,
      schedule: { kind: 'cosine', warmup: 0 },
      momentum: 0.9,
    })
    expect(inEpoch).toBe(8)
  })

  it('has as many steps as its epochs have full batches', async () => {
    expect((await resolve({}, 2.5)).config?.steps).toBe(40)
    expect((await resolve({ subset: 0.5, validation: 0.2, batch: 64 }, 3)).config?.steps).toBe(15)
    expect((await resolve({ batch: 5000 }, 0.1)).config?.steps).toBe(1)
    expect((await resolve({ steps: 5 }, 2)).issues).toEqual([{ path: 'epochs', message: expect.stringContaining('excludes steps') }])
  })

  it.each([
    [{ learningrate: 1 }, 'learningrate', /did you mean learningRate\?/],
    [{ zzzzzzzzzzz: 1 }, 'zzzzzzzzzzz', /is not a configuration key/],
    [{ batch: 0 }, 'batch', /./],
    [{ augment: { pad: 4, flipp: true } }, 'augment.flipp', /is not a configuration key/],
    [{ stages: [{ channels: 8, units: 'four' }] }, 'stages.0.units', /./],
    [{ classes: 3 }, 'classes', /data set/],
    [{ dataset: 'other' }, 'dataset', /digits/],
    [{ preset: 'other' }, 'preset', /preset/],
    ['h=1', '', /./],
  ])('names what is wrong in %j', async (overrides, path, message) => {
    const { config, issues } = await resolve(overrides)
    expect(config).toBeNull()
    expect(issues).toEqual([{ path, message: expect.stringMatching(message) }])
  })

  it('converts its schedule to steps of its own length, and a fork keeps the steps of its parent whatever its length', async () => {
    const schedule = { kind: 'piecewise', unit: 'fraction', drops: [0.5, 1] }
    expect((await resolve({ schedule })).config?.schedule).toEqual({ kind: 'piecewise', warmup: 0, drops: [20, 40], factor: 0.1 })
    expect((await resolve({ schedule, steps: 10 })).config?.schedule).toMatchObject({ drops: [5, 10] })
    const parent = (await resolve({ schedule }, 1)).config!
    expect(parent).toMatchObject({ steps: 16, schedule: { drops: [8, 16] } })
    const longer = (await resolveConfig({ base: parent, preset: 'small', dataset, overrides: { steps: 1000 }, split, architectures }))
      .config!
    expect(longer).toEqual({ ...parent, steps: 1000 })
  })

  it('may repeat what the data set says', async () => {
    expect((await resolve({ classes: 10, image: { height: 28, width: 28, channels: 1 } })).issues).toEqual([])
  })

  it('has the steps of an epoch that its trainer makes, whatever rounding in each class leaves to train on', async () => {
    let [counted, asked] = [0, 0]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 0, max: 90 }),
        async (sizes, batch, hundredths, ofSubset) => {
          const labels = sizes.flatMap((size, label) => Array.from({ length: size }, () => label))
          const config = { batch, subset: hundredths / 100, validation: ofSubset / 100 }
          const { train, validation } = splitTraining(labels, { ...config, seed: 1 })
          fc.pre(train.length > 0)
          const counts = { train: labels.length, test: 0, unlabelled: 0 }
          asked++
          const steps = await stepsPerEpoch(config, { counts, classNames: sizes.map(String) }, async () => {
            counted++
            return { train: [train.length], validation: [validation.length] }
          })
          expect(steps).toBe(epochOf(train.length, batch).stepsPerEpoch)
        },
      ),
      { numRuns: 1000 },
    )
    expect(counted).toBeLessThan(asked / 2)
  })

  it('has drops and length of the epochs that it trains where a class is too small for the share of validation', async () => {
    // A tenth of 27 images would leave 24 for 2 batches of 9, but no class has ten images, and all 27 stay.
    const few = { ...dataset, counts: { train: 27, test: 3, unlabelled: 0 }, classNames: ['a', 'b', 'c'] }
    const overrides = { batch: 9, validation: 0.1, schedule: { kind: 'piecewise', unit: 'fraction', drops: [0.5] } }
    const counted = async () => ({ train: [9, 9, 9], validation: [0, 0, 0] })
    const ingredients = { base: PRESET.config, preset: 'small', dataset: few, split: counted, architectures }
    expect(await resolveConfig({ ...ingredients, overrides, epochs: 4 })).toMatchObject({
      stepsPerEpoch: 3,
      config: { steps: 12, schedule: { drops: [6] } },
    })
  })

  it('suggests similar names', () => {
    const names = ['hamiltonian-quick', 'hamiltonian-74', 'midpoint-26', 'resnet-32']
    expect(nearMatches('hamiltonian74', names)[0]).toBe('hamiltonian-74')
    expect(nearMatches('Midpoint-62', names)).toEqual(['midpoint-26'])
    expect(nearMatches('resnet', names)).toEqual(['resnet-32'])
    expect(nearMatches('vgg', names)).toEqual([])
  })
})

/** Stores the labels of the 800 digits, with which their split is counted. */
function labellingImporter(): FakeImporter {
  const importer = fakeImporter()
  return {
    ...importer,
    async ensureBuiltin(name, options) {
      const made = await importer.ensureBuiltin(name, options)
      const folder = join(options.into, name)
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, labelsFile('train')), Uint16Array.from(labelsOf(made)))
      return made
    },
  }
}

describe('the division of the training images', () => {
  it('is refused exactly where a batch or the validation part lacks images, and counted only where that is in doubt', async () => {
    let [counted, asked] = [0, 0]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 0, max: 50 }),
        async (labels, batch, hundredths, ofSubset) => {
          const config = { batch, subset: hundredths / 100, validation: ofSubset / 100 }
          const { train, validation } = splitTraining(labels, { ...config, seed: 1 })
          const counts = { train: labels.length, test: 0, unlabelled: 0 }
          asked++
          const issues = await divisionIssues(config, { counts, classNames: [...'abcde'] }, async () => {
            counted++
            return { train: [train.length], validation: [validation.length] }
          })
          const wrong = [...(config.validation > 0 && !validation.length ? ['validation'] : []), ...(batch > train.length ? ['batch'] : [])]
          expect(issues.map(({ path }) => path)).toEqual(wrong)
        },
      ),
      // The first one has more than enough images, so that the count is skipped at least once.
      { numRuns: 1000, examples: [[Array<number>(120).fill(0), 1, 100, 0]] },
    )
    expect(counted).toBeLessThan(asked)
  })
})

describe('creating and previewing', () => {
  it.each<[CreateRun, RegExp]>([
    [{ preset: 'smal', dataset: 'digits' }, /no preset smal: did you mean small\?/],
    [{ preset: 'small', dataset: 'digit' }, /no data set digit: did you mean digits\?/],
    [{ preset: 'small', dataset: 'digits', overrides: { stages: [{ channels: 7, units: 1 }] } }, /stages: channels must be even/],
    [
      { preset: 'small', dataset: 'digits', overrides: { subset: 0.05, validation: 0.25 } },
      /batch: must be at most 30, the images that subset 0.05 and validation 0.25 leave of 800 training images, not 50\./,
    ],
    [
      { preset: 'small', dataset: 'digits', overrides: { accumulate: 4 } },
      /accumulate: must divide the batch size: 50 images cannot be split into 4 equal micro-batches\. Choose a divisor of 50 or another batch size\./,
    ],
    [
      { preset: 'small', dataset: 'digits', overrides: { validation: 0.001 } },
      /validation: a fraction of 0.001 leaves no validation images/,
    ],
    [{ preset: 'small', dataset: 'digits', overrides: { hh: 1 } as object }, /hh: is not a configuration key; did you mean h\?/],
  ])('refuses %j, and stores nothing', async (request, message) => {
    using session = await openSession({ importer: labellingImporter() })
    await expect(session.services.runs.create(request)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message),
    })
    expect((await session.services.runs.list()).runs).toEqual([])
    const preview = await session.services.catalogue.preview(request)
    expect(preview.issues).toHaveLength(1)
    expect(preview.summary).toBeNull()
  })

  it('previews a fork, and refuses changes of keys that shape the weights', async () => {
    using session = await openSession()
    const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits', overrides: { h: 0.5 } })
    const { config } = await session.services.runs.get({ id })
    expect(await session.services.runs.previewFork({ id, overrides: {} })).toMatchObject({
      config,
      issues: [],
      dial: { units: 4, kept: 1 },
    })
    expect(await session.services.runs.previewFork({ id, overrides: { learningRate: 0.5 }, epochs: 3 })).toMatchObject({
      config: { ...config, learningRate: 0.5, steps: 48 },
    })
    expect(await session.services.runs.previewFork({ id, doubled: true })).toMatchObject({
      config: { ...config, h: 0.25, stages: [{ channels: 8, units: 8 }] },
      issues: [],
    })
    const fixed: NonNullable<CreateRun['overrides']>[] = [
      { stages: [{ channels: 16, units: 4 }] },
      { unitNorm: 'batch' },
      { maps: 'dense' },
      { arch: 'midpoint' },
    ]
    for (const overrides of fixed) {
      for (const doubled of [false, true]) {
        const { config: none, issues } = await session.services.runs.previewFork({ id, overrides, doubled })
        expect([none, issues]).toEqual([
          null,
          [{ path: Object.keys(overrides)[0], message: expect.stringContaining('shapes of the weights') }],
        ])
      }
    }
  })

  it('estimates the activation memory of a run with what its budget keeps, unless that was decided when it started', async () => {
    using session = await openSession()
    const of = async (overrides: CreateRun['overrides']) => {
      const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits', overrides })
      return session.services.runs.activations({ id })
    }
    // One byte and the hundred that are kept, but never more than in stored mode.
    expect(await of({ memoryBudget: 150 })).toEqual({ reversible: 2, stored: 2 })
    expect(await of({ memoryBudget: 'auto' })).toEqual({ reversible: 1, stored: 2 })
    expect(await of({ mode: 'stored' })).toEqual({ reversible: 1, stored: 2 })
  })

  it('knows which presets take the samples of a data set as they are', async () => {
    const odd = { ...PRESET, name: 'odd', config: { ...PRESET.config, stages: [{ channels: 7, units: 1 }] } }
    using session = await openSession({ catalogue: { ...fakeCatalogue, presets: () => [odd, PRESET] } })
    expect(await session.services.catalogue.fitting({ dataset: 'digits' })).toEqual(['small'])
    await expect(session.services.catalogue.fitting({ dataset: 'digit' })).rejects.toThrow(/no data set digit: did you mean digits/)
  })

  it('shows what would run', async () => {
    using session = await openSession()
    const preview = await session.services.catalogue.preview({ preset: 'small', dataset: 'digits', epochs: 2 })
    expect(preview).toMatchObject({ config: { steps: 32 }, summary: { parameters: 1234 }, issues: [], stepsPerEpoch: 16 })
    expect(await session.services.catalogue.presets()).toHaveLength(2)
  })
})
