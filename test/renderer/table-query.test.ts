import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src-main/contract/runs.js'
import type { Column } from '../../src-renderer/runs/table/column.js'
import { configColumn, FIXED_COLUMNS, metricColumn, projectColumn } from '../../src-renderer/runs/table/columns.js'
import { filterRuns, readLine } from '../../src-renderer/runs/table/filter.js'
import { completionsAt } from '../../src-renderer/runs/table/query-completion.js'
import { compileQuery, isQuery, QueryError } from '../../src-renderer/runs/table/query.js'
import { sampleSummary } from '../fixtures/records.js'

const H = [0.1, 0.2, 0.5, null]
const ARCH = ['hamiltonian', 'resnet', null]
const indexOf = (id: string): number => Number(id.slice(3))
const h = configColumn({ path: 'h', values: [0.1, 0.2, 0.5], of: (id) => H[indexOf(id) % H.length] ?? null })
const arch = configColumn({ path: 'arch', values: ['hamiltonian', 'resnet'], of: (id) => ARCH[indexOf(id) % ARCH.length] ?? null })
const flip = configColumn({ path: 'augment.flip', values: [true, false], of: (id) => indexOf(id) % 2 === 0 })
const metrics = (['reported', 'last'] as const).map((reading) => metricColumn('test/accuracy', reading))
const columns = new Map<string, Column>(
  [...FIXED_COLUMNS, projectColumn((id) => (id === 'p001' ? 'How deep' : null)), ...metrics, h, arch, flip].map((column) => [
    column.key,
    column,
  ]),
)

const day = new Date('2026-11-28T12:00').getTime()
const runs: RunSummary[] = Array.from({ length: 12 }, (_, i) =>
  sampleSummary(`run${i}`, {
    name: `run ${i}`,
    tags: i % 3 === 0 ? ['keep', 'Paper 1'] : [],
    projectId: i < 3 ? 'p001' : i < 6 ? 'removed' : null,
    createdAt: day + i * 86_400_000,
    latest: i === 5 ? {} : { 'test/accuracy': i / 12 },
  }),
)
const found = (text: string): number[] => filterRuns(runs, { filters: [], text }, columns).map(({ id }) => indexOf(id))
const where = (test: (i: number) => boolean): number[] => runs.map((_, i) => i).filter(test)

describe('a query of the table', () => {
  it.each<[string, (i: number) => boolean]>([
    ['arch = hamiltonian and h < 0.2', (i) => ARCH[i % 3] === 'hamiltonian' && H[i % 4] === 0.1],
    ['ARCH = Hamiltonian h=0.1', (i) => ARCH[i % 3] === 'hamiltonian' && H[i % 4] === 0.1],
    ['config.h >= 2e-1', (i) => [0.2, 0.5].includes(H[i % 4] ?? 0)],
    ['h = none', (i) => H[i % 4] === null],
    ['h != 0.1', (i) => H[i % 4] !== 0.1],
    ['not h = 0.1', (i) => H[i % 4] !== 0.1],
    ['h in (0.1, 0.5) or arch = resnet', (i) => [0.1, 0.5].includes(H[i % 4] ?? 0) || ARCH[i % 3] === 'resnet'],
    ['h not in (0.1, none)', (i) => H[i % 4] !== 0.1 && H[i % 4] !== null],
    ['(h = 0.1 or h = 0.2) and not tags = keep', (i) => i % 4 < 2 && i % 3 !== 0],
    ['tags = "paper 1"', (i) => i % 3 === 0],
    ['tags ~ paper', (i) => i % 3 === 0],
    ['tags !~ paper', (i) => i % 3 !== 0],
    ['tags = none', (i) => i % 3 !== 0],
    ['project = "how deep"', (i) => i < 3],
    ['project = none', (i) => i >= 3],
    ['augment.flip = yes', (i) => i % 2 === 0],
    ['latest.test/accuracy > 50%', (i) => i !== 5 && i / 12 > 0.5],
    ['"Step size h" = 0.1', (i) => i % 4 === 0],
    ['created > 2026-11-30', (i) => i > 2],
    ['created = 2026-11-30', (i) => i === 2],
    ['created <= 2026-11-30 name ~ run', (i) => i <= 2],
    ['"run 1" h > 0', (i) => /run 1/.test(`run ${i}`) && H[i % 4] !== null],
    // Words without operators are a text search, as before.
    ['run 1', (i) => String(i).includes('1') || i % 3 === 0],
  ])('%s', (text, test) => expect(found(text)).toEqual(where(test)))

  it.each<[string, RegExp]>([
    ['arhc = resnet', /no column arhc: did you mean arch/],
    ['h ~ 2', /Step size h holds numbers: use one of = != < <= > >=/],
    ['h < wide', /Step size h is a number, such as 0\.1.*“wide” is not one/],
    ['arch < resnet', /Architecture holds text: use one of = != ~ !~/],
    ['test/accuracy > 93', /is a fraction from 0 to 1: write 0\.93 or 93%/],
    ['created > yesterday', /Created is a time, such as 2026-11-28/],
    ['h =', /Expected a value at the end/],
    ['h = 0.1 and', /Expected a column or a word at the end/],
    ['(h = 0.1', /Expected “\)” at the end/],
    ['h = 0.1)', /Expected “and” or “or”, not “\)”/],
    ['hh in (0.1)', /There is no column hh/],
    ['h in (0.1 0.2)', /Expected a comma or “\)”, not “0\.2”/],
    ['name = "open', /quotation mark is missing/],
    ['= 3', /Expected a column or a word, not “=”/],
  ])('%s says what is allowed, and hides nothing', (text, message) => {
    expect(readLine(text, columns).problem?.message).toMatch(message)
    expect(found(text)).toHaveLength(runs.length)
  })

  it('never fails otherwise, whatever is typed', () => {
    const piece = fc.constantFrom(
      'h',
      'arch',
      '=',
      '!=',
      '<',
      '~',
      '!',
      '(',
      ')',
      ',',
      '"',
      '\\',
      'and',
      'or',
      'not',
      'in',
      '0.1',
      'none',
      ' ',
      '%',
      '🙂',
    )
    const typed = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.array(piece, { maxLength: 40 }).map((all) => all.join(' ')),
    )
    fc.assert(
      fc.property(typed, fc.nat(60), (text, cursor) => {
        const { test, problem } = readLine(text, columns)
        if (problem) {
          expect(problem).toBeInstanceOf(QueryError)
          expect(problem.from).toBeLessThanOrEqual(problem.to)
          expect(problem.to).toBeLessThanOrEqual(text.length)
        }
        for (const run of runs.slice(0, 3)) test?.(run)
        for (const each of completionsAt(text, Math.min(cursor, text.length), columns, () => ['a "b"']))
          expect(each.to).toBeLessThanOrEqual(text.length)
      }),
    )
    expect(() => compileQuery('('.repeat(1000), columns, () => () => true)).toThrow(QueryError)
  })

  it('holds with “not” exactly where it does not hold without', () => {
    const atom = fc.constantFrom(
      'h = 0.1',
      'h != 0.2',
      'h < 0.3',
      'arch ~ ham',
      'tags !~ keep',
      'arch in (resnet, none)',
      'latest.test/accuracy >= 0.5',
    )
    const { query } = fc.letrec<{ query: string }>((tie) => ({
      query: fc.oneof(
        { maxDepth: 4 },
        atom,
        fc.tuple(tie('query'), fc.constantFrom('and', 'or'), tie('query')).map(([a, by, b]) => `(${a} ${by} ${b})`),
        tie('query').map((inner) => `not ${inner}`),
      ),
    }))
    fc.assert(
      fc.property(query, query, (a, b) => {
        const of = (text: string): number[] => found(text)
        const [inA, inB] = [new Set(of(a)), new Set(of(b))]
        expect(of(`not (${a})`)).toEqual(where((i) => !inA.has(i)))
        expect(of(`${a} and ${b}`)).toEqual(where((i) => inA.has(i) && inB.has(i)))
        expect(of(`${a} or ${b}`)).toEqual(where((i) => inA.has(i) || inB.has(i)))
      }),
    )
  })

  it('is told from a search', () => {
    for (const text of ['run 1', 'spirals in depth', '"h = 0.2"', 'a,b (c)', '']) expect(isQuery(text), text).toBe(false)
    for (const text of ['h=0.2', 'h < 1', 'name ~ x', 'h in (1)']) expect(isQuery(text), text).toBe(true)
  })
})

describe('completion of a query', () => {
  const texts = (text: string, cursor = text.length): string[] =>
    completionsAt(text, cursor, columns, (column) => (column.key === 'config.arch' ? ['hamiltonian', 'resnet'] : [])).map(
      (each) => each.text,
    )

  it.each<[string, string[]]>([
    ['arc', ['arch']],
    ['arch ', ['=', '!=', '~', '!~', 'in (']],
    ['h ', ['=', '!=', '<', '<=', '>', '>=', 'in (']],
    ['arch = ', ['hamiltonian', 'resnet', 'none']],
    ['arch = res', ['resnet']],
    ['arch in (resnet, ham', ['hamiltonian']],
    ['arch = resnet ', ['and', 'or']],
    ['arch = resnet a', ['and']],
    ['arch = resnet and tes', ['test/accuracy']],
  ])('after “%s”', (text, expected) => expect(texts(text).slice(0, expected.length)).toEqual(expected))

  it('puts what is taken in the place of what is typed', () => {
    const [first] = completionsAt('h < 1 and arc and x', 13, columns, () => [])
    expect(first).toMatchObject({ text: 'arch', from: 10, to: 13 })
  })
})
