import { NetworkConfigSchema, RunConfigSchema, RunOverridesSchema, type NetworkConfig } from '../contract/config.js'
import type { NetworkSummary, Preset } from '../contract/catalogue.js'
import { microBatch, type BatchConfig } from '../contract/micro-batch.js'
import { stepCost, type StepCost } from './cost.js'
import { buildNetwork, hasNormsInUnits, networkDepth, parameterCount, type Network } from './network.js'
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

/** Number of arrays of the size of the first stage's state that stem, head and their gradients hold at once. */
const ENDS = {
  convolution: { batch: { stored: 16, reversible: 12 }, none: { stored: 7, reversible: 7 } },
  dense: { batch: { stored: 3, reversible: 3 }, none: { stored: 3, reversible: 3 } },
}
/** Number of arrays that the tape of one force holds, and that reversing one step needs in addition. */
const TAPE = { branch: 16, oneMap: 11, twoMaps: 13, withoutForce: 4, norm: 3 }
const UNDO = { plain: 12, normalised: 19 }

/**
 * Estimated peak bytes of activations in one training step, derived from how the tape works; a test compares it with tfjs's own accounting.
 * Stored: what the tapes of all substeps hold. Reversible: the last pair of each stage, plus the larger of what reversing one step of the
 * largest stage needs and what stem and head need. It does not grow with the number of units.
 */
export function activationBytes(network: Network, batch: number): NetworkSummary['activationBytes'] {
  const { dynamics, stages, linear, config } = network
  const states = stateBytes(network, batch)
  const part = 1 / dynamics.channelMultiple
  const ends = ENDS[linear.id][config.edgeNorm]
  const normalised = hasNormsInUnits(network)
  const ofForce =
    dynamics.tapeArrays ??
    (dynamics.norms === 'always' ? TAPE.branch : dynamics.mapsPerKernel === 2 ? TAPE.twoMaps : TAPE.oneMap) +
      (config.unitNorm === 'batch' ? TAPE.norm : 0)
  const stored = stages.reduce((sum, { substeps, entrance }, index) => {
    const all = [...(entrance?.substeps ?? []), ...substeps]
    const arrays = all.reduce((count, { gain }) => count + (gain === 0 ? TAPE.withoutForce : ofForce), 0)
    return sum + arrays * part * states[index]!
  }, ends.stored * states[0]!)
  const undo = (normalised ? UNDO.normalised : UNDO.plain) * part
  const pairs = states.reduce((sum, bytes) => sum + 2 * part * bytes, 0)
  const reversible = pairs + Math.max(ends.reversible * states[0]!, ...states.map((bytes) => undo * bytes))
  return { stored, reversible: dynamics.reversible ? Math.min(reversible, stored) : null }
}

/** What forms show about a configuration before it is trained. */
export function describeNetwork(config: NetworkConfig, work: BatchConfig, speed: Speed | null = null): NetworkSummary {
  const network = buildNetwork(config)
  const cost = stepCost(network, work.batch)
  return {
    parameters: parameterCount(network),
    depth: networkDepth(network),
    activationBytes: activationBytes(network, microBatch(work)),
    operations: cost.operations,
    // Each micro-batch has the overhead of all forces.
    secondsPerStep: speed && estimateSeconds({ ...cost, forces: cost.forces * work.accumulate }, speed),
  }
}

/** Measured speed of training steps on a machine. */
export interface Speed {
  operationsPerSecond: number
  /** Overhead of each force of the forward pass, in addition to the operations. */
  secondsPerForce: number
}

/** Seconds of one training step on a batch of this size, by mode. */
export const estimateStep = (network: Network, batch: number, speed: Speed): NonNullable<NetworkSummary['secondsPerStep']> =>
  estimateSeconds(stepCost(network, batch), speed)

function estimateSeconds(
  { operations, forces }: StepCost,
  { operationsPerSecond, secondsPerForce }: Speed,
): NonNullable<NetworkSummary['secondsPerStep']> {
  const of = (count: number): number => count / operationsPerSecond + forces * secondsPerForce
  return { stored: of(operations.stored), reversible: operations.reversible === null ? null : of(operations.reversible) }
}

/** The configuration with the image shape, or points, for which the table of presets states parameters. */
export function nominalConfig({ config }: PresetDefinition): NetworkConfig {
  const dense = config.maps === 'dense'
  const plane = dense && !config.denseStem
  const image = plane ? { height: 1, width: 1, channels: 2 } : { height: 32, width: 32, channels: 3 }
  const own = Object.fromEntries(
    Object.entries(config).filter(([key]) => key in NetworkConfigSchema.shape || !(key in RunConfigSchema.shape)),
  )
  return NetworkConfigSchema.parse({ ...own, image, classes: plane ? 2 : 10 })
}

function describePreset(preset: PresetDefinition, speed: Speed | null = null): Preset {
  const summary = describeNetwork(
    nominalConfig(preset),
    { batch: preset.config.batch ?? 1, accumulate: preset.config.accumulate ?? 1 },
    speed,
  )
  return { ...preset, config: RunOverridesSchema.parse(preset.config), ...summary }
}

export const describePresets = (speed: Speed | null = null): Preset[] => presets.map((preset) => describePreset(preset, speed))
