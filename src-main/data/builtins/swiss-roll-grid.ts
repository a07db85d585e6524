import { permutation, randomFor } from '../../numeric/random.js'
import type { BuiltinDataset } from '../format.js'

/** Number of places on each curve; odd ones are for training and even ones for testing, counted through both curves. */
const PLACES = 513
const OFFSETS = [0, 0.2]

/** All places of both curves in order, with the index of their curve. */
export const places: readonly { point: [x: number, y: number]; label: number }[] = OFFSETS.flatMap((offset, label) =>
  Array.from({ length: PLACES }, (_, at) => {
    const along = at / (PLACES - 1)
    const angle = 4 * Math.PI * along
    return { point: [(offset + along) * Math.cos(angle), (offset + along) * Math.sin(angle)] as [number, number], label }
  }),
)

/**
 * The two spiral curves of `swiss-roll` at 513 equally spaced angles from 0 to 4 pi each, so that every method sees the same points. Haber
 * and Ruthotto 2017, section 5; setupSwissRoll in their code.
 */
export const builtin: BuiltinDataset = {
  name: 'swiss-roll-grid',
  format: 'generated',
  source: 'generated, after Haber and Ruthotto 2017 (Swiss roll at equal angles, every second place to test with)',
  bytes: 2 * PLACES * 10,
  async make(sink, signal) {
    sink.begin({ kind: 'points', image: { height: 1, width: 1, channels: 2 }, classNames: ['inner curve', 'outer curve'] })
    for (const [part, parity] of [
      ['train', 0],
      ['test', 1],
    ] as const) {
      signal.throwIfAborted()
      const chosen = places.filter((_, at) => at % 2 === parity)
      const order = permutation(randomFor(1, `points/swiss-roll-grid/${part}`), chosen.length)
      const values = new Float32Array(2 * chosen.length)
      const labels = new Uint16Array(chosen.length)
      chosen.forEach(({ point, label }, i) => {
        values.set(point, 2 * order[i]!)
        labels[order[i]!] = label
      })
      await sink.write(part, values, labels, 'swiss-roll-grid')
    }
  },
}
