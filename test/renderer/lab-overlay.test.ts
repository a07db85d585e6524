import { describe, expect, it } from 'vitest'
import type { LabEntry, LabFigure, LabResult, LabTable } from '../../src-main/contract/lab.js'
import { labCsv } from '../../src-main/contract/lab.js'
import { lineStyle } from '../../src-renderer/charts/palette.js'
import { chosenEntry } from '../../src-renderer/compare/compared-results.js'
import { curvesOf, type Plot } from '../../src-renderer/lab/curves.js'
import { figureOption } from '../../src-renderer/lab/figure-option.js'
import { compareFigures, type ComparedFigure } from '../../src-renderer/lab/overlay.js'
import { cellTitle, showCell } from '../../src-renderer/lab/show-cell.js'

const column = (key: string, label: string, values: LabTable['columns'][number]['values'], unit = '') => ({ key, label, symbol: '', unit, values }) // prettier-ignore
const axis = (label: string, log = false) => ({ label, unit: '', log })

const norms: LabFigure = {
  kind: 'line',
  title: 'Norms over depth',
  table: 'units',
  x: 'depth',
  y: ['norm'],
  by: null,
  xAxis: axis('Unit'),
  yAxis: axis('Norm', true),
  marks: [{ axis: 'y', value: 1, label: 'limit' }],
}
const strip: LabFigure = {
  kind: 'strip',
  title: 'Kernels',
  rows: [{ label: 'unit 1', low: 0, high: 1, images: [{ label: '1', height: 1, width: 1, values: [0.5] }] }],
}

const result = (values: number[], figures: LabFigure[]): LabResult => ({
  diagnostic: 'weights-depth',
  title: 'Weights over depth',
  subject: { arch: 'hamiltonian', preset: 'p', dataset: 'd', seed: 1, step: 4, weightsHash: 'w' },
  options: {},
  summary: [],
  tables: [
    {
      key: 'units',
      title: 'Units',
      columns: [
        column('depth', 'Unit', values.map((_, at) => at + 1)), // prettier-ignore
        column('stage', 'Stage', values.map((_, at) => 1 + (at % 2))), // prettier-ignore
        column('norm', 'Norm', values),
      ],
    },
  ],
  figures,
  notes: [],
  seconds: 1,
})
const compared = (first: LabFigure[], second = first) => [
  { run: 'seed 1', style: 0, result: result([1, 2], first) },
  { run: 'seed 2', style: 1, result: result([3, 4, 5], second) },
]
const overlays = (figures: ComparedFigure[]) => figures.filter((figure) => figure.kind === 'overlay')
const drawn = (figure: ComparedFigure) => {
  if (figure.kind !== 'overlay') throw new Error('it stands side by side')
  return {
    ...figure,
    curves: curvesOf(figure.figure as Extract<Plot, { kind: 'line' | 'scatter' }>, figure.table),
    series: (figureOption(figure.figure, figure.table, false, figure) as unknown as { series: { name: string; itemStyle: { color: string }; lineStyle: { type: unknown } }[] }).series, // prettier-ignore
  }
}

describe('results of several runs', () => {
  it('lie over one another in one chart, in the colours that the runs have elsewhere, and go into one file', () => {
    const [figure, ...others] = compareFigures(compared([norms]))
    expect(others).toEqual([])
    const { curves, series, table } = drawn(figure!)
    expect(curves).toEqual([
      { name: 'seed 1', points: [[1, 1], [2, 2]] }, // prettier-ignore
      { name: 'seed 2', points: [[1, 3], [2, 4], [3, 5]] }, // prettier-ignore
    ])
    expect(series.map(({ itemStyle }) => itemStyle.color)).toEqual([lineStyle(0, false).color, lineStyle(1, false).color])
    expect(series[1]!.lineStyle.type).toEqual(lineStyle(1, false).dash)
    expect(labCsv(table)).toBe('run,depth,stage,norm\nseed 1,1,1,1\nseed 1,2,2,2\nseed 2,1,1,3\nseed 2,2,2,4\nseed 2,3,1,5\n')
  })

  it('with several curves each have the colour of their run, and dashes tell the curves apart', () => {
    const { curves, series } = drawn(compareFigures(compared([{ ...norms, by: 'stage' }]))[0]!)
    expect(curves.map(({ name }) => name)).toEqual(['seed 1, Stage 1', 'seed 1, Stage 2', 'seed 2, Stage 1', 'seed 2, Stage 2'])
    const [a, b] = [lineStyle(0, false).color, lineStyle(1, false).color]
    expect(series.map(({ itemStyle }) => itemStyle.color)).toEqual([a, a, b, b])
    expect(series[0]!.lineStyle.type).not.toEqual(series[1]!.lineStyle.type)
    expect(series[0]!.lineStyle.type).toEqual(series[2]!.lineStyle.type)
  })

  it('of two quantities have both for each run', () => {
    const { curves, series } = drawn(compareFigures(compared([{ ...norms, y: ['norm', 'depth'] }]))[0]!)
    expect(curves.map(({ name }) => name)).toEqual(['Norm, seed 1', 'Norm, seed 2', 'Unit, seed 1', 'Unit, seed 2'])
    const [a, b] = [lineStyle(0, false).color, lineStyle(1, false).color]
    expect(series.map(({ itemStyle }) => itemStyle.color)).toEqual([a, b, a, b])
    expect(series[0]!.lineStyle.type).not.toEqual(series[2]!.lineStyle.type)
  })

  it('share the marks that they have in common, and name the run of the others', () => {
    const other: LabFigure = { ...norms, marks: [...norms.marks, { axis: 'x', value: 2, label: 'best' }] }
    const [figure] = overlays(compareFigures(compared([norms], [other])))
    expect((figure!.figure as Extract<Plot, { kind: 'line' }>).marks).toEqual([
      { axis: 'y', value: 1, label: 'limit' },
      { axis: 'x', value: 2, label: 'best (seed 2)' },
    ])
  })

  it('whose points have a colour scale of their own are told apart by run', () => {
    const scatter: LabFigure = {
      kind: 'scatter', title: 'Spectrum', table: 'units', x: 'depth', y: 'norm', by: 'depth', equal: false,
      xAxis: axis('Unit'), yAxis: axis('Norm'), regions: [],
    } // prettier-ignore
    expect(drawn(compareFigures(compared([scatter]))[0]!).series.map(({ name }) => name)).toEqual(['seed 1', 'seed 2'])
  })

  it('stand side by side where they are images, on other scales, or not there for every run', () => {
    const kinds = compareFigures(compared([norms, strip], [{ ...norms, yAxis: axis('Norm') }, strip]))
    expect(kinds.map(({ kind }) => kind)).toEqual(['beside', 'beside'])
    expect(compareFigures(compared([norms], []))).toMatchObject([{ kind: 'beside', each: [{ run: 'seed 1' }] }])
  })
})

it('heat maps side by side have one colour scale', () => {
  const heatmap: LabFigure = {
    kind: 'heatmap', title: 'Norms', table: 'units', x: 'depth', y: 'stage', value: 'norm',
    xAxis: axis('Unit'), yAxis: axis('Stage'), valueAxis: axis('Norm', true),
  } // prettier-ignore
  const [figure] = compareFigures(compared([heatmap]))
  if (figure?.kind !== 'beside') throw new Error('heat maps cannot lie over one another')
  const ranges = figure.each.map((each) => {
    const { visualMap } = figureOption(each.figure as Plot, each.table!, false, figure) as { visualMap: { min: number; max: number } }
    return [10 ** visualMap.min, 10 ** visualMap.max]
  })
  expect(ranges.flat().map((end) => Number(end.toFixed(9)))).toEqual([1, 5, 1, 5])
})

it('of a run’s results that of the newest step is shown, unless another is asked for', () => {
  const entry = (number: number, step: number, diagnostic = 'energy') => ({ number, step, diagnostic }) as LabEntry
  const entries = [entry(4, 10), entry(3, 20), entry(2, 20), entry(1, 30, 'volume')]
  expect(chosenEntry(entries, 'energy', [])?.number).toBe(3)
  expect(chosenEntry(entries, 'energy', [1, 4])?.number).toBe(4)
  expect(chosenEntry(entries, 'hessian', [4])).toBeNull()
})

it('values stand in the unit that their title names', () => {
  expect([cellTitle('Accuracy', 'fraction'), showCell(0.9731, 'fraction')]).toEqual(['Accuracy (%)', '97.31'])
  expect([cellTitle('Memory', 'bytes'), showCell(2048, 'bytes')]).toEqual(['Memory', '2.00 KiB'])
  expect([showCell('NaN', ''), showCell(null, ''), showCell('noise', ''), showCell(1.25e-8, '')]).toEqual(['NaN', '–', 'noise', '1.250e−8'])
})
