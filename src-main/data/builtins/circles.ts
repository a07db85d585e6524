import { pointDataset } from '../points.js'

const RADII = [0.5, 1]
const NOISE = 0.05

/** Two concentric circles with a little noise, like make_circles of scikit-learn. */
export const builtin = pointDataset({
  kind: 'circles',
  source: 'generated, after make_circles of scikit-learn (factor 0.5, noise 0.05)',
  classNames: ['inner', 'outer'],
  trainPerClass: 1000,
  testPerClass: 500,
  noise: NOISE,
  draw(label, random) {
    const angle = 2 * Math.PI * random.uniform()
    const radius = RADII[label]!
    return [radius * Math.cos(angle), radius * Math.sin(angle)]
  },
})
