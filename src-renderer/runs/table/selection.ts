/** A new choice of runs after one of them, or a whole stretch, was pressed. */

/** The ids from one line to another, both included, in either direction. */
export function stretch(ids: readonly string[], from: string | null, to: string): string[] {
  const end = ids.indexOf(to)
  const begin = from === null ? end : ids.indexOf(from)
  if (end < 0) return []
  if (begin < 0) return [to]
  return ids.slice(Math.min(begin, end), Math.max(begin, end) + 1)
}

/** With these added or taken away; the order of what is chosen stays. */
export function withChosen(chosen: readonly string[], ids: readonly string[], on: boolean): string[] {
  if (on) return [...new Set([...chosen, ...ids])]
  const gone = new Set(ids)
  return chosen.filter((id) => !gone.has(id))
}

export type Part = 'none' | 'some' | 'all'

/** How much of these is chosen. */
export function partOf(ids: readonly { id: string }[], chosen: ReadonlySet<string>): Part {
  let count = 0
  for (const { id } of ids) if (chosen.has(id)) count += 1
  return count === 0 ? 'none' : count === ids.length ? 'all' : 'some'
}
