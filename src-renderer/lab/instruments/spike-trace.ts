import { floatsFromBase64, fromBase64 } from '../../../src-main/contract/base64.js'
import type { SpikesView } from '../../../src-main/contract/instruments.js'
import { paintDifference } from '../paint.js'

/** The fraction of a spike that is still visible one step later. */
const FADING = 0.7

type Layer = SpikesView['layers'][number]

/** Spikes at each place up to a step; those of earlier steps fade, so that their propagation is visible. @param step from 0 */
export function traceAt({ height, width, spikes }: Layer, step: number): Float32Array {
  const values = new Int8Array(fromBase64(spikes).buffer)
  const size = height * width
  const trace = new Float32Array(size)
  for (let at = 0; at <= step; at++)
    for (let place = 0; place < size; place++) trace[place] = FADING * trace[place]! + values[at * size + place]!
  return trace
}

/** White if nothing has spiked recently; vermilion for spikes of neurons, blue for those of negative input. */
export function paintLayer(layer: Layer, step: number): ImageData {
  const values = traceAt(layer, step)
  // A spike in each of a quarter of a place's channels gives full saturation.
  return paintDifference({ ...layer, values }, Math.max(1, layer.channels / 4))
}

/** The class with the largest summed logit after each step; null as long as all are equal. */
export function classesOver({ output, steps }: Pick<SpikesView, 'output' | 'steps'>): (number | null)[] {
  const values = floatsFromBase64(output)
  const classes = values.length / steps
  return Array.from({ length: steps }, (_, step) => {
    const logits = values.subarray(step * classes, (step + 1) * classes)
    const [least, most] = [Math.min(...logits), Math.max(...logits)]
    return least === most ? null : logits.indexOf(most)
  })
}
