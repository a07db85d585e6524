import { expect, test } from 'vitest'
import { findDynamics } from '../../src-main/numeric/registry.js'
import { expandTemplate } from '../../src-main/studies/run.js'
import { computedOf, homeWith, played, rowsOf, tableOf } from './support.js'

const home = homeWith(513, 513)
const small = { dataset: 'cifar-10' }

test('the same time is taken in steps of T / N, on the whole training set at once', () => {
  const { cells } = expandTemplate('stable-architectures', { ...small, presets: 'stable-verlet', units: '8, 64', seeds: '2' }, home)
  const runs = cells.map(({ work }) => (work.kind === 'run' ? work.run : null))
  expect(runs).toMatchObject([
    { preset: 'stable-verlet', overrides: { h: 2.5, stages: [{ channels: 4, units: 8 }], batch: 513, seed: 2 } },
    { preset: 'stable-verlet', overrides: { h: 0.3125, stages: [{ channels: 4, units: 64 }], batch: 513, seed: 2 } },
  ])
})

test('the table over depth has the means over seeds of each network and depth', () => {
  const accuracies = [0.9, 0.8, 1, 0.6]
  const report = played(
    'stable-architectures',
    { ...small, presets: 'stable-euler', units: '8,16', seeds: '1,2' },
    home,
    (_, position) => ({
      state: 'finished',
      accuracy: accuracies[position]!,
    }),
  )
  expect(rowsOf(report, 'depth').map(({ network, units, accuracy }) => [network, units, accuracy])).toEqual([
    ['stable-euler', 8, 0.95],
    ['stable-euler', 16, 0.7],
  ])
  expect(report.figures).toMatchObject([{ kind: 'line', x: 'units', by: 'network', spread: { low: 'low', high: 'high' } }])
})

test('growth of perturbations stands beside accuracy where the lab has measured it: its median over seeds, and the largest of all', () => {
  const unnamed = { label: '', symbol: '', unit: '' }
  const growths = [
    [2, 5, 8],
    [4, 9, 10],
    [3, 'Infinity', 9],
  ] as const
  const report = played('stable-architectures', { ...small, presets: 'stable-euler', units: '8', seeds: '1-4' }, home, (_, position) => ({
    state: 'finished',
    accuracy: 0.9,
    ...(position < 3
      ? {
          diagnosed: {
            sensitivity: {
              summary: (['growthMedian', 'growthLargest', 'largestSingular'] as const).map((key, at) => ({
                key,
                value: growths[position]![at]!,
                ...unnamed,
              })),
              tables: [],
            },
          },
        }
      : {}),
  }))
  expect(rowsOf(report, 'depth')).toMatchObject([{ growthMedian: 3, growthLargest: 'Infinity', largestSingular: 9 }])
  expect(rowsOf(report, 'cells').map(({ growthMedian }) => growthMedian)).toEqual([2, 4, 3, null])
  expect(report.figures.map(({ title }) => title)).toEqual([
    'Test accuracy over depth',
    'Largest growth of a perturbation over depth',
    'Largest singular value of the whole map over depth',
  ])
})

test('a thousand layers are as many units as the layers of a unit go into them', () => {
  const networks = 'hamiltonian, verlet, plain, euler, highway'
  const { cells } = expandTemplate('volume-depth', { ...small, networks }, home)
  for (const { factors, work } of cells) {
    const { layersPerUnit } = findDynamics(String(factors['network']))!
    expect(Number(factors['units']) * layersPerUnit, String(factors['network'])).toBe(1000)
    expect(work).toMatchObject({ run: { overrides: { arch: factors['network'], h: 0.05 } } })
  }
  expect(() => expandTemplate('volume-depth', { ...small, networks: 'lstm' }, home)).toThrow(/networks: lstm is not available in this study. Choose from hamiltonian/) // prettier-ignore
})

test('a thousand layers show volume, size and gradients over depth where the lab has measured them', () => {
  const diagnosed = {
    volume: {
      summary: [],
      tables: [tableOf('units', { depth: [1, 2, 3], logDeterminant: [-1, -0.5, '-Infinity'], gain: [0.5, 2, 0.25] })],
    },
    sensitivity: { summary: [], tables: [tableOf('units', { depth: [1, 2, 3], backward: [8, 4, 1] })] },
  }
  const options = { ...small, networks: 'verlet, plain', layers: 6 }
  const report = played('volume-depth', options, home, ({ factors }) => ({
    state: 'finished',
    accuracy: 0.9,
    ...(factors['network'] === 'plain' ? { diagnosed } : {}),
  }))
  expect(rowsOf(report, 'units').map(({ curve, depth, volume, size, backward }) => [curve, depth, volume, size, backward])).toEqual([
    ['plain', 1, -1, 0.5, 8],
    ['plain', 2, -1.5, 1, 4],
    ['plain', 3, '-Infinity', 0.25, 1],
  ])
  expect(rowsOf(report, 'cells').map(({ network, firstToLast }) => [network, firstToLast])).toEqual([['verlet', null], ['plain', 8]]) // prettier-ignore
  expect(report.figures.map(({ title }) => title)).toContain('Volume over depth')
  // Nothing is drawn before it was measured.
  expect(played('volume-depth', options, home, () => ({ state: 'finished', accuracy: 0.9 })).figures).toHaveLength(1)
})

test('forward stability draws the trajectories, their eigenvalues and the norm under Verlet', () => {
  const report = played('forward-stability', {}, home, computedOf)
  const distances = rowsOf(report, 'distances').filter(({ step }) => step === 10)
  // Golden: n1_stable.json.
  expect(distances.map(({ kernel, distance }) => [kernel, Number(distance).toFixed(6)])).toEqual([
    ['plus', '1.207145'],
    ['minus', '0.078669'],
    ['zero', '0.297341'],
  ])
  expect(rowsOf(report, 'states')).toHaveLength(3 * 3 * 11)
  const growth = rowsOf(report, 'eigenvalues').map(({ kernel, growth: by }) => [kernel, Number(by) > 1])
  expect(growth).toEqual([['plus', true], ['plus', true], ['minus', false], ['minus', false], ['zero', true], ['zero', true]]) // prettier-ignore
  const ends = rowsOf(report, 'verlet').filter(({ step }) => step === 40)
  expect(ends.map(({ product, norm }) => [product, Number(norm) < 10])).toEqual([[1, true], [1.9, true], [2.1, false]]) // prettier-ignore
  expect(report.figures.map(({ kind }) => kind)).toEqual(['scatter', 'line', 'scatter', 'line'])
})
