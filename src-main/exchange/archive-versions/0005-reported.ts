import type { ManifestMigration } from '../run-archive.js'

/** Runs had no reported figures of their own, and were not told whether their gradients were checked; an import takes both from the rest. */
export const migrate: ManifestMigration = ({ run, ...manifest }) => ({
  ...manifest,
  run: { gradients: null, reported: null, ...(run as object) },
})
