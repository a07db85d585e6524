import type { ManifestMigration } from '../run-archive.js'

/** There were no projects. */
export const migrate: ManifestMigration = (manifest) => ({ project: null, ...manifest })
