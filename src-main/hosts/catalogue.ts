import type { Catalogue } from '../experiments/ports.js'
import { knownSpeed, type MeasuredSpeed } from './speed.js'

// Imported when first asked: it brings tfjs along, which no command but those on networks has to wait for.
const numeric = async () => {
  const [description, validation, registry, dynamics] = await Promise.all([
    import('../numeric/describe.js'),
    import('../numeric/validate.js'),
    import('../numeric/registry.js'),
    import('../numeric/dynamics.js'),
  ])
  return { ...description, ...validation, ...registry, ...dynamics }
}

/** Without `measuredAt`; nothing is measured here, because that takes seconds. */
const speed = async (): Promise<Omit<MeasuredSpeed, 'measuredAt'> | null> => knownSpeed()

/** The networks of `numeric`, as the experiments want them. */
export const catalogue: Catalogue = {
  presets: async () => (await numeric()).describePresets(await speed()),
  async architectures() {
    const { allDynamics, isReversible } = await numeric()
    return allDynamics().map((dynamics) => {
      const { id, label, summary, source } = dynamics
      return { id, label, summary, source, modes: isReversible(dynamics) ? ['reversible', 'stored'] : ['stored'] }
    })
  },
  validate: async (config) => (await numeric()).validateNetwork(config),
  describe: async (config) => (await numeric()).describeNetwork(config, config.batch, await speed()),
}
