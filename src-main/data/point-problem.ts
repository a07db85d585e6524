import type { Random } from '../numeric/random.js'

/** A problem of classifying points of the plane. */
export interface PointProblem {
  kind: string
  source: string
  classNames: string[]
  /** Points of each class to train on. */
  trainPerClass: number
  /** Points of each class to test with. */
  testPerClass: number
  /** Deviation of the normal noise that is added to both coordinates. */
  noise: number
  /** A random point of that class, without noise. */
  draw(label: number, random: Random): [x: number, y: number]
}
