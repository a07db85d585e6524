import type { ConfigMigration } from '../stored-config.js'

/** Before gradients were compared, none were, and `anchorEvery: auto` went by the error of the states, as it does where they are not. */
export const migrate: ConfigMigration = (config) => ({ gradientTolerance: 0, ...config })
