/** Computes selections of runs after one of them, or a range, was clicked. */

/** The ids from one row to another, inclusive, in either direction. */
export function stretch(ids: readonly string[], from: string | null, to: string): string[] {
  const end = ids.indexOf(to)
  const begin = from === null ? end : ids.indexOf(from)
  if (end < 0) return []
  if (begin < 0) return [to]
  return ids.slice(Math.min(begin, end), Math.max(begin, end) + 1)
}

/** Adds these ids to a selection or removes them; the order of the selection is kept. */
export function withChosen(chosen: readonly string[], ids: readonly string[], on: boolean): string[] {
  if (on) return [...new Set([...chosen, ...ids])]
  const gone = new Set(ids)
  return chosen.filter((id) => !gone.has(id))
}

export type Part = 'none' | 'some' | 'all'

/** Whether none, some or all of these are selected. */
export function partOf(ids: readonly { id: string }[], chosen: ReadonlySet<string>): Part {
  let count = 0
  for (const { id } of ids) if (chosen.has(id)) count += 1
  return count === 0 ? 'none' : count === ids.length ? 'all' : 'some'
}
