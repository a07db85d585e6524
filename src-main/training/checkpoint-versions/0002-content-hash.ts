import type { CheckpointMigration } from '../checkpoint.js'

/**
 * There was no hash of the whole content, so that only the weights of such a file can be checked; and at first no unit was chosen to keep
 * its activations, no gradients were compared, and configurations had no version, which is their version 1.
 */
export const migrate: CheckpointMigration = ({ progress, ...metadata }) => ({
  configVersion: '1',
  ...metadata,
  progress: JSON.stringify({ keptUnits: [], gradients: null, ...(JSON.parse(progress ?? '{}') as object) }),
})
