import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { currentView, FILTER_OPERATORS, type RunView } from '../../src-main/contract/run-views.js'
import type { Reading } from '../../src-main/contract/metrics.js'
import type { RunSummary } from '../../src-main/contract/runs.js'
import { termsOf, type Column } from '../../src-renderer/runs/table/column.js'
import { configColumn, FIXED_COLUMNS, metricColumn, metricColumns, metricKeys } from '../../src-renderer/runs/table/columns.js'
import { describeFilter, filterRuns, OPERATORS } from '../../src-renderer/runs/table/filter.js'
import { groupItems, groupRuns, meanOf } from '../../src-renderer/runs/table/group.js'
import { pressed, sortRuns } from '../../src-renderer/runs/table/sort.js'
import { EMPTY_VIEW, hasView, queryOf, sameView, viewOf } from '../../src-renderer/runs/table/view-query.js'
import { sampleSummary } from '../fixtures/records.js'

const rates = new Map<string, number>()
const rate = configColumn({ path: 'learningRate', values: [0.1, 0.2], of: (id) => rates.get(id) ?? null })
const accuracy = metricColumn('test/accuracy', 'last')
const columns = new Map<string, Column>([...FIXED_COLUMNS, accuracy, rate].map((column) => [column.key, column]))
const by = (key: string): Column => columns.get(key)!
const names = (runs: readonly RunSummary[]): string[] => runs.map(({ name }) => name)

const summary = fc
  .record({
    name: fc.constantFrom('run 1', 'run 2', 'run 10', 'Run 3', ''),
    pinned: fc.boolean(),
    tags: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }),
    latest: fc.oneof(fc.constant({}), fc.record({ 'test/accuracy': fc.oneof(fc.double(), fc.constantFrom(0, 0.5, 1)) })),
    createdAt: fc.integer({ min: 1, max: 2e12 }),
  })
  .map((changes) => changes as Partial<RunSummary>)
const runsOf = fc.array(summary, { maxLength: 40 }).map((all) => all.map((changes, i) => sampleSummary(`run${i}`, changes)))
const sorts = fc.array(fc.record({ key: fc.constantFrom('name', 'latest.test/accuracy', 'createdAt', 'tags'), descending: fc.boolean() }), {
  maxLength: 3,
})

describe('the order of runs', () => {
  it('has every run once, the pinned ones first, and nothing after what has no value', () => {
    fc.assert(
      fc.property(runsOf, sorts, (runs, sort) => {
        const sorted = sortRuns(runs, sort, columns)
        expect(new Set(sorted)).toEqual(new Set(runs))
        expect(sorted).toHaveLength(runs.length)
        const pins = sorted.map(({ pinned }) => pinned)
        expect(pins.indexOf(false) < 0 || !pins.slice(pins.indexOf(false)).includes(true)).toBe(true)
        const [first] = sort
        if (first?.key !== 'latest.test/accuracy') return
        for (const pinned of [true, false]) {
          const values = sorted.filter((run) => run.pinned === pinned).map((run) => run.latest['test/accuracy'] ?? NaN)
          const finite = values.filter((value) => !Number.isNaN(value))
          expect(values.slice(0, finite.length)).toEqual(finite)
          finite.forEach((value, i) => {
            const next = finite[i + 1]
            if (next !== undefined) expect(first.descending ? next <= value : next >= value).toBe(true)
          })
        }
      }),
    )
  })

  it('counts in names as people do, and keeps what is equal as it was', () => {
    const runs = ['run 10', 'Run 2', 'run 1'].map((name, i) => sampleSummary(`r${i}`, { name, seed: 7 }))
    expect(names(sortRuns(runs, [{ key: 'name', descending: false }], columns))).toEqual(['run 1', 'Run 2', 'run 10'])
    expect(names(sortRuns(runs, [{ key: 'seed', descending: true }], columns))).toEqual(names(runs))
    expect(names(sortRuns(runs, [{ key: 'gone', descending: true }], columns))).toEqual(names(runs))
    const two = [
      { key: 'seed', descending: true },
      { key: 'name', descending: true },
    ]
    expect(names(sortRuns(runs, two, columns))).toEqual(['run 10', 'Run 2', 'run 1'])
  })

  it('turns from ascending to descending to none with each press, alone or beside others', () => {
    const once = pressed([{ key: 'b', descending: true }], 'a', false)
    expect(once).toEqual([{ key: 'a', descending: false }])
    expect(pressed(once, 'a', false)).toEqual([{ key: 'a', descending: true }])
    expect(pressed(pressed(once, 'a', false), 'a', false)).toEqual([])
    const both = pressed(once, 'b', true)
    expect(both.map(({ key }) => key)).toEqual(['a', 'b'])
    expect(pressed(both, 'a', true)).toEqual([
      { key: 'a', descending: true },
      { key: 'b', descending: false },
    ])
  })
})

describe('filters', () => {
  const runs = [
    sampleSummary('run0', { name: 'deep one', tags: ['sweep', 'old'], latest: { 'test/accuracy': 0.9 } }),
    sampleSummary('run1', { name: 'Shallow', status: 'failed', latest: { 'test/accuracy': NaN } }),
    sampleSummary('run2', { name: 'deep two', note: 'unstable', createdAt: new Date(2026, 10, 24, 12).getTime() }),
  ]
  rates.set('run0', 0.1).set('run2', 0.25)
  const shown = (filters: RunView['filters'], text = ''): string[] => filterRuns(runs, { filters, text }, columns).map(({ id }) => id)

  it.each([
    [{ key: 'name', operator: 'contains', values: ['DEEP'] }, ['run0', 'run2']],
    [{ key: 'name', operator: 'lacks', values: ['deep'] }, ['run1']],
    [{ key: 'tags', operator: 'oneOf', values: ['old', 'other'] }, ['run0']],
    [{ key: 'tags', operator: 'oneOf', values: [''] }, ['run1', 'run2']],
    [{ key: 'tags', operator: 'noneOf', values: ['sweep'] }, ['run1', 'run2']],
    [{ key: 'latest.test/accuracy', operator: 'atLeast', values: ['0.9'] }, ['run0']],
    [{ key: 'latest.test/accuracy', operator: 'empty', values: [] }, ['run1', 'run2']],
    [{ key: 'latest.test/accuracy', operator: 'filled', values: [] }, ['run0']],
    [{ key: 'config.learningRate', operator: 'between', values: ['0.3', '0.2'] }, ['run2']],
    [{ key: 'config.learningRate', operator: 'equal', values: ['0.1'] }, ['run0']],
    [{ key: 'config.learningRate', operator: 'unequal', values: ['0.1'] }, ['run2']],
    [{ key: 'createdAt', operator: 'between', values: ['2026-11-24', '2026-11-24'] }, ['run2']],
    [{ key: 'createdAt', operator: 'below', values: ['2026-11-24'] }, ['run0', 'run1']],
    // Unfinished filters, and filters on unknown columns, hide nothing.
    [{ key: 'config.learningRate', operator: 'atLeast', values: [''] }, ['run0', 'run1', 'run2']],
    [{ key: 'config.gone', operator: 'equal', values: ['1'] }, ['run0', 'run1', 'run2']],
  ] as const)('%o', (filter, ids) => {
    expect(shown([{ ...filter, values: [...filter.values] }])).toEqual(ids)
  })

  it('find every word in any text of a row, and hold together', () => {
    expect(shown([], 'two UNSTABLE')).toEqual(['run2'])
    expect(shown([], 'failed')).toEqual(['run1'])
    expect(shown([{ key: 'name', operator: 'contains', values: ['deep'] }], 'sweep')).toEqual(['run0'])
  })

  it('and their opposites divide the runs', () => {
    const pairs = [
      ['oneOf', 'noneOf'],
      ['contains', 'lacks'],
      ['empty', 'filled'],
    ] as const
    fc.assert(
      fc.property(
        runsOf,
        fc.constantFrom('a', 'b', '1'),
        fc.constantFrom(...pairs),
        fc.constantFrom('tags', 'name'),
        (all, value, [yes, no], key) => {
          const pass = (operator: (typeof FILTER_OPERATORS)[number]): readonly RunSummary[] =>
            filterRuns(all, { filters: [{ key, operator, values: [value] }], text: '' }, columns)
          expect(pass(yes).length + pass(no).length).toBe(all.length)
          expect(pass(yes).filter((run) => pass(no).includes(run))).toEqual([])
        },
      ),
    )
  })

  it('are told in words, percentages as such', () => {
    expect(describeFilter(accuracy, { key: accuracy.key, operator: 'atLeast', values: ['0.925'] })).toBe('Test accuracy, last ≥ 92.5%')
    expect(describeFilter(by('createdAt'), { key: 'createdAt', operator: 'below', values: ['2026-11-24'] })).toBe(
      'Created before 2026-11-24',
    )
    expect(describeFilter(by('tags'), { key: 'tags', operator: 'oneOf', values: ['a', ''] })).toBe('Tags is one of a, nothing')
    expect(OPERATORS.number).not.toContain('contains')
  })
})

describe('groups', () => {
  it('have every run once, in the order of the table, and closing hides only rows', () => {
    fc.assert(
      fc.property(runsOf, fc.constantFrom('name', 'tags', 'pinned', 'latest.test/accuracy'), fc.boolean(), (runs, key, descending) => {
        const groups = groupRuns(runs, by(key), descending)
        expect(new Set(groups.flatMap((group) => group.runs))).toEqual(new Set(runs))
        expect(groups.flatMap((group) => group.runs)).toHaveLength(runs.length)
        for (const group of groups) {
          expect(group.runs.length).toBeGreaterThan(0)
          expect(group.runs).toEqual(runs.filter((run) => group.runs.includes(run)))
        }
        const open = groupItems(groups, new Set(), [accuracy])
        expect(open).toHaveLength(runs.length + groups.length)
        const closed = groupItems(groups, new Set(groups.map(({ id }) => id)), [accuracy])
        expect(closed.map(({ kind }) => kind)).toEqual(groups.map(() => 'group'))
      }),
    )
  })

  it('stand in ascending order, those without a value last, with the mean of what is finite', () => {
    const values = [0.5, NaN, 0.7, Infinity, undefined]
    const runs = values.map((value, i) =>
      sampleSummary(`g${i}`, { name: i < 4 ? 'x' : 'a', latest: value === undefined ? {} : { 'test/accuracy': value } }),
    )
    expect(groupRuns(runs, by('name')).map(({ id }) => id)).toEqual(['a', 'x'])
    expect(groupRuns(runs, by('name'), true).map(({ id }) => id)).toEqual(['x', 'a'])
    expect(groupRuns(runs, accuracy).map(({ id }) => id)).toEqual(['0.5', '0.7', 'Infinity', 'NaN', ''])
    expect(meanOf(runs, accuracy)).toEqual({
      mean: expect.closeTo(0.6, 12) as number,
      deviation: expect.closeTo(Math.SQRT2 / 10, 12) as number,
      count: 2,
    })
    expect(meanOf(runs.slice(0, 2), accuracy)).toEqual({ mean: 0.5, deviation: null, count: 1 })
    expect(meanOf(runs.slice(4), accuracy)).toBeNull()
  })
})

describe('figures of several data sets', () => {
  const on = (dataset: string, value: number | undefined, i: number) =>
    sampleSummary(`m${i}`, { dataset, activeSeconds: 10 * (i + 1), latest: value === undefined ? {} : { 'test/accuracy': value } })

  it('have no mean, and the group says of which they are; what is no figure of a data set has one', () => {
    const runs = [on('mnist', 0.9, 0), on('peaks', 0.5, 1), on('peaks', 0.7, 2)]
    expect(meanOf(runs, accuracy)).toEqual({ datasets: ['mnist', 'peaks'] })
    expect(meanOf(runs.slice(1), accuracy)).toMatchObject({ mean: expect.closeTo(0.6, 12) as number, count: 2 })
    expect(meanOf(runs, by('activeSeconds'))).toMatchObject({ mean: 20, count: 3 })
    // A run without a value does not count as another data set.
    expect(meanOf([runs[0]!, on('peaks', undefined, 3)], accuracy)).toMatchObject({ mean: 0.9, count: 1 })
  })
})

describe('a view that an earlier version saved', () => {
  it('has the columns of today in place of those that are gone, each once, and says which', () => {
    const filter = { operator: 'atMost' as const, values: ['1'] }
    const old: RunView = {
      ...EMPTY_VIEW,
      columns: ['name', 'loss', 'best.test/accuracy', 'reported.test/accuracy', 'best.validation/loss', 'best.train/loss', 'latest.own'],
      sort: [
        { key: 'loss', descending: true },
        { key: 'best.test/loss', descending: false },
      ],
      filters: [{ key: 'loss', ...filter }],
      group: 'best.test/accuracy',
    }
    const { view, replaced } = currentView(old)
    expect(view).toEqual({
      ...EMPTY_VIEW,
      columns: ['name', 'latest.test/loss', 'reported.test/accuracy', 'best.validation/loss', 'latest.train/loss', 'latest.own'],
      sort: [
        { key: 'latest.test/loss', descending: true },
        { key: 'reported.test/loss', descending: false },
      ],
      filters: [{ key: 'latest.test/loss', ...filter }],
      group: 'reported.test/accuracy',
    })
    expect(replaced).toEqual([
      'Loss by Test loss, last',
      'Test accuracy, best by Test accuracy, reported',
      'Training loss (cross-entropy), best by Training loss (cross-entropy)',
      'Test loss, best by Test loss, reported',
    ])
    expect(currentView(view)).toEqual({ view, replaced: [] })
    expect(currentView(view).view).toBe(view)
  })
})

describe('the address of a view', () => {
  const key = fc.oneof(fc.constantFrom('name', 'config.augment.pad', 'latest.test/accuracy'), fc.string({ minLength: 1, maxLength: 30 }))
  const view: fc.Arbitrary<RunView> = fc.record({
    columns: fc.uniqueArray(key, { maxLength: 5 }),
    sort: fc.uniqueArray(fc.record({ key, descending: fc.boolean() }), { maxLength: 3, selector: (each) => each.key }),
    filters: fc.array(
      fc.record({
        key,
        operator: fc.constantFrom(...FILTER_OPERATORS),
        values: fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
    text: fc.string({ maxLength: 30 }),
    group: fc.oneof(fc.constant(null), key),
    archived: fc.boolean(),
    project: fc.constantFrom(null, 'none', 'abcd1234'),
  })

  it('says all of it', () => {
    fc.assert(
      fc.property(view, (given) => {
        expect(viewOf(queryOf(given) as Parameters<typeof viewOf>[0])).toEqual(given)
        expect(hasView(queryOf(given) as Parameters<typeof viewOf>[0])).toBe(!sameView(given, EMPTY_VIEW))
      }),
    )
  })

  it('never breaks the page, whatever is in it', () => {
    const query = {
      columns: '%E0%A4%A',
      sort: '~',
      where: ['x', 'a:nonsense:1', 'name:contains:deep'],
      group: '',
      archived: 'perhaps',
      project: '../..',
      q: null,
    }
    expect(viewOf(query)).toEqual({
      ...EMPTY_VIEW,
      columns: ['%E0%A4%A'],
      filters: [{ key: 'name', operator: 'contains', values: ['deep'] }],
    })
  })
})

describe('columns', () => {
  it('are one reading of one metric each, and never fall back on another', () => {
    const keys = metricColumns(['train/loss', 'test/accuracy', 'test/loss', 'validation/accuracy', 'own']).map(({ key }) => key)
    expect(keys).toEqual([
      'reported.test/accuracy',
      'reported.test/loss',
      'best.validation/accuracy',
      'latest.train/loss',
      'latest.test/accuracy',
      'latest.test/loss',
      'latest.validation/accuracy',
      'latest.own',
    ])
    const training = sampleSummary('a', { latest: { 'train/loss': 1, 'test/accuracy': 0.5, 'test/images': 10 } })
    const value = (metric: string, reading: Reading): unknown => metricColumn(metric, reading).value(training)
    expect([value('test/loss', 'last'), value('test/loss', 'reported'), value('test/accuracy', 'reported')]).toEqual([null, null, null])
    expect([value('train/loss', 'last'), value('test/accuracy', 'last')]).toEqual([1, 0.5])
    expect(metricColumn('test/accuracy', 'last').more?.(training)).toBe('95% interval 23.66–76.34% (Wilson, 10 images)')
  })

  it('are made of what the runs have: metrics of the field first', () => {
    const runs = [
      sampleSummary('a', { latest: { zebra: 1, 'test/accuracy': 0.5 } }),
      sampleSummary('b', { latest: { 'train/loss': 1, own: 2 } }),
    ]
    expect(metricKeys(runs)).toEqual(['train/loss', 'test/accuracy', 'own', 'zebra'])
    expect(accuracy.show(accuracy.value(runs[0]!))).toBe('50.00%')
  })

  it('of a configuration are numbers where all values are, else texts to choose from', () => {
    const of = (): null => null
    expect(rate).toMatchObject({ key: 'config.learningRate', title: 'Learning rate', type: 'number' })
    expect(configColumn({ path: 'augment.flip', values: [true, false], of })).toMatchObject({ type: 'choice', title: 'Augmentation, flip' })
    expect(configColumn({ path: 'anchorEvery', values: [0, 'auto'], of })).toMatchObject({ type: 'choice' })
    expect(termsOf(by('tags'), sampleSummary('a'))).toEqual([''])
  })
})
