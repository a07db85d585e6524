import type { RunOverrides, Stage } from '../contract/config.js'
import { UserError } from '../contract/errors.js'
import { findDynamics } from './registry.js'

type PresetConfig = RunOverrides & Required<Pick<RunOverrides, 'arch' | 'stages'>>

export interface PresetDefinition {
  name: string
  title: string
  description: string
  /** Who published this network, or who chose it and how. */
  source: string
  /** Number of parameters in the paper's table, rounded there to ten thousand; null when the paper states none. */
  paperParameters: number | null
  config: PresetConfig
}

const stages = (...pairs: [channels: number, units: number][]): Stage[] => pairs.map(([channels, units]) => ({ channels, units }))

/**
 * CIFAR recipe of Chang et al. 2018, section "Experiments": 160 epochs of 500 steps, drops at epochs 80, 120 and 160. The drops are in
 * fractions of the run, so that a shorter run drops at the same relative positions.
 */
const cifarRecipe = {
  batch: 100,
  steps: 80_000,
  learningRate: 0.1,
  momentum: 0.9,
  schedule: { kind: 'piecewise', unit: 'fraction', warmup: 0, drops: [0.5, 0.75, 1], factor: 0.1 },
  weightDecay: 2e-4,
  smoothness: 2e-4,
  augment: { pad: 4, flip: true },
} satisfies RunOverrides

const deepRecipe = {
  ...cifarRecipe,
  batch: 32,
  steps: 240_000,
  schedule: { kind: 'piecewise', unit: 'fraction', warmup: 0, drops: [0.5, 0.75], factor: 0.1 },
  weightDecay: 5e-4,
} satisfies RunOverrides

type Origin = Pick<PresetDefinition, 'description' | 'source' | 'paperParameters'>

/**
 * A network of the paper, with the channels of its table. The numbers of units are the paper's, shifted by one if it pools after a unit.
 */
const paper = (name: string, arch: string, of: Stage[], origin: Origin, recipe: RunOverrides = cifarRecipe): PresetDefinition => ({
  name,
  title: name
    .replace(/^(.)/, (first) => first.toUpperCase())
    .replace(/net/, 'Net')
    .replace(/-/g, ' '),
  ...origin,
  config: { ...recipe, arch, stages: of, ...(findDynamics(arch)!.reversible ? {} : { mode: 'stored' as const }) },
})

const TABLE = 'Chang et al. 2018, section "Experiments"'
const STUDY = 'a search on 10,000 images of CIFAR-10 (docs/results.md, "The recipe")'

/**
 * The recipes that the recipe study selected for the units of each dynamics (docs/results.md, "The recipe"), and the source of their form.
 */
const CHOSEN = {
  hamiltonian: {
    recipe: { unitNorm: 'batch', h: 0.5, weightDecay: 5e-4 },
    source: `Unit normalisation as in the authors' published code; h and weight decay chosen by ${STUDY}`,
  },
  midpoint: {
    recipe: { unitNorm: 'batch', h: 0.3, start: 'zero', weightDecay: 5e-4 },
    source: `Not in the paper: unit normalisation, h and weight decay chosen by ${STUDY}`,
  },
  leapfrog: {
    recipe: { unitNorm: 'batch', h: 1, start: 'rest' },
    source: `Not in the paper: unit normalisation, h and start rule chosen by ${STUDY}`,
  },
} satisfies Record<string, { recipe: RunOverrides; source: string }>

interface ReversibleNetwork {
  name: string
  arch: keyof typeof CHOSEN
  of: Stage[]
  paperParameters: number
  recipe?: RunOverrides
}

/**
 * With unit normalisation, the reversed gradients of the deeper networks deviate from the stored ones by more than 1e-3 (docs/results.md,
 * "The recipe"), so anchors are chosen automatically from the measured error.
 */
const GUARDED = { anchorEvery: 'auto' } satisfies RunOverrides

const REVERSIBLE: readonly ReversibleNetwork[] = [
  { name: 'hamiltonian-74', arch: 'hamiltonian', of: stages([32, 7], [64, 6], [112, 5]), paperParameters: 430_000 },
  { name: 'hamiltonian-218', arch: 'hamiltonian', of: stages([32, 19], [64, 18], [128, 17]), paperParameters: 1_680_000 },
  {
    name: 'hamiltonian-1202',
    arch: 'hamiltonian',
    of: stages([32, 101], [64, 100], [128, 99]),
    paperParameters: 9_700_000,
    recipe: deepRecipe,
  },
  { name: 'midpoint-26', arch: 'midpoint', of: stages([32, 5], [64, 4], [112, 3]), paperParameters: 500_000 },
  { name: 'midpoint-62', arch: 'midpoint', of: stages([32, 11], [64, 10], [128, 9]), paperParameters: 1_780_000 },
  { name: 'leapfrog-26', arch: 'leapfrog', of: stages([32, 5], [64, 4], [112, 3]), paperParameters: 500_000 },
  { name: 'leapfrog-62', arch: 'leapfrog', of: stages([32, 11], [64, 10], [128, 9]), paperParameters: 1_780_000 },
]

const layersOf = (name: string): string => `${Number(name.split('-')[1]).toLocaleString('en-US')}-layer`
const titleOf = (arch: string): string => arch[0]!.toUpperCase() + arch.slice(1)

const chosen = ({ name, arch, of, paperParameters, recipe = cifarRecipe }: ReversibleNetwork): PresetDefinition =>
  paper(
    name,
    arch,
    of,
    {
      description: `The ${layersOf(name)} ${titleOf(arch)} network with unit normalisation. Anchors are added when the gradient error requires them, which takes memory.`,
      source: CHOSEN[arch].source,
      paperParameters,
    },
    { ...recipe, ...CHOSEN[arch].recipe, ...GUARDED },
  )

const plain = ({ name, arch, of, paperParameters, recipe = cifarRecipe }: ReversibleNetwork): PresetDefinition =>
  paper(
    `${name}-plain`,
    arch,
    of,
    {
      description: `The ${layersOf(name)} ${titleOf(arch)} network as defined by the equations of the paper, without unit normalisation.`,
      source: `${TABLE}; h = 0.1 is our choice, as the paper gives no value`,
      paperParameters,
    },
    recipe,
  )

const baseline = (name: string, of: Stage[], paperParameters: number, description: string): PresetDefinition =>
  paper(name, name.split('-')[0]!, of, { description: `Baseline: ${description}`, source: TABLE, paperParameters })

const mlp = (arch: string): PresetDefinition => ({
  name: `mlp-${arch}`,
  title: `MLP ${arch}`,
  description: 'Dense network for the 2-D problems; trains within a minute.',
  source: 'Ours; the 2-D problems are those of Chang et al. 2018 and Haber and Ruthotto 2017',
  paperParameters: null,
  config: {
    arch,
    maps: 'dense',
    stages: stages([16, 12]),
    h: 0.25,
    activation: 'tanh',
    start: 'rest',
    optimizer: 'adam',
    learningRate: 0.01,
    schedule: { kind: 'cosine', warmup: 0 },
    batch: 100,
    steps: 1500,
    weightDecay: 1e-5,
    smoothness: 1e-5,
  },
})

/** The dense networks of Haber and Ruthotto 2017, with the recipe of the others on the plane; the authors used Newton's method. */
const stable = (arch: 'euler' | 'antisymmetric' | 'verlet', more: RunOverrides = {}): PresetDefinition => ({
  ...mlp(arch),
  name: `stable-${arch}`,
  title: `Stable ${arch}`,
  description: `Dense ${findDynamics(arch)!.label} network of "Stable architectures for deep neural networks" for the 2-D problems.`,
  source: 'Architecture: Haber and Ruthotto 2017; width, depth and recipe are ours',
  config: { ...mlp(arch).config, ...more, ...(findDynamics(arch)!.reversible ? {} : { mode: 'stored' as const }) },
})

const IDENTITY = 'Hardt and Ma 2017, "Identity matters in deep learning", section 4'

const WITHOUT_PROJECTION = { projection: false } as RunOverrides

/** The network of Hardt and Ma 2017 without batch norm; their recipe is recalled from memory, not read. */
const identityRecipe = {
  arch: 'identity',
  mode: 'stored',
  edgeNorm: 'none',
  fixedHead: true,
  batch: 128,
  learningRate: 0.05,
  momentum: 0.9,
  weightDecay: 1e-4,
  smoothness: 0,
  ...WITHOUT_PROJECTION,
} satisfies RunOverrides

const NOTHING_DROPPED = { dropout: 0 } as RunOverrides

/** Networks suitable for conversion to spiking neurons: no biases in the units, no batch norm anywhere. */
const spiking = (arch: 'spiking' | 'vgg', title: string, of: Stage[], learningRate: number): PresetDefinition => ({
  name: `${arch}-quick`,
  title,
  description: `${title}: no batch norm and no biases in the units, so that spiking neurons can stand in for it. Trains on MNIST digits within minutes.`,
  source: 'Form: Sengupta et al. 2019, "Going deeper in spiking neural networks"; size and recipe are ours',
  paperParameters: null,
  config: {
    arch,
    mode: 'stored',
    edgeNorm: 'none',
    stages: of,
    batch: 100,
    steps: 640,
    learningRate,
    schedule: { kind: 'cosine', warmup: 40 },
    clipNorm: 1,
    weightDecay: 2e-4,
    smoothness: 0,
    ...NOTHING_DROPPED,
  },
})

/** All presets: the networks of the paper and a few small ones. */
export const presets: readonly PresetDefinition[] = [
  {
    name: 'hamiltonian-quick',
    title: 'Hamiltonian quick',
    description:
      'A small Hamiltonian network to get started: three stages of four units, which train on MNIST digits within three minutes.',
    source: 'Ours',
    paperParameters: null,
    config: {
      arch: 'hamiltonian',
      stages: stages([8, 4], [16, 4], [32, 4]),
      // With few units, a larger step size is more expressive and still reverses up to rounding. Warm-up and clipping keep the high rate stable.
      h: 0.25,
      batch: 100,
      steps: 640,
      learningRate: 0.2,
      schedule: { kind: 'cosine', warmup: 40 },
      clipNorm: 1,
      weightDecay: 2e-4,
      smoothness: 2e-4,
    },
  },
  ...REVERSIBLE.map(chosen),
  baseline('resnet-32', stages([16, 5], [32, 5], [64, 5]), 460_000, 'the 32-layer pre-activation ResNet.'),
  baseline('resnet-110', stages([16, 18], [32, 18], [64, 18]), 1_730_000, 'the 110-layer pre-activation ResNet.'),
  baseline('revnet-38', stages([32, 3], [64, 3], [112, 3]), 460_000, 'the 38-layer reversible residual network.'),
  baseline('revnet-110', stages([32, 9], [64, 9], [128, 9]), 1_730_000, 'the 110-layer reversible residual network.'),
  ...REVERSIBLE.map(plain),
  mlp('hamiltonian'),
  mlp('midpoint'),
  mlp('leapfrog'),
  stable('euler'),
  // The damping of the authors' published code (Meganet.m).
  stable('antisymmetric', { damping: 1e-4 } as RunOverrides),
  stable('verlet'),
  {
    name: 'identity-56',
    title: 'Identity 56',
    description:
      'The all-convolutional residual network without batch norm and with a fixed random last layer. Stem and first stage have 64 channels; the paper has a stem of 16 and 13.59 million parameters, which suggest shortcuts with kernels (`projection`).',
    source: `${IDENTITY}; the recipe is recalled from the paper, not read there`,
    paperParameters: 13_590_000,
    config: {
      ...identityRecipe,
      stages: stages([64, 9], [128, 9], [256, 9]),
      init: 'small',
      steps: 64_000,
      schedule: { kind: 'piecewise', unit: 'steps', warmup: 0, drops: [30_000, 50_000], factor: 0.1 },
      augment: { pad: 4, flip: true },
    },
  },
  {
    name: 'identity-quick',
    title: 'Identity quick',
    description: 'A small residual network without batch norm and with a fixed random last layer, from ordinary initial kernels (He).',
    source: `Form: ${IDENTITY}; size and recipe are ours`,
    paperParameters: null,
    config: {
      ...identityRecipe,
      stages: stages([16, 3], [32, 3], [64, 3]),
      steps: 640,
      clipNorm: 1,
      schedule: { kind: 'cosine', warmup: 40 },
    },
  },
  spiking('spiking', 'Spiking ResNet quick', stages([8, 2], [16, 2], [32, 2]), 0.1),
  spiking('vgg', 'Spiking VGG quick', stages([8, 2], [16, 2], [32, 2]), 0.1),
]

/** @throws UserError BAD_INPUT when there is no preset of that name */
export function findPreset(name: string): PresetDefinition {
  const found = presets.find((preset) => preset.name === name)
  if (!found)
    throw new UserError('BAD_INPUT', `There is no preset ${name}: choose one of ${presets.map((preset) => preset.name).join(', ')}.`)
  return found
}
