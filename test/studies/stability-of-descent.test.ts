import { expect, it } from 'vitest'
import { expandTemplate } from '../../src-main/studies/run.js'
import { computedOf, homeWith, played, rowsOf } from './support.js'

const home = homeWith()
const id = 'stability-of-descent'
/** The smallest options that show everything. */
const options = {
  depths: '2, 5', ratios: '0.9, 1.1, 2.5', startDepths: '2, 16', startRatios: '0.9, 1.1', starts: 40, steps: 2000, hinges: 6, fitSteps: 300,
} // prettier-ignore

it('reports escape, starts and fit as they were computed', () => {
  const report = played(id, options, home, computedOf)
  const said = (key: string) => report.summary.find((each) => each.key === key)?.value
  expect(said('difference')).toBeLessThan(2)
  expect(said('product')).toBeLessThanOrEqual(2 + 1e-6)
  expect(said('bound')).toBe(2)
  expect(said('second')).toBeGreaterThanOrEqual(-1e-9)

  const escapes = rowsOf(report, 'escape')
  expect(escapes.map(({ depth, ratio, fate }) => [depth, ratio, fate])).toEqual([
    [2, 0.9, 'returns'],
    [2, 1.1, 'bounded'],
    [2, 2.5, 'diverges'],
    [5, 0.9, 'returns'],
    [5, 1.1, 'other minimum'],
    [5, 2.5, 'bounded'],
  ])
  // It left the minimum before it diverged: these are two different numbers.
  expect(escapes[2]!['observed']).toBeLessThan(Number(escapes[2]!['divergedAt']))

  const starts = rowsOf(report, 'starts')
  expect(starts.map(({ depth, ratio, shareResidual }) => [depth, ratio, shareResidual])).toEqual([
    [2, 0.9, 1],
    [2, 1.1, 0],
    [16, 0.9, 1],
    [16, 1.1, 0],
  ])
  expect(starts[2]!['sharePlainWide']).toBeLessThan(0.3)
  expect(starts[2]!['sharePlainNarrow']).toBe(0)
  expect(starts[3]).toMatchObject({ sharePlainWide: 0, sharePlainNarrow: 0, product: null })

  const fit = rowsOf(report, 'fit')
  for (const row of fit) {
    const [line, convex, concave, sum] = ['line', 'convexPart', 'concavePart', 'sum'].map((key) => Number(row[key]))
    expect(Math.abs(line! + convex! + concave! - sum!)).toBeLessThanOrEqual(1e-12)
  }
  expect(report.figures.map(({ kind, title }) => [kind, title.split(' ')[0]])).toContainEqual(['line', 'Convex'])
  expect(report.notes.filter(({ level }) => level === 'warning')).toEqual([])
})

it('shows cells that failed, and leaves their place empty', () => {
  const report = played(id, options, home, (cell, position) =>
    position === 1 ? { state: 'failed', reason: 'The thread ended.' } : computedOf(cell),
  )
  expect(rowsOf(report, 'escape')[1]).toMatchObject({ ratio: 1.1, observed: null, fate: null, state: 'failed' })
  expect(report.notes).toContainEqual({ level: 'warning', text: 'escape, depth 2, ratio 1.1 failed: The thread ended.' })
})

it('refuses what cannot be computed before anything starts', () => {
  expect(() => expandTemplate(id, { depths: '2.5' }, home)).toThrow('depths: 2.5 is not a whole number of at least 1')
  expect(() => expandTemplate(id, { depths: '2000' }, home)).toThrow(/^depth: /)
})
