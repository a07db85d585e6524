import type { ConfigIssue } from '../contract/catalogue.js'
import type { NetworkConfig } from '../contract/config.js'
import type { Dynamics, Options, ParameterKind, ParameterShape } from './dynamics.js'
import { convolution, dense, type LinearKind } from './linear.js'
import { readOptions } from './options.js'
import { findDynamics } from './registry.js'
import type { BoundSubstep } from './reversible-sweep.js'
import { validateNetwork } from './validate.js'

export interface ParameterSpec extends ParameterShape {
  name: string
  /** Whether it is inside a stage, so that `frozenStages` sets it to zero. */
  inStage: boolean
  /** Whether the optimizer does not update it: it keeps its initial value, or is solved for. */
  fixed: boolean
}

/**
 * Parameters of one name and shape in the units of a stage, or one parameter outside the stages. Penalties and updates handle a group at
 * once, as a stack [units, ...shape].
 */
export interface ParameterGroup {
  names: string[]
  kind: ParameterKind
  /** Shape of each of them. */
  shape: number[]
  inStage: boolean
  fixed: boolean
  /** The part that weight smoothness can couple between units; null if no form of it does. */
  smooth: SmoothPart | null
}

/** A widening unit, which is evaluated at stride 2 and not reversible. */
export interface Entrance {
  substeps: BoundSubstep[]
}

export interface NetworkStage {
  channels: number
  /** Null when pooling between the stages does the widening. */
  entrance: Entrance | null
  substeps: BoundSubstep[]
  units: number
}

/** The structure of a network: names, shapes and order. */
export interface Network {
  config: NetworkConfig
  dynamics: Dynamics
  /** Options of the dynamics, from the configuration. */
  options: Options
  linear: LinearKind
  /** Parameter groups in forward order. */
  parameters: ParameterSpec[]
  /** Running statistics of batch norms: name -> channels. Means start at 0, variances at 1. */
  statistics: { name: string; shape: number[] }[]
  stages: NetworkStage[]
  /** All parameters in forward order. */
  groups: ParameterGroup[]
}

/** The configuration of a network is invalid. Carries every issue by field. */
export class NetworkConfigError extends Error {
  override readonly name = 'NetworkConfigError'
  constructor(readonly issues: ConfigIssue[]) {
    super(issues.map(({ path, message }) => `${path}: ${message}`).join('; '))
  }
}

/**
 * Lays out the network of a configuration; nothing is allocated.
 * @throws NetworkConfigError naming every field that cannot work
 */
export function buildNetwork(config: NetworkConfig): Network {
  const issues = validateNetwork(config)
  if (issues.length > 0) throw new NetworkConfigError(issues)
  const dynamics = findDynamics(config.arch)!
  const { options } = readOptions(dynamics, config)
  const linear = config.maps === 'dense' ? dense : convolution
  const parameters: ParameterSpec[] = []
  const statistics: Network['statistics'] = []
  const declare = (name: string, kind: ParameterKind, shape: number[], more: Partial<ParameterSpec> = {}): void => {
    parameters.push({ name, kind, shape, inStage: false, fixed: false, ...more })
    const norm = /^(.*)\/gamma$/.exec(name)?.[1]
    if (norm) statistics.push({ name: `${norm}/mean`, shape }, { name: `${norm}/variance`, shape })
  }
  const declareNorm = (name: string, channels: number): void => {
    declare(`${name}/gamma`, 'gamma', [channels])
    declare(`${name}/beta`, 'beta', [channels])
  }

  const first = config.stages[0]!.channels
  if (linear === convolution) {
    declare('stem/kernel', 'kernel', linear.kernelShape(config.image.channels, first))
    if (config.edgeNorm === 'batch') declareNorm('stem/bn', first)
  } else if (config.denseStem) {
    const { height, width, channels } = config.image
    declare('stem/dense/kernel', 'dense', [height * width * channels, first])
  }
  const stages: NetworkStage[] = []
  let width = first
  config.stages.forEach(({ channels, units }, stageIndex) => {
    const all: BoundSubstep[][] = []
    for (let unitIndex = 0; unitIndex < units; unitIndex++) {
      const unit = `stage${stageIndex + 1}/unit${unitIndex + 1}`
      const firstOfNetwork = stageIndex === 0 && unitIndex === 0
      const shapes = dynamics.parameters({ inChannels: width, channels, linear, unitNorm: config.unitNorm, options, firstOfNetwork })
      for (const [name, { kind, shape, ...more }] of Object.entries(shapes))
        declare(`${unit}/${name}`, kind, shape, { ...more, inStage: true })
      // The authors' normalised network uses h = 1 in its first unit.
      const h = config.unitNorm === 'batch' && firstOfNetwork ? 1 : config.h
      all.push(dynamics.substeps(h, options).map((substep) => bind(substep, unit, unitIndex, shapes)))
      width = channels
    }
    const widens = dynamics.widening === 'unit' && stageIndex > 0
    stages.push({ channels, units, entrance: widens ? { substeps: all[0]! } : null, substeps: (widens ? all.slice(1) : all).flat() })
  })
  if (linear === convolution && config.edgeNorm === 'batch') declareNorm('head/bn', width)
  const solved = config.headSolver === 'newton'
  declare('head/dense/kernel', 'dense', [width, config.classes], { fixed: config.fixedHead || solved })
  declare('head/dense/bias', 'bias', [config.classes], { fixed: solved })
  return { config, dynamics, options, linear, parameters, statistics, stages, groups: groupsOf(parameters, dynamics) }
}

/** The kernels whose changes over depth are penalised, and the biases of the same layers. */
export type SmoothPart = 'kernel' | 'bias'

export function smoothPart(local: string, kind: ParameterKind, smoothKernels: readonly string[]): SmoothPart | null {
  if (smoothKernels.includes(local)) return 'kernel'
  return kind === 'bias' && smoothKernels.length > 0 ? 'bias' : null
}

function groupsOf(parameters: readonly ParameterSpec[], { smoothKernels }: Dynamics): ParameterGroup[] {
  const groups = new Map<string, ParameterGroup>()
  for (const { name, kind, shape, inStage, fixed } of parameters) {
    const [, stage, local] = /^(stage\d+)\/unit\d+\/(.*)$/.exec(name) ?? []
    const key = stage === undefined ? name : `${stage}/${local}[${shape}]`
    const group = groups.get(key) ?? {
      names: [],
      kind,
      shape,
      inStage,
      fixed,
      smooth: local === undefined ? null : smoothPart(local, kind, smoothKernels),
    }
    groups.set(key, group)
    group.names.push(name)
  }
  return [...groups.values()]
}

function bind(
  { params, keep, blend, gain }: ReturnType<Dynamics['substeps']>[number],
  unit: string,
  unitIndex: number,
  shapes: Record<string, ParameterShape>,
): BoundSubstep {
  const present = Object.entries(params).filter(([, local]) => local in shapes)
  return { unit, unitIndex, keep, blend, gain, params: Object.fromEntries(present.map(([role, local]) => [role, `${unit}/${local}`])) }
}

/** Whether a parameter keeps its initial value throughout training. */
export const isFrozen = (
  { config }: { config: Pick<NetworkConfig, 'frozenStages'> },
  { inStage, fixed }: Pick<ParameterSpec, 'inStage' | 'fixed'>,
): boolean => fixed || (config.frozenStages && inStage)

/** Whether the step size affects its substeps. */
export const hasStepSize = ({ dynamics, options, config }: Network): boolean => {
  const gains = (h: number): string => JSON.stringify(dynamics.substeps(h, options).map(({ gain, keep, blend }) => [gain, keep, blend]))
  return gains(config.h) !== gains(2 * config.h)
}

/** Whether its units contain batch norms. */
export const hasNormsInUnits = ({ dynamics, config }: Network): boolean => dynamics.norms === 'always' || config.unitNorm === 'batch'

const volume = (shape: number[]): number => shape.reduce((product, size) => product * size, 1)

export const parameterCount = (network: Network): number => network.parameters.reduce((sum, { shape }) => sum + volume(shape), 0)

/** Number of layers as the papers count them: those of the units, the stem and the head. */
export const networkDepth = (network: Network): number =>
  network.stages.reduce((sum, { units }) => sum + units * network.dynamics.layersPerUnit, 2)

/** Values of `unitNorm` that the units support. */
export const unitNormsOf = ({ norms }: Dynamics): NetworkConfig['unitNorm'][] => (norms === 'optional' ? ['none', 'batch'] : ['none'])

/** Backpropagation modes that the network supports. */
export const modesOf = (dynamics: Dynamics): NetworkConfig['mode'][] => (dynamics.reversible ? ['reversible', 'stored'] : ['stored'])
