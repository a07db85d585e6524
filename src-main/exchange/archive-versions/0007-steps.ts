import type { ManifestMigration } from '../run-archive.js'

/** Regions and histograms did not travel with their run. */
export const migrate: ManifestMigration = (manifest) => ({ regions: null, histograms: null, ...manifest })
