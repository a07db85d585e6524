import type { Catalogue } from '../experiments/ports.js'
import { budgetBytes } from '../training/memory-budget.js'
import { knownSpeed, type MeasuredSpeed } from './speed.js'

// Imported when first asked: it brings tfjs along, which no command but those on networks has to wait for.
const numeric = async () => {
  const [description, validation, registry, dynamics, diagram, network, budget] = await Promise.all([
    import('../numeric/describe.js'),
    import('../numeric/validate.js'),
    import('../numeric/registry.js'),
    import('../numeric/dynamics.js'),
    import('../numeric/diagram.js'),
    import('../numeric/network.js'),
    import('../numeric/activation-budget.js'),
  ])
  return { ...description, ...validation, ...registry, ...dynamics, ...diagram, ...network, ...budget }
}

/** Without `measuredAt`; nothing is measured here, because that takes seconds. */
const speed = async (): Promise<Omit<MeasuredSpeed, 'measuredAt'> | null> => knownSpeed()

/** The networks of `numeric`, as the experiments want them. */
export const catalogue: Catalogue = {
  presets: async () => (await numeric()).describePresets(await speed()),
  async architectures() {
    const { allDynamics, isReversible, unitDiagram } = await numeric()
    return allDynamics().map((dynamics) => {
      const { id, label, summary, source } = dynamics
      const modes = isReversible(dynamics) ? (['reversible', 'stored'] as const) : (['stored'] as const)
      return { id, label, summary, source, modes: [...modes], diagram: unitDiagram(dynamics) }
    })
  },
  validate: async (config) => (await numeric()).validateNetwork(config),
  describe: async (config) => (await numeric()).describeNetwork(config, config.batch, await speed()),
  async dial(config) {
    if (config.mode === 'stored') return null
    const { activationDial, buildNetwork } = await numeric()
    return activationDial(buildNetwork(config), config.batch, budgetBytes(config))
  },
}
