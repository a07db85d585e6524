import { describeOptions } from '../contract/architecture-options.js'
import { rebuildsActivations } from '../contract/config.js'
import { microBatch } from '../contract/micro-batch.js'
import { budgetBytes } from '../training/memory-budget.js'
import { knownSpeed, type MeasuredSpeed } from './speed.js'
import type { Catalogue } from '../features/runs/configurations.js'

// Imported on first use, because it loads tfjs, which only commands on networks need.
const numeric = async () => {
  const [description, validation, registry, diagram, network, budget, prolong] = await Promise.all([
    import('../numeric/describe.js'),
    import('../numeric/validate.js'),
    import('../numeric/registry.js'),
    import('../numeric/diagram.js'),
    import('../numeric/network.js'),
    import('../numeric/activation-budget.js'),
    import('../numeric/prolong.js'),
  ])
  return { ...description, ...validation, ...registry, ...diagram, ...network, ...budget, ...prolong }
}

/** Without `measuredAt`; the speed is not measured here, because that takes seconds. */
const speed = async (): Promise<Omit<MeasuredSpeed, 'measuredAt'> | null> => knownSpeed()

/** The networks of `numeric` behind the port of the features. */
export const catalogue: Catalogue = {
  presets: async () => (await numeric()).describePresets(await speed()),
  async architectures() {
    const { allDynamics, modesOf, unitDiagram } = await numeric()
    return allDynamics().map((dynamics) => {
      const { id, label, summary, source } = dynamics
      const options = describeOptions(dynamics.options ?? {})
      return {
        id,
        label,
        summary,
        source,
        modes: modesOf(dynamics),
        diagram: unitDiagram(dynamics),
        options,
        ...(dynamics.own && { own: dynamics.own }),
      }
    })
  },
  validate: async (config) => (await numeric()).validateNetwork(config),
  describe: async (config) => (await numeric()).describeNetwork(config, config, await speed()),
  async doubled(config) {
    const { buildNetwork, refuseDoubling, twiceAsDeep } = await numeric()
    const refusal = refuseDoubling(buildNetwork(config))
    return refusal === null ? { config: twiceAsDeep(config) } : { refusal }
  },
  async dial(config) {
    if (!rebuildsActivations(config)) return null
    const { activationDial, buildNetwork } = await numeric()
    return activationDial(buildNetwork(config), microBatch(config), budgetBytes(config))
  },
}
