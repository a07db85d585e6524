import { add, clone, greaterEqual, keep, mul, sub, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { release } from '../tensors.js'

/** The potential of a neuron after a spike: reduced by the threshold, or zero. */
export type Reset = 'soft' | 'hard'

/**
 * Layers of integrate-and-fire neurons without leak. A neuron adds its input to its potential and spikes in the same step once the
 * potential has reached the threshold. Spikes are as high as the threshold, so inputs, potentials and thresholds are in the units of the
 * activations that the neurons replace; one threshold per layer. Sengupta et al. 2019, section 2.1; soft reset: Rueckauer et al. 2017,
 * section 2.2.
 */
export class Neurons {
  /** Potentials of all neurons by layer, after the last step. */
  readonly potentials: Tensor[] = []
  /** Number of spikes since the start, for all neurons by layer. */
  readonly counts: Tensor[] = []

  constructor(
    private readonly thresholds: readonly number[],
    private readonly reset: Reset,
  ) {}

  /** One step of a layer. @returns its spikes, each as high as the threshold */
  fire(layer: number, input: Tensor): Tensor {
    const threshold = this.thresholds[layer]!
    const [before, counted] = [this.potentials[layer], this.counts[layer]]
    const [spikes, potential, count] = tidy((): Tensor[] => {
      const reached = before ? add(before, input) : clone(input)
      const fires = greaterEqual(reached, threshold).toFloat()
      const sent = mul(fires, threshold)
      const left = this.reset === 'soft' ? sub(reached, sent) : mul(reached, sub(1, fires))
      return [sent, left, counted ? add(counted, fires) : fires]
    }) as [Tensor, Tensor, Tensor]
    this.potentials[layer] = keep(potential)
    this.counts[layer] = keep(count)
    release([before, counted])
    return spikes
  }

  dispose(): void {
    release([...this.potentials, ...this.counts])
  }
}
