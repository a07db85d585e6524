import { pointDataset } from '../points.js'

const TURNS = 1.75
const INNER = 0.05
const NOISE = 0.02

/** Two opposite spiral arms. Lang and Witbrock 1988, there with three turns. */
export const builtin = pointDataset({
  kind: 'two-spirals',
  source: 'generated, after Lang and Witbrock 1988 (1.75 turns in place of 3, noise 0.02)',
  classNames: ['first arm', 'second arm'],
  trainPerClass: 1000,
  testPerClass: 500,
  noise: NOISE,
  draw(label, random) {
    // A distribution uniform in area would leave the centre empty, and one uniform along the radius would crowd it; the square root lies
    // between.
    const along = Math.sqrt(random.uniform())
    const radius = INNER + (1 - INNER) * along
    const angle = 2 * Math.PI * TURNS * along + Math.PI * label
    return [radius * Math.cos(angle), radius * Math.sin(angle)]
  },
})
