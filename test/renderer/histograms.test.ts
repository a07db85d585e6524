import { expect, it } from 'vitest'
import { toBase64 } from '../../src-main/contract/base64.js'
import type { Histograms } from '../../src-main/contract/histograms.js'
import { labCsv } from '../../src-main/contract/lab.js'
import { labPgfplots } from '../../src-renderer/lab/table-files.js'
import { atStep, besideEachOther, deviations, ofUnit, rebinned, unitsByStep } from '../../src-renderer/run/histograms/histogram-figures.js'

const histograms = (step: number, most: number, deviation: number): Histograms => ({
  runId: 'abcd',
  step,
  bins: 4,
  parts: [
    { kind: 'weights', most, depths: [1, 2] },
    { kind: 'activations', most: 8, depths: [2] },
  ],
  values: toBase64(Float32Array.of(0.25, 0.25, 0.5, 0, 0.125, deviation, 0, 1, 0, 0, -1, 0.5, 0, 0, 0, 1, 6, 1)),
})
const all = [histograms(0, 1, 0.25), histograms(10, 2, NaN)]

it('at a step every unit has its bins', () => {
  const { figure, table } = atStep('weights', unitsByStep(all, 'weights')[1]!)
  expect(figure.title).toBe('Weights by unit, step 10')
  expect(labCsv(table).trim().split('\n')).toEqual([
    'depth,value,share',
    ...['1,-1.5,0.25', '1,-0.5,0.25', '1,0.5,0.5', '1,1.5,0'],
    ...['2,-1.5,0', '2,-0.5,1', '2,0.5,0', '2,1.5,0'],
  ])
  expect(labCsv(atStep('activations', unitsByStep(all, 'activations')[0]!).table)).toContain('\n2,6,1\n')
})

it('a unit over all steps is in the bins of the step that reaches farthest, and every figure goes into PGFPlots', () => {
  const units = unitsByStep(all, 'weights')
  const { figure, table } = ofUnit('weights', units, 1)
  expect(labCsv(table).trim().split('\n')).toEqual([
    'step,value,share',
    ...['0,-1.5,0', '0,-0.5,0.5', '0,0.5,0.5', '0,1.5,0'],
    ...['10,-1.5,0.25', '10,-0.5,0.25', '10,0.5,0.5', '10,1.5,0'],
  ])
  expect(labPgfplots(figure, table)).toContain('xlabel={Step (steps)}, ylabel={Value}')
  const over = deviations('weights', units)
  expect(labCsv(over.table).trim().split('\n')).toEqual([
    'step,depth,mean,deviation',
    '0,1,0.125,0.25',
    '0,2,-1,0.5',
    '10,1,0.125,NaN',
    '10,2,-1,0.5',
  ])
  expect(labPgfplots(over.figure, over.table)).toContain('mesh/cols=2')
})

it('several runs stand beside each other, in colours over all their values', () => {
  const { each, scale } = besideEachOther('activations', [
    { label: 'a', histograms: [histograms(0, 1, 0.25)] },
    { label: 'b', histograms: all },
  ])
  expect(each.map(({ label, figure }) => [label, figure.title])).toEqual([
    ['a', 'Activations: standard deviation by unit over training'],
    ['b', 'Activations: standard deviation by unit over training'],
  ])
  expect(scale).toEqual([1, 1, 1])
})

it('other bins hold the same values, and zeros alone stay in the middle', () => {
  const shares = Float32Array.of(0.125, 0.5, 0.25, 0.0625, 0.0625)
  for (const most of [1, 1.3, 2, 50]) {
    const found = rebinned({ shares, most: 1 }, most)
    expect(found.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10)
  }
  expect(rebinned({ shares, most: 1 }, 1)).toEqual([...shares])
  expect(rebinned({ shares: Float32Array.of(0, 1, 0), most: 0 }, 2)).toEqual([0, 1, 0])
})
