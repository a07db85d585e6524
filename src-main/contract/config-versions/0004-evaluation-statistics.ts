import type { ConfigMigration } from '../stored-config.js'

/** Before statistics were estimated for evaluations, these normalised by the running ones. */
export const migrate: ConfigMigration = (config) => ({ evaluationStatistics: 'running', ...config })
