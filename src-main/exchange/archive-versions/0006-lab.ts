import type { ManifestMigration } from '../run-archive.js'

/** Results of the lab did not travel with their run. */
export const migrate: ManifestMigration = (manifest) => ({ lab: [], ...manifest })
