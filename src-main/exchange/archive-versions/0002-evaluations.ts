import type { ManifestMigration } from '../run-archive.js'

/** Evaluations did not travel with their run. */
export const migrate: ManifestMigration = (manifest) => ({ evaluations: [], ...manifest })
