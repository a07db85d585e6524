import type { ManifestMigration } from '../run-archive.js'

/** Runs were in no project. */
export const migrate: ManifestMigration = (manifest) => ({ project: null, ...manifest })
