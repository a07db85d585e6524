const MOST = 1000

/**
 * Parses a list of seeds: `1,2,5-7` is 1, 2, 5, 6, 7. Duplicates are removed.
 *
 * @throws RangeError with a message for the user
 */
export function parseSeeds(text: string): number[] {
  const seeds = text.split(',').flatMap((part) => {
    const range = /^(\d{1,10})(?:\s*-\s*(\d{1,10}))?$/.exec(part.trim())
    if (!range) throw new RangeError('Seeds must be numbers and ranges, for example 1,2,5-7.')
    const [first, last] = [Number(range[1]), Number(range[2] ?? range[1])]
    if (last < first) throw new RangeError(`The range ${part.trim()} must be ascending.`)
    if (last >= 2 ** 32) throw new RangeError('A seed must be at most 4294967295.')
    if (last - first >= MOST) throw new RangeError(`At most ${MOST} seeds at once.`)
    return Array.from({ length: last - first + 1 }, (_, at) => first + at)
  })
  const unique = [...new Set(seeds)]
  if (unique.length > MOST) throw new RangeError(`At most ${MOST} seeds at once.`)
  return unique
}
