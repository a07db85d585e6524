/** The range of an axis, and whether its scale is logarithmic. */
interface Span {
  min: number
  max: number
  logarithmic: boolean
}

/** The position of a value on its axis, up to scale. */
const levelOn = ({ logarithmic }: Span): ((value: number) => number) => (logarithmic ? Math.log : (value) => value)
const valueOn = ({ logarithmic }: Span): ((level: number) => number) => (logarithmic ? Math.exp : (level) => level)

/** Clips a line at the ends of one axis: 0 for x, 1 for y. */
function cutAlong(points: readonly number[], axis: 0 | 1, spans: readonly [Span, Span]): number[] {
  const [span, across] = [spans[axis], spans[1 - axis] as Span]
  const [levelOf, acrossOf] = [levelOn(span), levelOn(across)]
  const range = levelOf(span.max) - levelOf(span.min)
  const [low, high] = [levelOf(span.min) - range, levelOf(span.max) + range]
  const cut: number[] = []
  const add = (along: number, other: number): void => void (axis === 0 ? cut.push(along, other) : cut.push(other, along))
  let before: { level: number; other: number } | null = null
  for (let i = 0; i < points.length; i += 2) {
    const [along, other] = [points[i + axis] as number, points[i + 1 - axis] as number]
    const here = { level: levelOf(along), other: acrossOf(other) }
    if (before)
      for (const end of here.level > before.level ? [low, high] : [high, low]) {
        const share = (end - before.level) / (here.level - before.level)
        if (share > 0 && share < 1) add(valueOn(span)(end), valueOn(across)(before.other + (here.other - before.other) * share))
      }
    add(here.level < low ? valueOn(span)(low) : here.level > high ? valueOn(span)(high) : along, other)
    before = here
  }
  return cut
}

/**
 * A line [x, y, x, y, ...] that ends one range of each axis beyond the limits, so that its visible part stays the same. TeX stops with
 * "Dimension too large" at a point far outside of the axes, such as a single outlier.
 */
export const cutLine = (points: ArrayLike<number>, x: Span, y: Span): number[] =>
  cutAlong(cutAlong(Array.from(points), 0, [x, y]), 1, [x, y])
