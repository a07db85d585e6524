import { describe, expect, it } from 'vitest'
import { labCsv, type LabTable } from '../../src-main/contract/lab.js'
import { describeFigure } from '../../src-renderer/lab/describe-figure.js'
import { commonLabel, curvesOf, type Plot } from '../../src-renderer/lab/curves.js'
import { drawnSvg } from '../../src-renderer/charts/export/picture-svg.js'
import { figureOption } from '../../src-renderer/lab/figure-option.js'
import { hatchLines } from '../../src-renderer/lab/heat-option.js'
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
    // On a linear axis, a zero is a point like any other.
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
    // With many values, powers of ten are clearer.
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
    // The tolerance is part of the figure: without it, the figure on paper does not show where the inversion fails.
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
    expect(series).toHaveLength(1)
    expect(source).not.toContain('legend')
  })

  it('that is a heat map marks cells whose runs diverged or failed, with a legend, on the screen, in pictures and in pgfplots', () => {
    const column = (key: string, values: (number | string | null)[]) => ({ key, label: key, symbol: '', unit: '', values })
    const grid: LabTable = {
      key: 'grid',
      title: 'Grid',
      columns: [
        column('h', [0.1, 1, 0.1, 1]),
        column('units', [2, 2, 4, 4]),
        column('accuracy', [0.5, null, 0.75, null]),
        column('ended', [null, 'diverged', 'diverged', 'failed']),
      ],
    }
    const axis = (label: string) => ({ label, unit: '', log: false })
    const axes = { xAxis: axis('h'), yAxis: axis('units'), valueAxis: axis('accuracy') }
    const heat: Plot = { kind: 'heatmap', title: 'Grid', table: 'grid', x: 'h', y: 'units', value: 'accuracy', ended: 'ended', ...axes }
    const option = figureOption(heat, grid, false)
    const { series, legend } = option as {
      series: { name?: string; data: unknown[] }[]
      legend: { show: boolean; data: { name: string }[] }
    }
    expect(series.map(({ name, data }) => [name, data])).toEqual([
      [undefined, [[0, 0, 0.5, 0], [0, 1, 0.75, 2]]],
      // With several seeds, one may have diverged although others have a value.
      ['diverged', [[1, 0, null, 1], [0, 1, 0.75, 2]]],
      ['failed', [[1, 1, null, 3]]],
    ]) // prettier-ignore
    expect([legend.show, legend.data.map(({ name }) => name)]).toEqual([true, ['diverged', 'failed']])
    const svg = drawnSvg({ option, width: 400, height: 300 })
    expect(svg).toContain('>diverged</text>')
    const hatches = svg.split('stroke="#b3261e"').length - 1
    const none = drawnSvg({ option: figureOption({ ...heat, ended: undefined }, grid, false), width: 400, height: 300 })
    expect(none).not.toContain('stroke="#b3261e"')
    expect(hatches).toBeGreaterThan(20)
    const source = labPgfplots(heat, grid)
    expect(source).toContain('mark=x, mark size=4pt, red] coordinates {(1,0) (0,1)};\n\\addlegendentry{diverged}')
    expect(source).toContain('coordinates {(1,1)};\n\\addlegendentry{failed}')
    expect(describeFigure(heat, grid)).toBe('Grid: units over h, coloured by accuracy; 2 cells diverged; 1 cell failed')
  })

  it('hatches a cell from edge to edge', () => {
    const box = { x: 10, y: 20, width: 30, height: 12 }
    for (const way of [1, -1] as const) {
      const lines = hatchLines(box, way)
      expect(lines.length).toBe(5)
      for (const { x1, y1, x2, y2 } of lines) {
        expect((y2 - y1) / (x2 - x1)).toBeCloseTo(-way, 12)
        for (const x of [x1, x2]) expect(x >= 10 && x <= 40).toBe(true)
        for (const y of [y1, y2]) expect(y >= 20 - 1e-9 && y <= 32 + 1e-9).toBe(true)
      }
    }
  })
})

it('several quantities of one axis share what their labels begin with', () => {
  expect(commonLabel(['Activation memory, reversible', 'Activation memory, stored'])).toBe('Activation memory')
  expect(commonLabel(['Time'])).toBe('Time')
  expect(commonLabel(['Error of the state', 'Error of the gradient'])).toBe('')
})
