import type { CheckpointMigration } from '../checkpoint.js'

/**
 * In version 1 there was no hash of the whole content, so that only the weights of such a file can be verified. At first, units could not
 * keep their activations, gradients were not compared, and configurations had no version, which is their version 1.
 */
export const migrate: CheckpointMigration = ({ progress, ...metadata }) => ({
  configVersion: '1',
  ...metadata,
  progress: JSON.stringify({ keptUnits: [], gradients: null, ...(JSON.parse(progress ?? '{}') as object) }),
})
