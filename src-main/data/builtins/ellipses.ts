import { pointDataset } from '../points.js'

/** Ratio of the ellipses' height to their width. */
const FLATNESS = 0.4

/** A disc flattened to an ellipse, and the elliptic ring around it. Haber and Ruthotto 2017, section 5; setupEllipse in their code. */
export const builtin = pointDataset({
  kind: 'ellipses',
  source: 'generated, after Haber and Ruthotto 2017 (ellipses)',
  classNames: ['inner ellipse', 'outer ring'],
  trainPerClass: 1000,
  testPerClass: 200,
  noise: 0,
  draw(label, random) {
    const radius = label + random.uniform()
    const angle = 2 * Math.PI * random.uniform()
    return [radius * Math.cos(angle), FLATNESS * radius * Math.sin(angle)]
  },
})
