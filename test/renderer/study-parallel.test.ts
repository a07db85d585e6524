import { describe, expect, it } from 'vitest'
import type { CellState, StudyCell, StudyReport } from '../../src-main/contract/studies.js'
import { chartTheme, valueScale } from '../../src-renderer/charts/palette.js'
import { parallelOption } from '../../src-renderer/compare/parallel-option.js'
import { MOST_LINES, parallelSearch, styleOf } from '../../src-renderer/studies/parallel.js'
import { homeWith, played } from '../studies/support.js'

const OUTCOMES: { state: CellState; accuracy?: number }[] = [
  { state: 'finished', accuracy: 0.4 },
  { state: 'diverged' },
  { state: 'finished', accuracy: 0.8 },
  { state: 'queued' },
]

/** A search over two step sizes and two batch sizes whose cells have these outcomes. */
function searched(ends: readonly { state: CellState; accuracy?: number }[], keys = 'h=0.1|0.2; batch=16|32') {
  const cells: StudyCell[] = []
  const report: StudyReport = played('search', { dataset: 'cifar-10', keys }, homeWith(), ({ factors, work }, position) => {
    const { state, accuracy } = ends[position % ends.length]!
    cells.push({
      position,
      factors,
      work,
      key: '',
      state,
      reason: null,
      runId: `run${position}`,
      takenOver: false,
      measured: null,
      seconds: null,
      phase: 0,
      until: null,
    })
    const best: Record<string, number> = accuracy === undefined ? {} : { 'validation/accuracy': accuracy }
    return { state, best }
  })
  return parallelSearch(report, cells, new Map())
}

describe('the parallel coordinates of a search', () => {
  it('have an axis a key that differs, the state once some did not finish, and the metric last; no cell is left out', () => {
    const found = searched(OUTCOMES)!
    expect(found.axes.map(({ label, measured }) => [label, measured])).toEqual([
      ['h', false],
      ['batch', false],
      ['State', false],
      ['Validation accuracy', true],
    ])
    expect(found.axes[0]!.values).toEqual([0.1, 0.1, 0.2, 0.2])
    expect(found.axes.at(-1)!.values).toEqual([0.4, null, 0.8, null])
    expect(found.axes[2]!.values).toEqual(['finished', 'diverged', 'finished', 'queued'])
    expect([[...found.failed], [...found.waiting]]).toEqual([[1], [3]])
    expect(found.runs.map(({ name }) => name)[1]).toBe('h 0.1, batch 32, seed 1')
  })

  it.each([false, true])('are coloured by the metric, and say what failed and what has no result, dark: %s', (dark) => {
    const found = searched(OUTCOMES)!
    const option = parallelOption(found.runs, found.axes, { dark, kept: null, styleOf: styleOf(found, dark) })
    const lines = (option.series as { lineStyle: { color: string; type: unknown } }[]).map(({ lineStyle }) => [
      lineStyle.color,
      lineStyle.type,
    ])
    const [low, high] = valueScale(dark)
    const { error, faint } = chartTheme(dark)
    expect(lines).toEqual([
      [low, 'solid'],
      [error, [7, 4]],
      [high, 'solid'],
      [faint, [2, 3]],
    ])
  })

  it('are coloured by what all runs of successive halving have at one step, and not by accuracies at different steps', () => {
    const cells: StudyCell[] = []
    const options = { dataset: 'cifar-10', keys: 'h=0.1|0.2', steps: 90, rungs: 2, eta: 3 }
    const report = played('search', options, homeWith(), ({ factors, work }, position) => {
      const [state, phase] = position === 0 ? (['finished', 1] as const) : (['dropped', 0] as const)
      const common = { reason: null, runId: `run${position}`, takenOver: false, measured: null, seconds: null, until: 30 }
      cells.push({ position, factors, work, key: '', state, phase, ...common })
      const compared: Record<number, number> = phase === 1 ? { 30: 0.5, 90: 0.9 } : { 30: 0.4 }
      return { state, phase, compared }
    })
    const found = parallelSearch(report, cells, new Map())!
    expect(found.axes.map(({ label }) => label)).toEqual(['h', 'Rung', 'Validation accuracy at the first rung'])
    expect(found.metric.values).toEqual([0.5, 0.4])
    expect([found.failed.size, found.waiting.size]).toEqual([0, 0])
  })

  it('are not there before a cell has a result, and hold no more lines than can be told apart', () => {
    expect(searched([{ state: 'queued' }])).toBeNull()
    const many = searched(
      [{ state: 'finished', accuracy: 0.5 }],
      `batch=${Array.from({ length: 400 }, (_, i) => i + 1).join('|')}`.slice(0, 1000),
    )
    expect(many!.runs.length).toBe(Math.min(MOST_LINES, many!.cells))
  })
})
