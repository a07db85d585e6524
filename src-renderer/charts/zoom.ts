/** A range of an axis. */
export interface Span {
  from: number
  to: number
}

const toLine = (x: number, logarithmic: boolean): number => (logarithmic ? Math.log(x) : x)
const fromLine = (x: number, logarithmic: boolean): number => (logarithmic ? Math.exp(x) : x)

/** The minimum fraction of the whole axis that can be zoomed into: beyond it, the digits of a position run out. */
const LEAST = 1e-7

/** The span between two positions, in either order, clipped to the whole; null if it is too small to be intended. */
export function spanBetween(a: number, b: number, whole: Span): Span | null {
  const from = Math.max(whole.from, Math.min(a, b))
  const to = Math.min(whole.to, Math.max(a, b))
  return to - from > (whole.to - whole.from) * LEAST ? { from, to } : null
}

/** The span magnified about a position, which keeps its place on the screen. null: the whole is visible again. */
export function zoomed(span: Span, whole: Span, about: number, factor: number, logarithmic = false): Span | null {
  const line = (x: number): number => toLine(x, logarithmic)
  const part = (line(about) - line(span.from)) / (line(span.to) - line(span.from))
  const size = (line(span.to) - line(span.from)) / factor
  const from = line(about) - part * size
  return inside({ from: fromLine(from, logarithmic), to: fromLine(from + size, logarithmic) }, whole)
}

/** The span shifted by a fraction of itself, up to the ends of the whole. */
export function panned(span: Span, whole: Span, share: number, logarithmic = false): Span {
  const line = (x: number): number => toLine(x, logarithmic)
  const size = line(span.to) - line(span.from)
  const from = Math.min(Math.max(line(span.from) + share * size, line(whole.from)), line(whole.to) - size)
  return { from: fromLine(from, logarithmic), to: fromLine(from + size, logarithmic) }
}

function inside(span: Span, whole: Span): Span | null {
  const from = Math.max(span.from, whole.from)
  const to = Math.min(span.to, whole.to)
  if (to - from >= (whole.to - whole.from) * (1 - 1e-9)) return null
  return to - from > (whole.to - whole.from) * LEAST ? { from, to } : span
}

/** The position on an axis at a fraction of the plot's width, and the inverse. */
export function positionAt(share: number, { from, to }: Span, logarithmic = false): number {
  return logarithmic ? from * (to / from) ** share : from + share * (to - from)
}
export function shareOf(x: number, { from, to }: Span, logarithmic = false): number {
  return logarithmic ? Math.log(x / from) / Math.log(to / from) : (x - from) / (to - from)
}
