import { flushPromises } from '@vue/test-utils'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { RunSummary } from '../../src-main/contract/runs.js'
import { FIXED_COLUMNS, metricColumn, studyColumn } from '../../src-renderer/runs/table/columns.js'
import { filterRuns } from '../../src-renderer/runs/table/filter.js'
import { runsByStudy, studyCell, studyItems } from '../../src-renderer/runs/table/study-rows.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { sampleSummary } from '../fixtures/records.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

vi.setConfig({ testTimeout: 60_000 })

const by = (key: string) => FIXED_COLUMNS.find((column) => column.key === key)!
const accuracy = metricColumn('test/accuracy', 'last')

describe('studies in the table of runs', () => {
  it('have one row at the place of their first run, and every run once: by itself, or in the row of its study', () => {
    const run = fc.record({ studyId: fc.constantFrom(null, 'studya', 'studyb', 'gone'), pinned: fc.boolean() })
    fc.assert(
      fc.property(fc.array(run, { maxLength: 30 }), fc.boolean(), (all, open) => {
        const runs = all.map((changes, i) => sampleSummary(`run${i}`, changes))
        const within = runsByStudy(
          runs,
          new Map([
            ['studya', 1],
            ['studyb', 1],
          ]),
        )
        const items = studyItems(runs, within, () => open)
        const rows = items.flatMap((item) => (item.kind === 'study' ? item.id : []))
        expect(new Set(rows).size).toBe(rows.length)
        const seen = items.flatMap((item) =>
          item.kind === 'run' ? item.id : item.kind === 'study' && !open ? item.runs.map(({ id }) => id) : [],
        )
        expect([...seen].sort()).toEqual(runs.map(({ id }) => id).sort())
        items.forEach((item, at) => {
          if (item.kind === 'study') expect(item.runs.every(({ studyId, pinned }) => studyId === item.id && !pinned)).toBe(true)
          // Its runs follow its row in the order of the table.
          if (item.kind === 'study' && open)
            expect(items.slice(at + 1, at + 1 + item.runs.length)).toEqual(
              item.runs.map(({ id }) => ({ kind: 'run', id, inside: item.id })),
            )
        })
        // The order of the rows follows the order of the table.
        const first = (item: (typeof items)[number]): number =>
          runs.findIndex(({ id }) => id === (item.kind === 'study' ? item.runs[0]!.id : item.id))
        const places = items.filter((item) => item.kind === 'study' || (item.kind === 'run' && item.inside === undefined)).map(first)
        expect(places).toEqual([...places].sort((a, b) => a - b))
      }),
    )
  })

  it('show of a column what all runs share, how far numbers reach, or how many values there are', () => {
    const run = (i: number, changes: Partial<RunSummary>): RunSummary => sampleSummary(`run${i}`, { dataset: 'mnist', ...changes })
    const runs = [
      run(0, { latest: { 'test/accuracy': 0.5 }, preset: 'a' }),
      run(1, { latest: { 'test/accuracy': 0.75 }, preset: 'b' }),
      run(2, { latest: { 'test/accuracy': NaN }, preset: 'b' }),
    ]
    expect(studyCell(runs, by('dataset'))).toEqual({ one: 'mnist' })
    expect(studyCell(runs, by('preset'))).toEqual({ different: 2 })
    expect(studyCell(runs, accuracy)).toEqual({ low: '50.00%', high: '75.00%' })
    expect(studyCell(runs.slice(0, 1), accuracy)).toEqual({ one: '50.00%' })
    expect(studyCell([run(0, { activeSeconds: 60 }), run(1, { activeSeconds: 30 })], by('activeSeconds'))).toEqual({ total: '1:30 min' })
    expect(studyCell(runs, by('note'))).toBeNull()
    // Accuracies of different data sets have no common range.
    expect(studyCell([runs[0]!, run(3, { dataset: 'peaks', latest: { 'test/accuracy': 0.1 } })], accuracy)).toBeNull()
  })

  it('are found by their names', () => {
    const study = studyColumn((id) => (id === 'studya' ? 'Wide sweep' : null))
    const runs = [sampleSummary('run0', { name: 'x', studyId: 'studya' }), sampleSummary('run1', { name: 'x' })]
    const found = filterRuns(runs, { filters: [], text: 'SWEEP x' }, new Map([[study.key, study]]))
    expect(found.map(({ id }) => id)).toEqual(['run0'])
  })
})

let page: TestWindow | null = null
afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})

it('a study unfolds by the keyboard, is selected with all of its runs, and a search finds a run inside it', async () => {
  const home = await homeOfTest({ concurrentRuns: 1 })
  await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', name: 'alone' })
  const options = { dataset: 'mnist', preset: 'hamiltonian-quick', keys: 'h=0.1|0.2; learningRate=0.03|0.1', steps: 10 }
  const study = await home.studies.start({ template: 'search', options, name: 'Step sizes' })
  page = await openWindow(home, '/runs')
  const names = (): string[] => [...document.querySelectorAll('table tr[data-row] .names a')].map((name) => name.textContent ?? '')
  const row = (): HTMLElement => document.querySelector<HTMLElement>(`tr[data-study="${study.id}"]`)!
  await eventually(() => expect(names()).toEqual(['Step sizes', 'alone']))
  expect(row().textContent).toContain('4 runs')
  expect(row().querySelector('.counts')?.getAttribute('aria-label')).toBe('4 queued')
  const table = document.querySelector<HTMLElement>('table[aria-label=Runs]')!
  expect(table.getAttribute('role')).toBe('treegrid')
  const press = async (key: string): Promise<void> => {
    table.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
    await flushPromises()
  }
  await press('ArrowDown')
  expect(row().getAttribute('aria-expanded')).toBe('false')
  await press('Enter')
  expect(row().getAttribute('aria-expanded')).toBe('true')
  await eventually(() => expect(names()).toHaveLength(6))
  // Inside the study, a run is identified by its factors.
  expect(names()).toContain('h 0.2, learningRate 0.1, seed 1')
  expect([...document.querySelectorAll('tr[data-row=run]')].map((each) => each.getAttribute('aria-level'))).toEqual([
    '2',
    '2',
    '2',
    '2',
    '1',
  ])
  await press(' ')
  await eventually(() => expect(document.querySelector('[data-testid=bulk]')?.textContent).toContain('4 selected'))
  await press('Escape')
  // From a run inside to its study, which is then collapsed.
  await press('ArrowDown')
  await press('ArrowDown')
  await press('ArrowLeft')
  await press('ArrowLeft')
  await eventually(() => expect(names()).toEqual(['Step sizes', 'alone']))

  const search = document.querySelector<HTMLInputElement>('input[aria-label="Search runs"]')!
  search.value = 'h 0.2, 0.03'
  search.dispatchEvent(new Event('input', { bubbles: true }))
  await eventually(() => expect(names()).toEqual(['Step sizes', 'h 0.2, learningRate 0.03, seed 1']))
  expect(row().textContent).toContain('1 found')
  search.value = ''
  search.dispatchEvent(new Event('input', { bubbles: true }))
  await eventually(() => expect(names()).toEqual(['Step sizes', 'alone']))

  // Without the study, its runs have rows of their own.
  const { runs } = await home.runs.list()
  await home.runs.bulk({ ids: runs.map(({ id }) => id), action: 'stop' })
  await home.studies.remove({ id: study.id })
  await eventually(() => expect(names()).toHaveLength(5))
})
