import type { ManifestMigration } from '../run-archive.js'

/** Checkpoints could not be pinned, which is the meaning of an absent mark; nothing else changed. */
export const migrate: ManifestMigration = (manifest) => manifest
