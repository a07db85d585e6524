/**
 * Charts in the order chosen by the user: those that it names, and each of the others after the one that it follows initially.
 * @param ids in their initial order
 */
export function arranged(ids: readonly string[], order: readonly string[]): string[] {
  const present = new Set(ids)
  const result = order.filter((id) => present.has(id))
  const placed = new Set(result)
  ids.forEach((id, i) => {
    if (placed.has(id)) return
    const before = ids[i - 1]
    result.splice(before === undefined ? 0 : result.indexOf(before) + 1, 0, id)
  })
  return result
}

/** The order with one chart moved to another index, counted without that chart. */
export function moved(ids: readonly string[], id: string, to: number): string[] {
  const rest = ids.filter((other) => other !== id)
  const place = Math.min(Math.max(to, 0), rest.length)
  return [...rest.slice(0, place), id, ...rest.slice(place)]
}
