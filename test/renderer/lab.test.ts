import { describe, expect, it } from 'vitest'
import { labCsv, type LabTable } from '../../src-main/contract/lab.js'
import { describeFigure } from '../../src-renderer/lab/describe-figure.js'
import { commonLabel, curvesOf, type Plot } from '../../src-renderer/lab/curves.js'
import { figureOption } from '../../src-renderer/lab/figure-option.js'
import { labPgfplots } from '../../src-renderer/lab/table-files.js'

const column = (key: string, label: string, values: LabTable['columns'][number]['values'], unit = '') => ({
  key,
  label,
  symbol: '',
  unit,
  values,
})

const table: LabTable = {
  key: 'units',
  title: 'By unit',
  columns: [
    column('unit', 'Unit', [1, 2, 3, 1, 2, 3], 'units'),
    column('stage', 'Stage', [1, 1, 1, 2, 2, 2]),
    column('error', 'Error of the state', [1e-7, 0, 'NaN', 1e-6, 2e-6, null], 'relative'),
  ],
}
const line: Extract<Plot, { kind: 'line' }> = {
  kind: 'line',
  title: 'Error by unit',
  table: 'units',
  x: 'unit',
  y: ['error'],
  by: 'stage',
  xAxis: { label: 'Unit', unit: 'units', log: false },
  yAxis: { label: 'Error of the state', unit: 'relative', log: true },
  marks: [{ axis: 'y', value: 1e-3, label: 'tolerance' }],
}

describe('a figure of a diagnostic', () => {
  it('has a curve for each value that it is drawn by; what the axis cannot have is a gap, and zeros stand at its lower edge', () => {
    expect(curvesOf(line, table)).toEqual([
      { name: 'Stage 1', points: [[1, 1e-7], [2, null], [3, null]], zeros: [2] }, // prettier-ignore
      { name: 'Stage 2', points: [[1, 1e-6], [2, 2e-6], [3, null]] }, // prettier-ignore
    ])
    const option = figureOption(line, table, false) as unknown as {
      yAxis: { min?: number }
      series: { type: string; name: string; data: unknown[] }[]
      tooltip: { valueFormatter(value: number): string }
    }
    expect(option.yAxis.min).toBeCloseTo(1e-8, 20)
    const marks = option.series.filter(({ type }) => type === 'scatter')
    expect(marks).toMatchObject([{ name: 'Stage 1', data: [[2, option.yAxis.min]] }])
    expect(option.tooltip.valueFormatter(option.yAxis.min!)).toBe('0')
    expect(labPgfplots(line, table)).toMatch(/mark=triangle\*, mark options=\{rotate=180\}, forget plot\] coordinates \{\(2,1e-8\)\};/)
    // On an axis of plain numbers a zero is a point like any other.
    const plain = { ...line, yAxis: { ...line.yAxis, log: false } }
    expect(curvesOf(plain, table)[0]).toEqual({ name: 'Stage 1', points: [[1, 1e-7], [2, 0], [3, null]] }) // prettier-ignore
    expect((figureOption(plain, table, false) as { yAxis: { min?: number } }).yAxis.min).toBeUndefined()
  })

  it('names its axes with their units, and marks the tolerance', () => {
    const option = figureOption(line, table, false) as {
      xAxis: { name: string }
      yAxis: { name: string; type: string }
      series: { markLine?: { data: unknown[] } }[]
    }
    expect([option.xAxis.name, option.yAxis.name, option.yAxis.type]).toEqual(['Unit (units)', 'Error of the state (relative)', 'log'])
    expect(option.series.find(({ markLine }) => markLine)!.markLine!.data).toEqual([{ name: 'tolerance', yAxis: 1e-3 }])
    expect(describeFigure(line, table)).toBe(
      'Error by unit: Error of the state (relative) over Unit (units). Stage 1 from 0 to 1.00e−7; Stage 2 from 1.00e−6 to 2.00e−6',
    )
  })

  it('has the few places of a logarithmic axis as ticks, and ends close to them', () => {
    const depths: LabTable = {
      key: 'depth',
      title: 'By depth',
      columns: [
        column('depth', 'Units per stage', [8, 16, 8, 64], 'units'),
        column('accuracy', 'Accuracy', [0.5, 0.6, 0.4, 0.7], 'fraction'),
      ],
    }
    const figure: typeof line = {
      ...line,
      table: 'depth',
      x: 'depth',
      y: ['accuracy'],
      by: null,
      xAxis: { label: 'Units per stage', unit: 'units', log: true },
      yAxis: { label: 'Accuracy', unit: 'fraction', log: false },
      marks: [{ axis: 'x', value: 128, label: 'limit' }],
    }
    const { xAxis } = figureOption(figure, depths, false) as unknown as {
      xAxis: { name: string; min: number; max: number; axisLabel: { customValues: number[] } }
    }
    expect(xAxis).toMatchObject({ name: 'Units per stage', axisLabel: { customValues: [8, 16, 64, 128] } })
    expect(xAxis.min).toBeCloseTo(8 / 16 ** 0.05, 12)
    expect(xAxis.max).toBeCloseTo(128 * 16 ** 0.05, 12)
    expect(labPgfplots(figure, depths)).toContain('xtick={8,16,64,128}, xticklabels={8,16,64,128}')
    // Of many places the powers of ten say more.
    const many = [
      column(
        'depth',
        'Units',
        Array.from({ length: 9 }, (_, at) => at + 1),
      ),
      column('accuracy', 'Accuracy', Array(9).fill(1)),
    ]
    expect(figureOption(figure, { ...depths, columns: many }, false)).not.toHaveProperty('xAxis.axisLabel.customValues')
  })

  it('of the complex plane has axes of one scale, and the region of stability as a closed line', () => {
    const scatter: Plot = {
      kind: 'scatter',
      title: 'Spectrum',
      table: 'units',
      x: 'unit',
      y: 'stage',
      by: null,
      equal: true,
      xAxis: { label: 'Real part', unit: '', log: false },
      yAxis: { label: 'Imaginary part', unit: '', log: false },
      regions: [{ label: 'stable', points: [[0, 0], [0, 2], [1, 0]] }], // prettier-ignore
    }
    const option = figureOption(scatter, table, true) as unknown as {
      xAxis: { min: number; max: number }
      yAxis: { min: number; max: number }
      series: { name: string; data: unknown[] }[]
    }
    expect(option.xAxis.max - option.xAxis.min).toBeCloseTo(option.yAxis.max - option.yAxis.min, 12)
    expect(option.series.at(-1)).toMatchObject({ name: 'stable', data: [[0, 0], [0, 2], [1, 0], [0, 0]] }) // prettier-ignore
  })

  it('goes into files in full precision: CSV by the keys of the quantities, and pgfplots with its axes', () => {
    expect(labCsv(table)).toBe('unit,stage,error\n1,1,1e-7\n2,1,0\n3,1,NaN\n1,2,0.000001\n2,2,0.000002\n3,2,\n')
    const source = labPgfplots(line, table)
    expect(source).toContain('xlabel={Unit (units)}, ylabel={Error of the state (relative)}, ymode=log, ymin=1e-8')
    expect(source).toContain('1 1e-7\n2 nan\n3 nan')
    expect(source.match(/\\addlegendentry/g)).toHaveLength(2)
    // The tolerance is a part of the figure: without it nobody sees on paper where the reversal breaks.
    expect(source).toContain('coordinates {(1,0.001) (3,0.001)} node[pos=1, above left, font=\\footnotesize] {tolerance};')
  })

  it('that is a heat map goes into pgfplots as a matrix of all cells, of which those without a value are nan', () => {
    const heat: Plot = {
      kind: 'heatmap',
      title: 'Error',
      table: 'units',
      x: 'unit',
      y: 'stage',
      value: 'error',
      xAxis: { label: 'Unit', unit: 'units', log: false },
      yAxis: { label: 'Stage', unit: '', log: false },
      valueAxis: { label: 'Error of the state', unit: 'relative', log: true },
    }
    const source = labPgfplots(heat, table)
    expect(source).toContain('xtick={0,1,2}, xticklabels={{1},{2},{3}}, ytick={0,1}, yticklabels={{1},{2}}')
    expect(source).toContain('colorbar style={ylabel={Error of the state (relative)}, yticklabel={$10^{\\pgfmathprintnumber{\\tick}}$}}')
    expect(source).toContain('mesh/cols=3')
    expect(source).toContain(`{\n0 0 -7\n1 0 nan\n2 0 nan\n0 1 -6\n1 1 ${Math.log10(2e-6)}\n2 1 nan\n};`)
    // The window draws the same cells.
    const { series } = figureOption(heat, table, false) as unknown as { series: { data: number[][] }[] }
    expect(series[0]!.data).toEqual([[0, 0, -7, 0], [0, 1, -6, 3], [1, 1, Math.log10(2e-6), 4]]) // prettier-ignore
  })
})

it('several quantities of one axis share what their labels begin with', () => {
  expect(commonLabel(['Activation memory, reversible', 'Activation memory, stored'])).toBe('Activation memory')
  expect(commonLabel(['Time'])).toBe('Time')
  expect(commonLabel(['Error of the state', 'Error of the gradient'])).toBe('')
})
