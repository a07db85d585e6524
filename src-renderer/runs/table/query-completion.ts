import type { Column } from './column.js'
import { columnNamed, namesOf, operatorsOf, tokens, type Token } from './query.js'

/** A possible completion: its text replaces the range from `from` to `to`. */
export interface Completion {
  text: string
  /** A description for the user. */
  detail: string
  from: number
  to: number
}

const MOST = 12

const quote = (text: string): string => (/^[^\s()=<>~,"!]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`)

/** What is expected after these tokens, and the column of an expected value. */
function expectation(
  before: readonly Token[],
  columns: ReadonlyMap<string, Column>,
): { what: 'column' | 'operator' | 'value' | 'link'; column: Column | null } {
  let what: 'column' | 'operator' | 'value' | 'link' = 'column'
  let column: Column | null = null
  let list = false
  for (const token of before) {
    const word = token.kind === 'text' ? token.text.toLowerCase() : ''
    if (token.kind === 'operator') what = 'value'
    else if (token.kind === '(') what = list ? 'value' : 'column'
    else if (token.kind === ',') what = list ? 'value' : 'column'
    else if (token.kind === ')') [what, list] = ['link', false]
    else if (word === 'in') list = true
    else if (what === 'value') what = 'link'
    else if (word === 'and' || word === 'or' || word === 'not') what = what === 'operator' && word === 'not' ? 'operator' : 'column'
    else [what, column] = ['operator', columnNamed(token.text, columns)]
  }
  // After a word that is not a column, another word may follow.
  return { what: what === 'operator' && !column ? 'column' : what, column }
}

/**
 * The completions at a position of a query: columns, operators of the preceding column, values that runs have, or connectives.
 * @param valuesOf the distinct texts of a column, most frequent first
 */
export function completionsAt(
  text: string,
  cursor: number,
  columns: ReadonlyMap<string, Column>,
  valuesOf: (column: Column) => readonly string[],
): Completion[] {
  const before = tokens(text.slice(0, cursor), true)
  const last = before.at(-1)
  // The token at the cursor is still being typed, unless it is self-delimiting.
  const typed = last && last.to === cursor && (last.kind === 'text' || last.kind === 'quoted') ? before.pop()! : null
  const [from, to] = [typed?.from ?? cursor, cursor]
  const prefix = typed?.text.toLowerCase() ?? ''
  const { what, column } = expectation(before, columns)
  const candidates: Omit<Completion, 'from' | 'to'>[] = []
  if (what === 'column') {
    const seen = new Set<string>()
    for (const each of columns.values()) {
      const name = namesOf(each)[0]!
      if (seen.has(name) || columnNamed(name, columns) === null) continue
      seen.add(name)
      candidates.push({ text: quote(name), detail: columnNamed(name, columns)!.title })
    }
  } else if (what === 'operator' && column) {
    for (const operator of [...operatorsOf(column.type), 'in (']) candidates.push({ text: operator, detail: column.title })
  } else if (what === 'value' && column) {
    for (const value of valuesOf(column)) if (value !== '') candidates.push({ text: quote(value), detail: column.title })
    candidates.push({ text: 'none', detail: 'no value' })
  } else if (what === 'link') for (const word of ['and', 'or']) candidates.push({ text: word, detail: '' })
  const plain = (each: { text: string }): string => each.text.toLowerCase().replace(/^"/, '')
  const begins = candidates.filter((each) => plain(each).startsWith(prefix))
  const holds = candidates.filter(
    (each) => !plain(each).startsWith(prefix) && (plain(each).includes(prefix) || each.detail.toLowerCase().includes(prefix)),
  )
  const found = [...begins, ...(prefix === '' ? [] : holds)].filter((each) => each.text !== typed?.text)
  return found.slice(0, MOST).map((each) => ({ ...each, from, to }))
}
