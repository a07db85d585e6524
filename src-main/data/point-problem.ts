import type { Random } from '../numeric/random.js'

/** A classification problem of points in the plane. */
export interface PointProblem {
  kind: string
  source: string
  classNames: string[]
  /** Number of training points in each class. */
  trainPerClass: number
  /** Number of test points in each class. */
  testPerClass: number
  /** Standard deviation of the Gaussian noise added to both coordinates. */
  noise: number
  /** A random point of that class, without noise. */
  draw(label: number, random: Random): [x: number, y: number]
}
