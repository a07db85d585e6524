/**
 * A lattice of `size` points in either direction over a rectangle slightly larger than the extent of the points: [points, 2], row by row.
 * @param points [points, 2]; in the same coordinates as the lattice
 */
export function latticeOver(
  points: Float32Array,
  size: number,
): { size: number; extent: [number, number, number, number]; values: Float32Array } {
  const range = (which: number): [number, number] => {
    let [low, high] = [Infinity, -Infinity]
    for (let at = which; at < points.length; at += 2) [low, high] = [Math.min(low, points[at]!), Math.max(high, points[at]!)]
    const margin = 0.08 * (high - low || 1)
    return [low - margin, high + margin]
  }
  const [[left, right], [bottom, top]] = [range(0), range(1)]
  const values = new Float32Array(2 * size * size)
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const at = 2 * (row * size + column)
      values[at] = left + ((right - left) * column) / (size - 1)
      values[at + 1] = bottom + ((top - bottom) * row) / (size - 1)
    }
  return { size, extent: [left, right, bottom, top], values }
}
