import type { ConfigMigration } from '../stored-config.js'

/** Before gradients could be accumulated, every batch went through the network whole. */
export const migrate: ConfigMigration = (config) => ({ accumulate: 1, ...config })
