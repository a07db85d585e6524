import type { ManifestMigration } from '../run-archive.js'

/** Evaluations were not exported with their run. */
export const migrate: ManifestMigration = (manifest) => ({ evaluations: [], ...manifest })
