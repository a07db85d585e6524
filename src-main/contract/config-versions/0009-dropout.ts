import type { ConfigMigration } from '../stored-config.js'

/** The architectures that got the option `dropout`, as they were called then; before, nothing was dropped out. */
const DROPPING = ['spiking', 'vgg']

export const migrate: ConfigMigration = (config) => (DROPPING.includes(String(config['arch'])) ? { dropout: 0, ...config } : config)
