import { pointDataset } from '../points.js'

/** Radius of each curve at the centre; both grow by 1 over two turns. */
const OFFSETS = [0, 0.2]

/** Two spiral curves, one inside the other, without noise. Haber and Ruthotto 2017, section 5; setupSwissRoll in their code. */
export const builtin = pointDataset({
  kind: 'swiss-roll',
  source: 'generated, after Haber and Ruthotto 2017 (Swiss roll)',
  classNames: ['inner curve', 'outer curve'],
  trainPerClass: 1000,
  testPerClass: 500,
  noise: 0,
  draw(label, random) {
    const along = random.uniform()
    const radius = OFFSETS[label]! + along
    const angle = 4 * Math.PI * along
    return [radius * Math.cos(angle), radius * Math.sin(angle)]
  },
})
