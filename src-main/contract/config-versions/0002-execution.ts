import type { ConfigMigration } from '../stored-config.js'

/** Before there were compiled steps every run was computed eagerly, and nothing was kept of what can be rebuilt. */
export const migrate: ConfigMigration = (config) => ({ memoryBudget: 0, execution: 'eager', fusedKernels: false, ...config })
