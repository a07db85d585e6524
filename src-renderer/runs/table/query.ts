import { hint } from '../../../src-main/contract/near.js'
import type { RunSummary } from '../../../src-main/contract/runs.js'
import { termsOf, type Column, type ColumnType } from './column.js'

/**
 * A query in one line: `arch = hamiltonian and (h < 0.2 or tags = keep)`.
 *
 *     query   = and { "or" and }            compare = column ( = | != | < | <= | > | >= | ~ | !~ ) value
 *     and     = not { ["and"] not }                 | column [ "not" ] "in" "(" value { "," value } ")"
 *     not     = "not" not | "(" query ")" | compare | word
 *
 * A column is a configuration key, a column of the table, or a metric, of which the reported reading is meant if it has one. A word
 * alone is searched for as in a text search. `none` is no value; `!=` and `!~` hold wherever `=` and `~` do not, also without a value.
 */

type Predicate = (run: RunSummary) => boolean

/** An error in a query, with its position. */
export class QueryError extends Error {
  constructor(
    message: string,
    readonly from: number,
    readonly to: number,
  ) {
    super(message)
  }
}

export interface Token {
  kind: 'operator' | '(' | ')' | ',' | 'text' | 'quoted'
  text: string
  from: number
  to: number
}

const SIGNS = /\s+|(>=|<=|!=|==|!~|[=<>~])|([(),])|"((?:[^"\\]|\\.)*)("?)|([^\s()=<>~,"!]+)|(!)/gy

/** @throws QueryError for an unterminated quotation mark, unless the text is still being typed */
export function tokens(text: string, typing = false): Token[] {
  const found: Token[] = []
  for (const match of text.matchAll(SIGNS)) {
    const [whole, operator, mark, quoted, closed, word, lone] = match
    const at = { from: match.index, to: match.index + whole.length }
    if (operator) found.push({ kind: 'operator', text: operator === '==' ? '=' : operator, ...at })
    else if (mark) found.push({ kind: mark as '(' | ')' | ',', text: mark, ...at })
    else if (quoted !== undefined) {
      if (closed === '' && !typing) throw new QueryError('A quotation mark is missing at the end.', at.from, at.to)
      found.push({ kind: 'quoted', text: quoted.replace(/\\(.)/gs, '$1'), ...at })
    } else if (word ?? lone) found.push({ kind: 'text', text: (word ?? lone)!, ...at })
  }
  return found
}

/** Whether a text is a query, as opposed to words to search for. */
export const isQuery = (text: string): boolean =>
  tokens(text, true).some(
    ({ kind, text: said }, at, all) => kind === 'operator' || (kind === 'text' && said.toLowerCase() === 'in' && all[at + 1]?.kind === '('),
  )

const OPERATORS: Record<'number' | 'text', readonly string[]> = {
  number: ['=', '!=', '<', '<=', '>', '>='],
  text: ['=', '!=', '~', '!~'],
}
export const operatorsOf = (type: ColumnType): readonly string[] => OPERATORS[type === 'number' || type === 'time' ? 'number' : 'text']

const READINGS = ['reported.', 'latest.', 'best.']
/** The names of a column in queries; completion offers the first. */
export function namesOf({ key, title }: Pick<Column, 'key' | 'title'>): string[] {
  const prefix = ['config.', ...READINGS].find((each) => key.startsWith(each))
  const short = prefix ? [key.slice(prefix.length)] : []
  return [...short, key, ...(prefix === 'latest.' ? [`last.${short[0]}`] : []), title]
}

const indexes = new WeakMap<ReadonlyMap<string, Column>, Map<string, Column>>()
/**
 * Columns by lower-case name. A name shared by several columns belongs to the first: columns of the table, then readings in the order
 * above.
 */
function indexOf(columns: ReadonlyMap<string, Column>): Map<string, Column> {
  let index = indexes.get(columns)
  if (!index) {
    indexes.set(columns, (index = new Map()))
    for (const column of columns.values()) index.set(column.key.toLowerCase(), column)
    const rank = ({ key }: Column): number => READINGS.findIndex((prefix) => key.startsWith(prefix))
    for (const column of [...columns.values()].sort((a, b) => rank(a) - rank(b)))
      for (const name of namesOf(column)) if (!index.has(name.toLowerCase())) index.set(name.toLowerCase(), column)
  }
  return index
}

export const columnNamed = (name: string, columns: ReadonlyMap<string, Column>): Column | null =>
  indexOf(columns).get(name.toLowerCase()) ?? null

const NONE = 'none'
const DAY = 86_400_000
const isNone = (value: unknown): boolean => value === null || value === '' || Number.isNaN(value)

/** The value of `0.93`, `93%`, `1e-3`. */
function numberOf({ text, from, to }: Token, column: Column): number {
  const percent = text.endsWith('%')
  const value = Number(percent ? text.slice(0, -1) : text)
  if (text.trim() === '' || text === '%' || Number.isNaN(value))
    throw new QueryError(
      `${column.title} is a number${column.unit === '%' ? ', such as 0.9 or 90%' : ', such as 0.1 or 1e-3'}; “${text}” is not one.`,
      from,
      to,
    )
  if (column.unit === '%' && !percent && Math.abs(value) > 1)
    throw new QueryError(`${column.title} is a fraction from 0 to 1: write ${value / 100} or ${value}%.`, from, to)
  return percent ? value / 100 : value
}

/** The start of a day (local time) or of a minute, and its length in milliseconds. */
function timeOf({ text, from, to }: Token, column: Column): [number, number] {
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const begin = whole || /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(text) ? new Date(whole ? `${text}T00:00` : text).getTime() : NaN
  if (Number.isNaN(begin))
    throw new QueryError(`${column.title} is a time, such as 2026-11-28 or 2026-11-28T14:30; “${text}” is not one.`, from, to)
  return [begin, whole ? DAY : 60_000]
}

const numeric = (column: Column, test: (value: number) => boolean): Predicate => {
  return (run) => {
    const value = column.value(run)
    return typeof value === 'number' && test(value)
  }
}

/** Text is compared case-insensitively; for tags, one equal tag is enough. */
const WORDS: Record<string, string> = { yes: 'true', no: 'false' }
function equalText(column: Column, text: string): Predicate {
  const wanted = text.toLowerCase()
  const also = WORDS[wanted]
  return (run) => termsOf(column, run).some((term) => term.toLowerCase() === wanted || term === also)
}

function equal(column: Column, value: Token): Predicate {
  if (value.kind === 'text' && value.text.toLowerCase() === NONE) return (run) => isNone(column.value(run))
  if (column.type === 'number') {
    const wanted = numberOf(value, column)
    return numeric(column, (found) => found === wanted)
  }
  if (column.type === 'time') {
    const [begin, length] = timeOf(value, column)
    return numeric(column, (found) => found >= begin && found < begin + length)
  }
  return equalText(column, value.text)
}

function ordered(column: Column, operator: string, value: Token): Predicate {
  const [begin, length] = column.type === 'time' ? timeOf(value, column) : [numberOf(value, column), 0]
  switch (operator) {
    case '<':
      return numeric(column, (found) => found < begin)
    case '>=':
      return numeric(column, (found) => found >= begin)
    case '>':
      return numeric(column, (found) => (length > 0 ? found >= begin + length : found > begin))
    default:
      return numeric(column, (found) => (length > 0 ? found < begin + length : found <= begin))
  }
}

const not =
  (test: Predicate): Predicate =>
  (run) =>
    !test(run)

function comparison(column: Column, operator: Token, value: Token): Predicate {
  const allowed = operatorsOf(column.type)
  if (!allowed.includes(operator.text))
    throw new QueryError(
      `${column.title} holds ${column.type === 'number' ? 'numbers' : column.type === 'time' ? 'times' : 'text'}: use one of ${allowed.join(' ')}, or in (…).`,
      operator.from,
      operator.to,
    )
  if (operator.text === '=') return equal(column, value)
  if (operator.text === '!=') return not(equal(column, value))
  if (!operator.text.includes('~')) return ordered(column, operator.text, value)
  const part = value.text.toLowerCase()
  const has: Predicate = (run) =>
    String(column.value(run) ?? '')
      .toLowerCase()
      .includes(part)
  return operator.text === '~' ? has : not(has)
}

/**
 * Compiles a query to a predicate over the columns of a table.
 * @param word the test for a bare word
 * @throws QueryError that says what is allowed at the position of the error
 */
export function compileQuery(text: string, columns: ReadonlyMap<string, Column>, word: (text: string) => Predicate): Predicate {
  const all = tokens(text)
  let at = 0
  const says = (keyword: string, ahead = 0): boolean => {
    const token = all[at + ahead]
    return token?.kind === 'text' && token.text.toLowerCase() === keyword
  }
  const missing = (what: string): QueryError => {
    const { from, to } = all[at] ?? { from: text.length, to: text.length }
    return new QueryError(all[at] ? `Expected ${what}, not “${text.slice(from, to)}”.` : `Expected ${what} at the end.`, from, to)
  }
  const value = (): Token => {
    const token = all[at]
    if (token?.kind !== 'text' && token?.kind !== 'quoted') throw missing('a value')
    at += 1
    return token
  }
  const among = (column: Column): Predicate => {
    if (all[at]?.kind !== '(') throw missing('a list of values in parentheses, such as (1, 2)')
    const tests: Predicate[] = []
    do {
      at += 1
      tests.push(equal(column, value()))
    } while (all[at]?.kind === ',')
    if (all[at]?.kind !== ')') throw missing('a comma or “)”')
    at += 1
    return (run) => tests.some((test) => test(run))
  }
  const unit = (): Predicate => {
    if (says('not')) {
      at += 1
      return not(unit())
    }
    const token = all[at]
    if (token?.kind === '(') {
      at += 1
      const inner = query()
      if (all[at]?.kind !== ')') throw missing('“)”')
      at += 1
      return inner
    }
    if (token?.kind !== 'text' && token?.kind !== 'quoted') throw missing('a column or a word')
    if (says('and') || says('or')) throw missing('a column or a word')
    at += 1
    const operator = all[at]
    const listed = says('in') && all[at + 1]?.kind === '('
    const unlisted = says('not') && says('in', 1) && all[at + 2]?.kind === '('
    if (operator?.kind !== 'operator' && !listed && !unlisted) return word(token.text)
    const column = columnNamed(token.text, columns)
    if (!column) {
      // Names of one letter are excluded, because they occur in nearly every other name.
      const names = [...new Set([...columns.values()].map((each) => namesOf(each)[0]!))].filter((name) => name.length > 1)
      throw new QueryError(
        `There is no column ${token.text}: ${hint(token.text, names, 'choose one from the list of columns.')}`,
        token.from,
        token.to,
      )
    }
    at += listed ? 1 : unlisted ? 2 : 1
    if (listed) return among(column)
    if (unlisted) return not(among(column))
    return comparison(column, operator!, value())
  }
  const and = (): Predicate => {
    const tests = [unit()]
    for (;;) {
      if (says('and')) at += 1
      else if (!all[at] || all[at]!.kind === ')' || says('or')) break
      tests.push(unit())
    }
    return tests.length === 1 ? tests[0]! : (run) => tests.every((test) => test(run))
  }
  const query = (): Predicate => {
    const tests = [and()]
    while (says('or')) {
      at += 1
      tests.push(and())
    }
    return tests.length === 1 ? tests[0]! : (run) => tests.some((test) => test(run))
  }
  const test = query()
  if (all[at]) throw missing('“and” or “or”')
  return test
}
