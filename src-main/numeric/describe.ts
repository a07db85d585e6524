import { NetworkConfigSchema, RunOverridesSchema, type NetworkConfig } from '../contract/config.js'
import type { NetworkSummary, Preset } from '../contract/catalogue.js'
import { stepCost, type StepCost } from './cost.js'
import { isReversible } from './dynamics.js'
import { buildNetwork, networkDepth, parameterCount, type Network } from './network.js'
import { presets, type PresetDefinition } from './presets.js'

const FLOAT_BYTES = 4

/** Bytes of the whole state (all channels) of each stage, for one batch. */
export function stateBytes({ config, linear, stages }: Network, batch: number): number[] {
  const { height, width } = config.image
  return stages.map(({ channels }, index) => {
    const pixels = linear.id === 'dense' ? 1 : (height / 2 ** index) * (width / 2 ** index)
    return batch * pixels * channels * FLOAT_BYTES
  })
}

/** Arrays as large as the state of the first stage that stem, head and their gradients hold at once. */
const ENDS = { convolution: { stored: 16, reversible: 12 }, dense: { stored: 3, reversible: 3 } }
/** Arrays that the tape of one force holds, and that undoing one step needs besides. */
const TAPE = { branch: 16, oneMap: 11, twoMaps: 13, withoutForce: 4, norm: 3 }
const UNDO = { plain: 12, normalised: 19 }

/**
 * Estimate of the bytes of activations that one training step holds at once, as the tape works; the test compares it with tfjs's own
 * accounting. Stored: what the tape of every substep holds. Reversible: the last pair of each stage, and the larger of what undoing one
 * step of the largest stage needs and what stem and head need. Nothing in it grows with the units.
 */
export function activationBytes(network: Network, batch: number): NetworkSummary['activationBytes'] {
  const { dynamics, stages, linear, config } = network
  const states = stateBytes(network, batch)
  const part = 1 / dynamics.channelMultiple
  const ends = ENDS[linear.id]
  const normalised = dynamics.widening === 'unit' || config.unitNorm === 'batch'
  const ofForce =
    (dynamics.widening === 'unit' ? TAPE.branch : dynamics.mapsPerKernel === 2 ? TAPE.twoMaps : TAPE.oneMap) +
    (config.unitNorm === 'batch' ? TAPE.norm : 0)
  const stored = stages.reduce((sum, { substeps, entrance }, index) => {
    const all = [...(entrance?.substeps ?? []), ...substeps]
    const arrays = all.reduce((count, { gain }) => count + (gain === 0 ? TAPE.withoutForce : ofForce), 0)
    return sum + arrays * part * states[index]!
  }, ends.stored * states[0]!)
  const undo = (normalised ? UNDO.normalised : UNDO.plain) * part
  const pairs = states.reduce((sum, bytes) => sum + 2 * part * bytes, 0)
  const reversible = pairs + Math.max(ends.reversible * states[0]!, ...states.map((bytes) => undo * bytes))
  return { stored, reversible: isReversible(dynamics) ? Math.min(reversible, stored) : null }
}

/** Everything that a form shows of a configuration before anything is trained. */
export function describeNetwork(config: NetworkConfig, batch: number, speed: Speed | null = null): NetworkSummary {
  const network = buildNetwork(config)
  const cost = stepCost(network, batch)
  return {
    parameters: parameterCount(network),
    depth: networkDepth(network),
    activationBytes: activationBytes(network, batch),
    operations: cost.operations,
    secondsPerStep: speed && estimateSeconds(cost, speed),
  }
}

/** What a measurement of a machine says about its training steps. */
export interface Speed {
  operationsPerSecond: number
  /** Besides the operations, for each force on the way forward. */
  secondsPerForce: number
}

function estimateSeconds(
  { operations, forces }: StepCost,
  { operationsPerSecond, secondsPerForce }: Speed,
): NonNullable<NetworkSummary['secondsPerStep']> {
  const of = (count: number): number => count / operationsPerSecond + forces * secondsPerForce
  return { stored: of(operations.stored), reversible: operations.reversible === null ? null : of(operations.reversible) }
}

/** The images, or points, for which the table of presets states parameters. */
export function nominalConfig({ config }: PresetDefinition): NetworkConfig {
  const dense = config.maps === 'dense'
  const image = dense ? { height: 1, width: 1, channels: 2 } : { height: 32, width: 32, channels: 3 }
  const keys = Object.keys(NetworkConfigSchema.shape)
  const own = Object.fromEntries(Object.entries(config).filter(([key]) => keys.includes(key)))
  return NetworkConfigSchema.parse({ ...own, image, classes: dense ? 2 : 10 })
}

export function describePreset(preset: PresetDefinition, speed: Speed | null = null): Preset {
  const summary = describeNetwork(nominalConfig(preset), preset.config.batch ?? 1, speed)
  return { ...preset, config: RunOverridesSchema.parse(preset.config), ...summary }
}

export const describePresets = (speed: Speed | null = null): Preset[] => presets.map((preset) => describePreset(preset, speed))
