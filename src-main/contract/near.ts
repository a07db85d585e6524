import { distance } from 'fastest-levenshtein'

/** Up to three of the names that someone who typed `name` may have meant, nearest first. */
export function nearMatches(name: string, names: readonly string[]): string[] {
  const wanted = name.toLowerCase()
  const score = (candidate: string): number => {
    const known = candidate.toLowerCase()
    return known.includes(wanted) || wanted.includes(known) ? 1 : distance(wanted, known)
  }
  return names
    .map((candidate) => ({ candidate, score: score(candidate) }))
    .filter(({ score }) => score <= Math.max(2, wanted.length / 3))
    .sort((a, b) => a.score - b.score)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** What to add to "there is no such name": the nearest names, or all names when they are few, or where to look. */
export function hint(name: string, names: readonly string[], otherwise: string): string {
  const near = nearMatches(name, names)
  if (near.length) return `did you mean ${near.join(' or ')}?`
  return names.length > 0 && names.length <= 12 ? `choose one of ${names.join(', ')}.` : otherwise
}
