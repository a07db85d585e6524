import { permutation, randomFor } from '../numeric/random.js'
import type { BuiltinDataset } from './format.js'
import type { PointProblem } from './point-problem.js'
import type { DatasetSink } from './sink.js'

/** The parameters that determine the points of a problem. */
export interface PointChoice {
  seed: number
  trainPerClass: number
  testPerClass: number
  noise: number
}

const SEED = 1

/** Size in bytes of the given number of points per class. */
export const pointBytes = ({ classNames }: PointProblem, perClass: number): number => perClass * classNames.length * 10

/** The built-in data set of a problem: points drawn with a fixed seed, in random order. */
export function pointDataset(problem: PointProblem): BuiltinDataset {
  const { kind, source, trainPerClass, testPerClass, noise } = problem
  return {
    name: kind,
    format: 'generated',
    source,
    problem,
    bytes: pointBytes(problem, trainPerClass + testPerClass),
    make: (sink, signal) => writePoints(problem, { seed: SEED, trainPerClass, testPerClass, noise }, sink, signal),
  }
}

/** Draws points from a seed and writes them in random order, with a separate random stream for the test points. */
export async function writePoints(
  { kind, classNames, draw }: PointProblem,
  { seed, trainPerClass, testPerClass, noise }: PointChoice,
  sink: DatasetSink,
  signal: AbortSignal,
): Promise<void> {
  sink.begin({ kind: 'points', image: { height: 1, width: 1, channels: 2 }, classNames })
  for (const [part, perClass] of [
    ['train', trainPerClass],
    ['test', testPerClass],
  ] as const) {
    if (!perClass) continue
    signal.throwIfAborted()
    const random = randomFor(seed, `points/${kind}/${part}`)
    const count = perClass * classNames.length
    const order = permutation(random, count)
    const values = new Float32Array(2 * count)
    const labels = new Uint16Array(count)
    for (let i = 0; i < count; i++) {
      const label = i % classNames.length
      labels[order[i]!] = label
      const [x, y] = draw(label, random)
      values.set(noise > 0 ? [x + noise * random.normal(), y + noise * random.normal()] : [x, y], 2 * order[i]!)
    }
    await sink.write(part, values, labels, kind)
  }
}
