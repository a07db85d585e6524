import type { ManifestMigration } from '../run-archive.js'

/** Results of the lab were not exported with their run. */
export const migrate: ManifestMigration = (manifest) => ({ lab: [], ...manifest })
