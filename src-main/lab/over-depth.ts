import { ownOptions } from '../contract/architecture-options.js'
import type { NetworkConfig } from '../contract/config.js'
import { activationBytes } from '../numeric/describe.js'
import { buildNetwork, NetworkConfigError, type Network } from '../numeric/network.js'
import { defaultOptions } from '../numeric/options.js'
import { findDynamics } from '../numeric/registry.js'

/** The configuration changes for a network with its units multiplied, or with another architecture. */
export function deepenedKeys(
  config: NetworkConfig,
  factor: number,
  arch = config.arch,
): Partial<NetworkConfig> & Pick<NetworkConfig, 'stages'> {
  const stages = config.stages.map(({ channels, units }) => ({ channels, units: Math.max(1, Math.round(units * factor)) }))
  if (arch === config.arch) return { stages }
  const dynamics = findDynamics(arch)!
  return { arch, mode: dynamics.reversible ? 'reversible' : 'stored', unitNorm: 'none', ...defaultOptions(dynamics), stages }
}

/** That network; null if the architecture does not accept these channels, or vectors. */
export function deepened(config: NetworkConfig, factor: number, arch = config.arch): Network | null {
  const own = Object.keys(ownOptions(config))
  const base = Object.fromEntries(Object.entries(config).filter(([key]) => !own.includes(key) || arch === config.arch)) as NetworkConfig
  try {
    return buildNetwork({ ...base, ...deepenedKeys(config, factor, arch) })
  } catch (error) {
    if (error instanceof NetworkConfigError) return null
    throw error
  }
}

/** Total number of units of all stages. */
export const unitsOf = (network: Network): number => network.stages.reduce((sum, { units }) => sum + units, 0)

/**
 * The smallest number of units, in the proportions of the network, whose stored activations exceed `memoryBytes` at a batch size: they grow
 * linearly. null if they do not grow.
 */
export function whereStoredEnds(config: NetworkConfig, batch: number, memoryBytes: number): number | null {
  const [first, second] = [1, 2].map((factor) => deepened(config, factor)!) as [Network, Network]
  const [once, twice] = [activationBytes(first, batch).stored, activationBytes(second, batch).stored]
  const each = (twice - once) / unitsOf(first)
  if (!(each > 0)) return null
  return Math.max(1, unitsOf(first) + Math.floor((memoryBytes - once) / each) + 1)
}
