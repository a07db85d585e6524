import { permutation, randomFor, type Random } from '../numeric/random.js'
import type { BuiltinDataset } from './format.js'

/** A problem of classifying points of the plane. */
export interface PointProblem {
  name: string
  source: string
  classNames: string[]
  /** Points of each class to train on. */
  trainPerClass: number
  /** Points of each class to test with. */
  testPerClass: number
  /** A random point of that class. */
  draw(label: number, random: Random): [x: number, y: number]
}

const SEED = 1

/** A data set of points that are drawn by a fixed seed, in random order. */
export function pointDataset({ name, source, classNames, trainPerClass, testPerClass, draw }: PointProblem): BuiltinDataset {
  return {
    name,
    format: 'generated',
    source,
    bytes: (trainPerClass + testPerClass) * classNames.length * 10,
    async make(sink) {
      sink.begin({ kind: 'points', image: { height: 1, width: 1, channels: 2 }, classNames })
      for (const [part, perClass] of [
        ['train', trainPerClass],
        ['test', testPerClass],
      ] as const) {
        // prettier-ignore
        const random = randomFor(SEED, `points/${name}/${part}`)
        const count = perClass * classNames.length
        const order = permutation(random, count)
        const values = new Float32Array(2 * count)
        const labels = new Uint16Array(count)
        for (let i = 0; i < count; i++) {
          const label = i % classNames.length
          labels[order[i]!] = label
          values.set(draw(label, random), 2 * order[i]!)
        }
        await sink.write(part, values, labels, name)
      }
    },
  }
}
