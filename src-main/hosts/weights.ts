import type { Weights } from '../features/runs/weights.js'

// Imported when first asked, because it brings tfjs along.
const files = () => import('../training/weights.js')

/** The files of weights, as the features want them. */
export const weights: Weights = {
  check: async (path, config) => (await files()).checkWeights(path, config),
  norms: async (checkpoint) => (await files()).weightNorms(checkpoint),
  export: async (checkpoint, target, overwrite) => (await files()).exportWeights(checkpoint, target, overwrite),
}
