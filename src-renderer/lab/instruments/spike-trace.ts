import { floatsFromBase64, fromBase64 } from '../../../src-main/contract/base64.js'
import type { SpikesView } from '../../../src-main/contract/instruments.js'
import { paintDifference } from '../paint.js'

/** What of a spike is left to be seen a step later. */
const FADING = 0.7

type Layer = SpikesView['layers'][number]

/** Spikes at each place up to a step, those of earlier steps fading, so that the eye sees them run. @param step from 0 */
export function traceAt({ height, width, spikes }: Layer, step: number): Float32Array {
  const values = new Int8Array(fromBase64(spikes).buffer)
  const size = height * width
  const trace = new Float32Array(size)
  for (let at = 0; at <= step; at++)
    for (let place = 0; place < size; place++) trace[place] = FADING * trace[place]! + values[at * size + place]!
  return trace
}

/** White where nothing has spiked lately; vermilion where neurons have, blue where negative input has. */
export function paintLayer(layer: Layer, step: number): ImageData {
  const values = traceAt(layer, step)
  // One spike of each of a quarter of the channels of a place is full colour.
  return paintDifference({ ...layer, values }, Math.max(1, layer.channels / 4))
}

/** The class with the largest summed logit after each step; null where all are still equal. */
export function classesOver({ output, steps }: Pick<SpikesView, 'output' | 'steps'>): (number | null)[] {
  const values = floatsFromBase64(output)
  const classes = values.length / steps
  return Array.from({ length: steps }, (_, step) => {
    const logits = values.subarray(step * classes, (step + 1) * classes)
    const [least, most] = [Math.min(...logits), Math.max(...logits)]
    return least === most ? null : logits.indexOf(most)
  })
}
