import { expect, it } from 'vitest'
import { expandTemplate } from '../../src-main/studies/run.js'
import { homeWith, played, rowsOf, tableOf, type Played } from './support.js'

const home = homeWith()
const options = { dataset: 'cifar-10', seeds: '1,2' }

/** The diagnostic's result for a run whose spiking network has this accuracy after 16 steps. */
const diagnosed = (accuracy: number): Played['diagnosed'] => ({
  spiking: {
    summary: [],
    tables: [
      tableOf('accuracy', {
        reset: ['soft', 'soft', 'hard', 'hard'],
        steps: [8, 16, 8, 16],
        accuracy: [0.1, accuracy, 0.1, accuracy - 0.1],
        analogAccuracy: [0.9, 0.9, 0.9, 0.9],
        gap: [0.8, 0.9 - accuracy, 0.8, 1 - accuracy],
      }),
      tableOf('layers', { reset: ['soft', 'hard'], depth: [1, 1], correlation: [0.99, 0.9], rateError: [0.1, 0.5], spikes: [0.04, 0.03] }),
    ],
  },
})

it('has residual and plain networks of as many layers, on vectors or as the presets are', () => {
  const overrides = (form: string) =>
    expandTemplate('spiking', { ...options, form, blocks: 3, width: 64, seeds: '1' }, home).cells.map(({ work }) =>
      work.kind === 'run' ? work.run : null,
    )
  expect(overrides('dense')).toMatchObject([
    { preset: 'spiking-quick', overrides: { maps: 'dense', denseStem: true, stages: [{ channels: 64, units: 3 }] } },
    { preset: 'vgg-quick', overrides: { maps: 'dense', denseStem: true, stages: [{ channels: 64, units: 6 }] } },
  ])
  for (const run of overrides('convolution')) expect(run!.overrides).not.toHaveProperty('stages')
  expect(() => expandTemplate('spiking', { ...options, networks: 'resnet' }, home)).toThrow(/networks: There is no resnet here/)
})

it('draws means over seeds beside the analog network and what was published, and says what is not measured yet', () => {
  const report = played('spiking', options, home, ({ factors }, position) => ({
    state: 'finished',
    accuracy: 0.9,
    diagnosed: position === 3 ? {} : diagnosed(factors['seed'] === 1 ? 0.86 : 0.88),
  }))
  const time = rowsOf(report, 'time').filter(({ steps }) => steps === 16)
  expect(time.map(({ curve, spikingAccuracy }) => [curve, Number(spikingAccuracy).toFixed(2)])).toEqual([
    ['spiking, soft reset', '0.87'],
    ['spiking, hard reset', '0.77'],
    ['vgg, soft reset', '0.86'],
    ['vgg, hard reset', '0.76'],
  ])
  const [figure] = report.figures
  expect(figure).toMatchObject({ kind: 'line', x: 'steps', by: 'curve', spread: { low: 'low', high: 'high' } })
  expect(figure!.kind === 'line' && figure!.marks.map(({ label, value }) => [label, value.toFixed(2)])).toEqual([
    ['spiking, analog', '0.90'],
    ['vgg, analog', '0.90'],
  ])
  const origins = rowsOf(report, 'published')
  expect(origins.find(({ network }) => network === 'ResNet-20')).toMatchObject({
    analogAccuracy: 0.891,
    spikingAccuracy: 0.8746,
    origin: expect.stringMatching(/^published, other conditions: read/),
  })
  expect(origins.find(({ network }) => network === 'ResNet-34')!['origin']).toMatch(/recalled/)
  expect(origins[0]).toMatchObject({ network: 'spiking, soft reset', steps: 16, origin: 'measured here' })
  expect(report.notes.map(({ text }) => text)).toContainEqual(expect.stringContaining('measured for 3 of 4 finished runs'))
})

it('has nothing but what was published before anything was measured', () => {
  const report = played('spiking', options, home, () => ({ state: 'queued' }))
  expect(report.figures.map(({ title }) => title)).toEqual(['Spiking over analog accuracy'])
  expect(rowsOf(report, 'published')).toHaveLength(4)
})
