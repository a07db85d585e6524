import { NetworkConfigSchema, RunOverridesSchema, type NetworkConfig } from '../contract/config.js'
import type { NetworkSummary, Preset } from '../contract/catalogue.js'
import { isReversible } from './dynamics.js'
import { buildNetwork, networkDepth, parameterCount, type Network } from './network.js'
import { presets, type PresetDefinition } from './presets.js'

const FLOAT_BYTES = 4

/** Bytes of the whole state (all channels) of each stage, for one batch. */
function stateBytes({ config, linear, stages }: Network, batch: number): number[] {
  const { height, width } = config.image
  return stages.map(({ channels }, index) => {
    const pixels = linear.id === 'dense' ? 1 : (height / 2 ** index) * (width / 2 ** index)
    return batch * pixels * channels * FLOAT_BYTES
  })
}

/**
 * Estimate of the bytes of activations that one training step holds at once.
 *
 * Stored: each substep leaves its new state, the layer before and after the activation, and for a normalised branch the same once
 * more; Reversible: the last pair of each stage and the working set of undoing one substep of the largest stage. Both add the
 * stem. The constants are those of the tape as it is; the test compares them with tfjs's own accounting.
 */
export function activationBytes(network: Network, batch: number): NetworkSummary['activationBytes'] {
  const { dynamics, stages, linear, config } = network
  const states = stateBytes(network, batch)
  const part = 1 / dynamics.channelMultiple
  const normalised = dynamics.widening === 'unit' || config.unitNorm === 'batch'
  const arraysASubstep = normalised ? 6 : 4
  const stemBytes = linear.id === 'dense' ? 0 : 3 * states[0]!
  const stored = stages.reduce((sum, stage, index) => {
    const substeps = stage.substeps.length + (stage.entrance?.substeps.length ?? 0)
    return sum + substeps * arraysASubstep * states[index]! * part
  }, stemBytes)
  const pair = 2 * part
  const working = (normalised ? 12 : 8) * part
  const reversible = states.reduce((sum, bytes) => sum + pair * bytes, Math.max(...states.map((bytes) => working * bytes), stemBytes))
  return { stored, reversible: isReversible(dynamics) ? Math.min(reversible, stored) : null }
}

/** Everything that a form shows of a configuration before anything is trained. */
export function describeNetwork(config: NetworkConfig, batch: number): NetworkSummary {
  const network = buildNetwork(config)
  return { parameters: parameterCount(network), depth: networkDepth(network), activationBytes: activationBytes(network, batch) }
}

/** The images, or points, for which the table of presets states parameters. */
export function nominalConfig({ config }: PresetDefinition): NetworkConfig {
  const dense = config.maps === 'dense'
  const image = dense ? { height: 1, width: 1, channels: 2 } : { height: 32, width: 32, channels: 3 }
  const keys = Object.keys(NetworkConfigSchema.shape)
  const own = Object.fromEntries(Object.entries(config).filter(([key]) => keys.includes(key)))
  return NetworkConfigSchema.parse({ ...own, image, classes: dense ? 2 : 10 })
}

export function describePreset(preset: PresetDefinition): Preset {
  const { parameters, depth } = describeNetwork(nominalConfig(preset), preset.config.batch ?? 1)
  return { ...preset, config: RunOverridesSchema.parse(preset.config), parameters, depth }
}

export const describePresets = (): Preset[] => presets.map(describePreset)
