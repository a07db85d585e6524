import type { ManifestMigration } from '../run-archive.js'

/** Checkpoints could not be pinned, which is what an absent mark says; nothing else changed. */
export const migrate: ManifestMigration = (manifest) => manifest
