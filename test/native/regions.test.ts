import { expect, it } from 'vitest'
import type { RunConfig } from '../../src-main/contract/config.js'
import type { Report } from '../../src-main/training/messages.js'
import { place, smallConfig, trainHere, type Trained } from './training.js'

const plane = (changes: object = {}): RunConfig =>
  smallConfig({
    dataset: 'circles',
    classes: 2,
    image: { height: 1, width: 1, channels: 2 },
    maps: 'dense',
    activation: 'tanh',
    stages: [{ channels: 4, units: 4 }],
    unitNorm: 'none',
    steps: 60,
    evaluateEvery: 20,
    ...changes,
  })
type Regions = Extract<Report, { kind: 'regions' }>
const regionsOf = ({ reports }: Trained): Regions[] => reports.filter((report) => report.kind === 'regions')
const hashOf = ({ checkpoints }: Trained): string => checkpoints.at(-1)!.weightsHash

it('a run in the plane reports the class of every point of a lattice at every evaluation, which its weights do not depend on', async () => {
  const [seen, blind] = [await place('circles'), await place('circles')]
  const run = await trainHere(seen, plane())
  const regions = regionsOf(run)
  expect(regions.map(({ step }) => step)).toEqual([20, 40, 60])
  for (const { size, extent, predicted } of regions) {
    expect([size, predicted.length]).toEqual([41, 41 ** 2])
    // The two circles have radii of 1 and a half, about the origin.
    expect(Math.abs(extent[0] + extent[1])).toBeLessThan(0.3)
    expect(extent[1]).toBeGreaterThan(1)
    expect(extent[1]).toBeLessThan(2.5)
  }
  expect(new Set(regions.at(-1)!.predicted).size).toBe(2)
  expect(Buffer.from(regions[0]!.predicted).equals(Buffer.from(regions.at(-1)!.predicted))).toBe(false)

  // The same training by a trainer that takes the points for images, and therefore has no input plane.
  const unseen = await trainHere(blind, plane(), { asImages: true })
  expect(regionsOf(unseen)).toEqual([])
  expect(hashOf(run)).toBe(hashOf(unseen))
  expect(run.series('test/accuracy')).toEqual(unseen.series('test/accuracy'))
})

it('images have no plane', async () => {
  expect(regionsOf(await trainHere(await place('noise'), smallConfig({ steps: 2 })))).toEqual([])
})
