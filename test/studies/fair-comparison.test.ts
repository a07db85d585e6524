import { expect, it } from 'vitest'
import { expandTemplate } from '../../src-main/studies/run.js'
import { homeWith, played, rowsOf } from './support.js'

const home = homeWith()
const options = { preset: 'hamiltonian-74', dataset: 'cifar-10', seeds: '1,2' }

it('matches the parameters of another architecture, and gives both the same recipe and learning rates', () => {
  const { cells } = expandTemplate('fair-comparison', options, home)
  const runs = cells.map(({ work }) => (work.kind === 'run' ? work.run.overrides! : {}))
  expect(runs.map(({ arch, learningRate, seed }) => [arch ?? 'hamiltonian', learningRate, seed])).toEqual(
    [1, 2].flatMap((seed) => [0.03, 0.1].flatMap((rate) => ['hamiltonian', 'resnet'].map((arch) => [arch, rate, seed]))),
  )
  const report = played('fair-comparison', options, home, () => ({ state: 'queued' }))
  const value = Number(report.summary[0]!.value)
  expect(Math.abs(value)).toBeLessThan(0.05)
  const parameters = rowsOf(report, 'differs').find(({ property }) => property === 'Parameters')!
  expect(Number(parameters['other']) / Number(parameters['own']) - 1).toBeCloseTo(value, 12)
  expect(rowsOf(report, 'differs').map(({ property }) => property)).toContain('Layers')
  expect(() => expandTemplate('fair-comparison', { ...options, against: 'hamiltonian' }, home)).toThrow(
    'is of the architecture hamiltonian itself',
  )
})

it('selects each learning rate on the validation split, and reads the test set when all runs have ended', () => {
  const of = (last: 'finished' | 'running') =>
    played('fair-comparison', options, home, ({ factors: { network, learningRate } }, position) => ({
      state: position === 7 ? last : 'finished',
      // The test set would choose otherwise for both.
      best: { 'validation/accuracy': (network === 'resnet') === (learningRate === 0.1) ? 0.7 : 0.6 },
      accuracy: network === 'resnet' ? (learningRate === 0.1 ? 0.6 : 0.9) : learningRate === 0.1 ? 0.8 : 0.65,
    }))
  const rows = rowsOf(of('finished'), 'selected')
  expect(rows.map(({ network, learningRate, accuracy }) => [network, learningRate, accuracy])).toEqual([
    ['hamiltonian', 0.03, 0.65],
    ['resnet', 0.1, 0.6],
  ])
  expect(of('finished').summary.find(({ key }) => key === 'difference')!.value).toBeCloseTo(0.05, 12)
  expect(of('running').tables.some(({ key }) => key === 'selected')).toBe(false)
})
