import { describe, expect, it } from 'vitest'
import type { LabFigure, LabTable } from '../../src-main/contract/lab.js'
import type { CellState } from '../../src-main/contract/studies.js'
import { curvesOf, type Plot } from '../../src-renderer/lab/curves.js'
import { figureOption } from '../../src-renderer/lab/figure-option.js'
import { labPgfplots } from '../../src-renderer/lab/table-files.js'
import { commandsOf, countsText, doneShare } from '../../src-renderer/ui/cell-look.js'

const column = (key: string, values: LabTable['columns'][number]['values']) => ({ key, label: key, symbol: '', unit: '', values })
const table: LabTable = {
  key: 'accuracy',
  title: 'Accuracy',
  columns: [
    column('variant', ['ours', 'ours', 'theirs, published']),
    column('images', [100, 1000, 100]),
    column('accuracy', [0.5, 0.6, 0.4]),
    column('low', [0.45, null, null]),
    column('high', [0.55, null, null]),
  ],
}
const axis = (label: string, log: boolean) => ({ label, unit: '', log })
const figure: Extract<LabFigure, { kind: 'line' }> = {
  kind: 'line',
  title: 'Accuracy',
  table: 'accuracy',
  x: 'images',
  y: ['accuracy'],
  by: 'variant',
  xAxis: axis('Images', true),
  yAxis: axis('Accuracy', false),
  marks: [],
  spread: { low: 'low', high: 'high' },
  loose: ['theirs, published'],
}

describe('a figure of a study', () => {
  it('has error bars where both ends are known, and published values as marks without a line', () => {
    const [ours, theirs] = curvesOf(figure as Plot & { kind: 'line' }, table)
    expect(ours).toMatchObject({ name: 'ours', bars: [[0.45, 0.55], null] })
    expect(ours!.loose).toBeUndefined()
    expect(theirs).toMatchObject({ name: 'theirs, published', loose: true, bars: [null] })
    const series = figureOption(figure, table, false)['series'] as {
      name: string
      data: unknown[]
      symbol: string
      lineStyle: { width: number }
    }[]
    expect(series.map(({ name, symbol }) => [name, symbol])).toEqual([
      ['ours', 'circle'],
      ['theirs, published', 'diamond'],
      ['ours', 'rect'],
    ])
    expect(series[1]!.lineStyle.width).toBe(0)
    expect(series[2]!.data).toEqual([
      [100, 0.45],
      [100, 0.55],
      [null, null],
    ])
  })

  it('has the same in pgfplots', () => {
    const tex = labPgfplots(figure, table)
    expect(tex).toMatch(
      /\\addplot\+\[mark size=1pt, error bars\/\.cd, y dir=both, y explicit\] table\[.*y error plus index=2.*\] \{\n100 0\.5 0\.05\d* 0\.0[45]\d*\n1000 0\.6 0 0\n\};/,
    )
    expect(tex).toContain('\\addplot+[only marks, error bars')
  })
})

describe('what is said of a study', () => {
  it('is how many cells are in which state, and what it can be told in it', () => {
    const counts: Partial<Record<CellState, number>> = { queued: 2, finished: 3, diverged: 1 }
    expect(countsText(counts)).toBe('3 finished, 2 queued, 1 diverged')
    expect(doneShare({ cells: 6, counts })).toBeCloseTo(4 / 6, 12)
    const halved = { finished: 1, waiting: 1, dropped: 2 }
    expect(countsText(halved)).toBe('1 finished, 1 waiting for the others, 2 not continued')
    expect(doneShare({ cells: 4, counts: halved })).toBe(0.75)
    expect(commandsOf({ held: false, counts: halved })).toEqual({ pause: false, resume: false, remove: true })
    expect(commandsOf({ held: false, counts })).toEqual({ pause: true, resume: false, remove: true })
    expect(commandsOf({ held: true, counts })).toEqual({ pause: false, resume: true, remove: true })
    expect(commandsOf({ held: false, counts: { running: 1, removed: 1 } })).toEqual({ pause: true, resume: true, remove: false })
  })
})
