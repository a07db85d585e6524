import type { ManifestMigration } from '../run-archive.js'

/** Configurations had no version, which is their version 1, and the best values of metrics could be absent. */
export const migrate: ManifestMigration = ({ run, ...manifest }) => ({
  configVersion: 1,
  run: { best: {}, ...(run as object) },
  ...manifest,
})
