import type { ManifestMigration } from '../run-archive.js'

/** Configurations had no version, which is their version 1, and the best values of metrics were not always there. */
export const migrate: ManifestMigration = ({ run, ...manifest }) => ({
  configVersion: 1,
  run: { best: {}, ...(run as object) },
  ...manifest,
})
