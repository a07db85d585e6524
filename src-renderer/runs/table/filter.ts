import type { ColumnFilter, FilterOperator } from '../../../src-main/contract/run-views.js'
import type { RunSummary } from '../../../src-main/contract/runs.js'
import { termsOf, type Column, type ColumnType } from './column.js'
import { compileQuery, isQuery, QueryError } from './query.js'

export const OPERATORS: Record<ColumnType, readonly FilterOperator[]> = {
  text: ['contains', 'lacks', 'empty', 'filled'],
  choice: ['oneOf', 'noneOf', 'contains', 'lacks'],
  number: ['atLeast', 'atMost', 'between', 'equal', 'unequal', 'above', 'below', 'empty', 'filled'],
  time: ['atLeast', 'below', 'between', 'empty', 'filled'],
}

const TITLES: Record<FilterOperator, string> = {
  contains: 'contains',
  lacks: 'does not contain',
  oneOf: 'is one of',
  noneOf: 'is none of',
  equal: '=',
  unequal: '≠',
  below: '<',
  atMost: '≤',
  above: '>',
  atLeast: '≥',
  between: 'between',
  empty: 'has no value',
  filled: 'has a value',
}
const TIMES: Partial<Record<FilterOperator, string>> = { atLeast: 'from', below: 'before' }

export const operatorTitle = (operator: FilterOperator, type: ColumnType): string =>
  (type === 'time' ? TIMES[operator] : undefined) ?? TITLES[operator]

/** The number of operands of an operator: one text or number, two, a list, or none. */
export function valuesOf(operator: FilterOperator): 'none' | 'one' | 'two' | 'many' {
  if (operator === 'empty' || operator === 'filled') return 'none'
  if (operator === 'between') return 'two'
  return operator === 'oneOf' || operator === 'noneOf' ? 'many' : 'one'
}

type Predicate = (run: RunSummary) => boolean

const DAY = 86_400_000

/** The numbers that a filter compares with; NaN for invalid ones. Days begin and end in local time. */
function bounds({ type }: Column, values: readonly string[]): number[] {
  if (type === 'time') return values.map((text) => (text.trim() === '' ? NaN : new Date(/T/.test(text) ? text : `${text}T00:00`).getTime()))
  return values.map((text) => (text.trim() === '' ? NaN : Number(text)))
}

const COMPARE: Partial<Record<FilterOperator, (value: number, bound: number) => boolean>> = {
  equal: (value, bound) => Object.is(value, bound) || value === bound,
  unequal: (value, bound) => value !== bound,
  below: (value, bound) => value < bound,
  atMost: (value, bound) => value <= bound,
  above: (value, bound) => value > bound,
  atLeast: (value, bound) => value >= bound,
}

function numeric(column: Column, { operator, values }: ColumnFilter): Predicate | null {
  const [first = NaN, second = NaN] = bounds(column, values)
  const number = (run: RunSummary): number | null => {
    const value = column.value(run)
    return typeof value === 'number' ? value : null
  }
  if (operator === 'between') {
    if (Number.isNaN(first) || Number.isNaN(second)) return null
    const [low, high] = first <= second ? [first, second] : [second, first]
    const end = column.type === 'time' ? high + DAY - 1 : high
    return (run) => {
      const value = number(run)
      return value !== null && value >= low && value <= end
    }
  }
  const compare = COMPARE[operator]
  if (!compare || Number.isNaN(first)) return null
  return (run) => {
    const value = number(run)
    return value !== null && compare(value, first)
  }
}

/** The predicate of a filter; null if it has no effect, so that an unfinished filter hides no row. */
export function predicateOf(column: Column, filter: ColumnFilter): Predicate | null {
  const { operator, values } = filter
  const none = (run: RunSummary): boolean => {
    const value = column.value(run)
    return value === null || value === '' || Number.isNaN(value)
  }
  switch (operator) {
    case 'empty':
      return none
    case 'filled':
      return (run) => !none(run)
    case 'oneOf':
    case 'noneOf': {
      if (values.length === 0) return null
      const wanted = new Set(values)
      const has = (run: RunSummary): boolean => termsOf(column, run).some((term) => wanted.has(term))
      return operator === 'oneOf' ? has : (run) => !has(run)
    }
    case 'contains':
    case 'lacks': {
      const text = values[0]?.toLowerCase() ?? ''
      if (text === '') return null
      const has = (run: RunSummary): boolean =>
        String(column.value(run) ?? '')
          .toLowerCase()
          .includes(text)
      return operator === 'contains' ? has : (run) => !has(run)
    }
    default:
      return numeric(column, filter)
  }
}

const texts = new WeakMap<RunSummary, string>()

/** All searchable text of a run, in lower case. */
function textOf(run: RunSummary): string {
  let text = texts.get(run)
  if (text === undefined) {
    const { name, dataset, preset, status, note, tags, id } = run
    texts.set(run, (text = [name, dataset, preset, status, note, ...tags, id].join('\n').toLowerCase()))
  }
  return text
}

/** Tests whether a run's own texts or the name of its study contain a word. */
function wordTest(columns: ReadonlyMap<string, Column>): (word: string) => Predicate {
  const study = columns.get('study')
  return (text) => {
    const word = text.toLowerCase()
    return (run) =>
      textOf(run).includes(word) ||
      String(study?.value(run) ?? '')
        .toLowerCase()
        .includes(word)
  }
}

/** Parses the search line as a query, or as words that must all occur; without a test if it is empty or invalid. */
export function readLine(text: string, columns: ReadonlyMap<string, Column>): { test: Predicate | null; problem: QueryError | null } {
  const word = wordTest(columns)
  if (!isQuery(text)) {
    const tests = text.split(/\s+/).filter(Boolean).map(word)
    return { test: tests.length === 0 ? null : (run) => tests.every((test) => test(run)), problem: null }
  }
  try {
    return { test: compileQuery(text, columns, word), problem: null }
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    return { test: null, problem: error }
  }
}

/** The runs that pass every filter and the search line. */
export function filterRuns(
  runs: readonly RunSummary[],
  { filters, text }: { filters: readonly ColumnFilter[]; text: string },
  columns: ReadonlyMap<string, Column>,
): readonly RunSummary[] {
  const tests = filters.flatMap((filter) => {
    const column = columns.get(filter.key)
    return (column && predicateOf(column, filter)) ?? []
  })
  const { test } = readLine(text, columns)
  if (test) tests.push(test)
  return tests.length === 0 ? runs : runs.filter((run) => tests.every((each) => each(run)))
}

/** A typed number times a factor; anything else is unchanged. Fifteen digits, so that scaling back restores what was typed. */
export function scaleText(text: string, factor: number): string {
  const number = Number(text)
  return text.trim() === '' || Number.isNaN(number) || factor === 1 ? text : String(Number((number * factor).toPrecision(15)))
}

/** A description of a filter: "Learning rate ≥ 0.1". */
export function describeFilter(column: Column, { operator, values }: ColumnFilter): string {
  const percent = column.scale === 1 ? null : (text: string): string => `${scaleText(text, column.scale)}${column.unit}`
  const show = (text: string): string => (text === '' ? 'nothing' : percent && column.type === 'number' ? percent(text) : text)
  const shown = operator === 'between' ? values.map(show).join(' and ') : values.map(show).join(', ')
  return [column.title, operatorTitle(operator, column.type), valuesOf(operator) === 'none' ? '' : shown].filter(Boolean).join(' ')
}
