import { hasWords, isNumber, wordsOf, type Quantity } from './relations.js'

/** The selected values of a quantity: numbers within one of the ranges, or one of the words. */
export type Brush = { ranges: [number, number][] } | { words: string[] }
/** By the id of the quantity. */
export type Brushes = ReadonlyMap<string, Brush>

/** How far a brush around a word extends on its axis; words are 1 apart. */
const AROUND = 0.4
const DIGITS = 6

/** The range brushed on an axis, on which words are placed at 0, 1, 2, ...; null if there is none. */
export function brushOf(quantity: Quantity, intervals: readonly (readonly [number, number])[]): Brush | null {
  if (hasWords(quantity)) {
    const words = wordsOf(quantity).filter((_, at) => intervals.some(([from, to]) => from <= at && at <= to))
    return words.length > 0 ? { words } : null
  }
  return intervals.length > 0 ? { ranges: intervals.map(([from, to]) => [rounded(from, -1), rounded(to, 1)]) } : null
}

/** Rounds outward to a few digits, so that the range never shrinks. */
function rounded(value: number, outward: -1 | 1): number {
  const near = Number(value.toPrecision(DIGITS))
  if ((near - value) * outward >= 0) return near
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - DIGITS + 1)
  return Number((near + outward * unit).toPrecision(DIGITS))
}

/** The intervals that a brush covers on the axis of its quantity. */
export function intervalsOf(quantity: Quantity, brush: Brush | undefined): [number, number][] {
  if (!brush) return []
  if ('ranges' in brush) return hasWords(quantity) ? [] : brush.ranges
  if (!hasWords(quantity)) return []
  return wordsOf(quantity).flatMap((word, at): [number, number][] => (brush.words.includes(word) ? [[at - AROUND, at + AROUND]] : []))
}

/**
 * The indices of the runs that satisfy every brush; null if there are no brushes. An unknown value satisfies no brush; a brush of a
 * quantity that is not shown is ignored.
 */
export function keptRuns(count: number, quantities: readonly Quantity[], brushes: Brushes): ReadonlySet<number> | null {
  const brushed = quantities.flatMap((quantity) => {
    const brush = brushes.get(quantity.id)
    return brush && intervalsOf(quantity, brush).length > 0 ? [{ values: quantity.values, brush }] : []
  })
  if (brushed.length === 0) return null
  const keeps = (brush: Brush, value: Quantity['values'][number] | undefined): boolean => {
    if (value === null || value === undefined) return false
    if ('words' in brush) return brush.words.includes(String(value))
    return isNumber(value) && brush.ranges.some(([from, to]) => from <= value && value <= to)
  }
  return new Set(Array.from({ length: count }, (_, i) => i).filter((i) => brushed.every(({ values, brush }) => keeps(brush, values[i]))))
}

/**
 * Brushes as text of an address: `h~0.1..0.2~0.4..0.5,arch~=leapfrog`; names and words are encoded, so that they contain none of the
 * separators.
 */
export const writeBrushes = (brushes: Brushes): string =>
  [...brushes]
    .map(([id, brush]) => {
      const parts = 'words' in brush ? brush.words.map((word) => `=${encode(word)}`) : brush.ranges.map(([from, to]) => `${from}..${to}`)
      return [encode(id), ...parts].join('~')
    })
    .join(',')
const encode = (text: string): string => encodeURIComponent(text).replaceAll('~', '%7E')

/** Parses the brushes of an address; invalid ones are skipped, because a link must never break the page. */
export function readBrushes(written: string): Brushes {
  const brushes = new Map<string, Brush>()
  for (const each of written.split(',')) {
    const [name = '', ...parts] = each.split('~')
    const id = decode(name)
    const words = parts.filter((part) => part.startsWith('=')).map((part) => decode(part.slice(1)))
    const ranges = parts.map((part) => part.split('..').map((text) => (text === '' ? NaN : Number(text))) as [number, number])
    if (id && parts.length > 0 && words.length === parts.length) brushes.set(id, { words })
    else if (id && ranges.length > 0 && ranges.every(({ length, 0: from, 1: to }) => length === 2 && from <= to))
      brushes.set(id, { ranges })
  }
  return brushes
}
/** Decodes a name of an address; '' if it is invalid. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
