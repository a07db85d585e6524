import type { ManifestMigration } from '../run-archive.js'

/** Regions and histograms were not exported with their run. */
export const migrate: ManifestMigration = (manifest) => ({ regions: null, histograms: null, ...manifest })
