import { square, symmetricEigen } from '../../numeric/dense.js'

/** The plane in which points vary most. */
export interface Plane {
  centre: Float64Array
  /** Orthonormal; the largest component is positive, so that equal points give equal pictures. */
  axes: [Float64Array, Float64Array]
  /** Fraction of the variance along each axis, 0 to 1. */
  explained: [number, number]
}

/**
 * The first two principal components of points (Pearson 1901): eigenvectors of their covariance matrix.
 * @param rows consecutive points, [points, dimensions]; at least two dimensions
 */
export function principalPlane(rows: Float32Array, dimensions: number): Plane {
  const count = rows.length / dimensions
  const centre = new Float64Array(dimensions)
  rows.forEach((value, at) => (centre[at % dimensions]! += value / count))
  const covariance = square(dimensions)
  const { data } = covariance
  const away = new Float64Array(dimensions)
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < dimensions; i++) away[i] = rows[row * dimensions + i]! - centre[i]!
    for (let i = 0; i < dimensions; i++) for (let j = 0; j <= i; j++) data[i * dimensions + j]! += (away[i]! * away[j]!) / count
  }
  for (let i = 0; i < dimensions; i++) for (let j = 0; j < i; j++) data[j * dimensions + i] = data[i * dimensions + j]!
  const { values, vectors } = symmetricEigen(covariance)
  const total = values.reduce((sum, value) => sum + value, 0)
  const axis = (from: number): Float64Array => {
    const found = Float64Array.from({ length: dimensions }, (_, i) => vectors[i * dimensions + from]!)
    const largest = found.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0)
    return largest < 0 ? found.map((value) => -value) : found
  }
  const [first, second] = [dimensions - 1, dimensions - 2]
  const part = (of: number): number => (total > 0 ? Math.max(0, values[of]!) / total : 0)
  return { centre, axes: [axis(first), axis(second)], explained: [part(first), part(second)] }
}

/** The plane of the first two coordinates. */
export function coordinatePlane(dimensions: number): Pick<Plane, 'centre' | 'axes'> {
  const unit = (at: number): Float64Array => Float64Array.from({ length: dimensions }, (_, i) => (i === at ? 1 : 0))
  return { centre: new Float64Array(dimensions), axes: [unit(0), unit(1)] }
}

/** Projects points onto a plane, [points, 2]. */
export function project({ centre, axes }: Pick<Plane, 'centre' | 'axes'>, rows: Float32Array): Float32Array<ArrayBuffer> {
  const dimensions = centre.length
  const seen = new Float32Array((2 * rows.length) / dimensions)
  for (let row = 0; row * dimensions < rows.length; row++)
    axes.forEach((axis, which) => {
      let sum = 0
      for (let i = 0; i < dimensions; i++) sum += axis[i]! * (rows[row * dimensions + i]! - centre[i]!)
      seen[2 * row + which] = sum
    })
  return seen
}
