import type { ManifestMigration } from '../run-archive.js'

/** Runs had no reported results of their own and no result of gradient checks; an import derives both from the rest. */
export const migrate: ManifestMigration = ({ run, ...manifest }) => ({
  ...manifest,
  run: { gradients: null, reported: null, ...(run as object) },
})
