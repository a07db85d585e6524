import type { ConfigMigration } from '../stored-config.js'

/** Identity networks got the option `projection`; before, their shortcuts had no kernels. */
export const migrate: ConfigMigration = (config) => (config['arch'] === 'identity' ? { projection: false, ...config } : config)
