import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CreateRun } from '../../src-main/contract/runs.js'
import { nearMatches } from '../../src-main/contract/near.js'
import { resolveConfig, stepsInEpoch } from '../../src-main/experiments/resolve.js'
import { PRESET } from '../fixtures/fake-ports.js'
import { sampleConfig, sampleDataset } from '../fixtures/records.js'
import { openSession } from '../fixtures/session.js'

const dataset = sampleDataset('digits')
const resolve = (overrides: unknown, epochs?: number) => resolveConfig({ base: PRESET.config, preset: 'small', dataset, overrides, epochs })

describe('a configuration', () => {
  it('is the preset, the data set, the overrides, and defaults for the rest', () => {
    const { config, issues, stepsPerEpoch } = resolve({ batch: 100, schedule: { kind: 'cosine' } })
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
    expect(stepsPerEpoch).toBe(8)
  })

  it('lasts as many steps as the epochs have full batches', () => {
    expect(resolve({}, 2.5).config?.steps).toBe(40)
    expect(resolve({ subset: 0.5, validation: 0.2, batch: 64 }, 3).config?.steps).toBe(15)
    expect(resolve({ batch: 5000 }, 0.1).config?.steps).toBe(1)
    expect(resolve({ steps: 5 }, 2).issues).toEqual([{ path: 'epochs', message: expect.stringContaining('excludes steps') }])
  })

  it.each([
    [{ learningrate: 1 }, 'learningrate', /did you mean learningRate\?/],
    [{ zzzzzzzzzzz: 1 }, 'zzzzzzzzzzz', /is no key/],
    [{ batch: 0 }, 'batch', /./],
    [{ augment: { pad: 4, flipp: true } }, 'augment.flipp', /is no key/],
    [{ stages: [{ channels: 8, units: 'four' }] }, 'stages.0.units', /./],
    [{ classes: 3 }, 'classes', /data set/],
    [{ dataset: 'other' }, 'dataset', /digits/],
    [{ preset: 'other' }, 'preset', /preset/],
    ['h=1', '', /./],
  ])('names what is wrong in %j', (overrides, path, message) => {
    const { config, issues } = resolve(overrides)
    expect(config).toBeNull()
    expect(issues).toEqual([{ path, message: expect.stringMatching(message) }])
  })

  it('may repeat what the data set says', () => {
    expect(resolve({ classes: 10, image: { height: 28, width: 28, channels: 1 } }).issues).toEqual([])
  })

  it('counts at least one step an epoch', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65536 }), fc.double({ min: 0.001, max: 1, noNaN: true }), (batch, subset) => {
        const steps = stepsInEpoch(sampleConfig({ batch, subset }), dataset)
        expect(steps).toBeGreaterThanOrEqual(1)
        expect((steps - 1) * batch).toBeLessThanOrEqual(dataset.counts.train * subset)
      }),
    )
  })

  it('suggests names that are near', () => {
    const names = ['hamiltonian-quick', 'hamiltonian-74', 'midpoint-26', 'resnet-32']
    expect(nearMatches('hamiltonian74', names)[0]).toBe('hamiltonian-74')
    expect(nearMatches('Midpoint-62', names)).toEqual(['midpoint-26'])
    expect(nearMatches('resnet', names)).toEqual(['resnet-32'])
    expect(nearMatches('vgg', names)).toEqual([])
  })
})

describe('creating and previewing', () => {
  it.each<[CreateRun, RegExp]>([
    [{ preset: 'smal', dataset: 'digits' }, /no preset smal: did you mean small\?/],
    [{ preset: 'small', dataset: 'digit' }, /no data set digit: did you mean digits\?/],
    [{ preset: 'small', dataset: 'digits', overrides: { stages: [{ channels: 7, units: 1 }] } }, /stages: channels must be even/],
    [{ preset: 'small', dataset: 'digits', overrides: { hh: 1 } as object }, /hh: is no key of the configuration; did you mean h\?/],
  ])('refuses %j, and stores nothing', async (request, message) => {
    using session = await openSession()
    await expect(session.services.runs.create(request)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message),
    })
    expect((await session.services.runs.list()).runs).toEqual([])
    const preview = await session.services.catalogue.preview(request)
    expect(preview.issues).toHaveLength(1)
    expect(preview.summary).toBeNull()
  })

  it('looks at a fork before it is made, and refuses what decides the shapes of the weights', async () => {
    using session = await openSession()
    const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits', overrides: { h: 0.5 } })
    const { config } = await session.services.runs.get(id)
    expect(await session.services.runs.previewFork(id, { overrides: {} })).toMatchObject({
      config,
      issues: [],
      dial: { units: 4, kept: 1 },
    })
    expect(await session.services.runs.previewFork(id, { overrides: { learningRate: 0.5 }, epochs: 3 })).toMatchObject({
      config: { ...config, learningRate: 0.5, steps: 48 },
    })
    const fixed: NonNullable<CreateRun['overrides']>[] = [
      { stages: [{ channels: 16, units: 4 }] },
      { unitNorm: 'batch' },
      { maps: 'dense' },
      { arch: 'midpoint' },
    ]
    for (const overrides of fixed) {
      const { config: none, issues } = await session.services.runs.previewFork(id, { overrides })
      expect([none, issues]).toEqual([
        null,
        [{ path: Object.keys(overrides)[0], message: expect.stringContaining('shapes of the weights') }],
      ])
    }
  })

  it('shows what would run', async () => {
    using session = await openSession()
    const preview = await session.services.catalogue.preview({ preset: 'small', dataset: 'digits', epochs: 2 })
    expect(preview).toMatchObject({ config: { steps: 32 }, summary: { parameters: 1234 }, issues: [], stepsPerEpoch: 16 })
    expect(await session.services.catalogue.presets()).toHaveLength(2)
  })
})
