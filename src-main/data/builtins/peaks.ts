import { pointDataset } from '../points.js'

const CLASSES = 5
const RANGE = 3

/** MATLAB's example function of two variables. */
export const peaks = (x: number, y: number): number =>
  3 * (1 - x) ** 2 * Math.exp(-(x ** 2) - (y + 1) ** 2) -
  10 * (x / 5 - x ** 3 - y ** 5) * Math.exp(-(x ** 2) - y ** 2) -
  Math.exp(-((x + 1) ** 2) - y ** 2) / 3

/** Its minimum and maximum in the square, to four digits. */
const [LEAST, GREATEST] = [-6.5511, 8.1062]

/** The index of the point's layer, of five equally high layers of the function. */
export const layer = (x: number, y: number): number =>
  Math.min(CLASSES - 1, Math.max(0, Math.floor(((peaks(x, y) - LEAST) / (GREATEST - LEAST)) * CLASSES)))

/**
 * Five classes, the layers of the function `peaks`, with equally many points each. Haber and Ruthotto 2017, section 5; setupPeaks in their
 * code.
 */
export const builtin = pointDataset({
  kind: 'peaks',
  source: 'generated, after Haber and Ruthotto 2017 (peaks, five level sets)',
  classNames: Array.from({ length: CLASSES }, (_, i) => `layer ${i + 1}`),
  trainPerClass: 1000,
  testPerClass: 200,
  noise: 0,
  draw(label, random) {
    for (;;) {
      const [x, y] = [RANGE * (2 * random.uniform() - 1), RANGE * (2 * random.uniform() - 1)]
      if (layer(x, y) === label) return [x, y]
    }
  },
})
