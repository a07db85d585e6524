import type { Weights } from '../experiments/ports.js'

// Imported when first asked, because it brings tfjs along.
const files = () => import('../training/weights.js')

/** The files of weights, as the experiments want them. */
export const weights: Weights = {
  check: async (path, config) => (await files()).checkWeights(path, config),
  norms: async (checkpoint) => (await files()).weightNorms(checkpoint),
  export: async (checkpoint, target) => (await files()).exportWeights(checkpoint, target),
}
