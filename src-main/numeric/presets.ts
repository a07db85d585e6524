import type { RunConfigInput, Stage } from '../contract/config.js'

type PresetConfig = Partial<RunConfigInput> & Pick<RunConfigInput, 'arch' | 'stages'>

export interface PresetDefinition {
  name: string
  title: string
  description: string
  config: PresetConfig
}

const stages = (...pairs: [channels: number, units: number][]): Stage[] => pairs.map(([channels, units]) => ({ channels, units }))

/** CIFAR recipe of Chang et al. 2018, section "Experiments": 160 epochs of 500 steps, drops at epochs 80, 120 and 160. */
const cifarRecipe = {
  batch: 100,
  steps: 80_000,
  learningRate: 0.1,
  momentum: 0.9,
  schedule: { kind: 'piecewise', warmup: 0, drops: [40_000, 60_000, 80_000], factor: 0.1 },
  weightDecay: 2e-4,
  smoothness: 2e-4,
  augment: { pad: 4, flip: true },
} satisfies Partial<RunConfigInput>

const deepRecipe = {
  ...cifarRecipe,
  batch: 32,
  steps: 240_000,
  schedule: { kind: 'piecewise', warmup: 0, drops: [120_000, 180_000], factor: 0.1 },
  weightDecay: 5e-4,
} satisfies Partial<RunConfigInput>

/** A network of the paper. Channels are those of its table; units are the paper's, moved by one where it pools after a unit. */
const paper = (
  name: string,
  arch: string,
  of: Stage[],
  description: string,
  recipe: Partial<RunConfigInput> = cifarRecipe,
): PresetDefinition => ({
  name,
  title: name
    .replace(/^(.)/, (first) => first.toUpperCase())
    .replace(/net/, 'Net')
    .replace('-', ' '),
  description,
  config: { ...recipe, arch, stages: of, ...(arch === 'resnet' ? { mode: 'stored' as const } : {}) },
})

const mlp = (arch: string): PresetDefinition => ({
  name: `mlp-${arch}`,
  title: `MLP ${arch}`,
  description: 'Dense kernels on points of the plane: for the 2-D problems, trained within a minute.',
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

/** The networks of the paper and a few small ones, by name. */
export const presets: readonly PresetDefinition[] = [
  {
    name: 'hamiltonian-quick',
    title: 'Hamiltonian quick',
    description: 'A small Hamiltonian network for the first minutes: three stages of four units, trained on digits within three minutes.',
    config: {
      arch: 'hamiltonian',
      stages: stages([8, 4], [16, 4], [32, 4]),
      // Few units: a longer step lets them do more, and still undoes to rounding. Warm-up and clipping keep the large rate stable.
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
  paper(
    'hamiltonian-74',
    'hamiltonian',
    stages([32, 7], [64, 6], [112, 5]),
    'The 74-layer Hamiltonian network of the paper, 0.43 million parameters.',
  ),
  paper(
    'hamiltonian-218',
    'hamiltonian',
    stages([32, 19], [64, 18], [128, 17]),
    'The 218-layer Hamiltonian network of the paper, 1.68 million parameters.',
  ),
  paper(
    'hamiltonian-1202',
    'hamiltonian',
    stages([32, 101], [64, 100], [128, 99]),
    'The 1,202-layer Hamiltonian network of the paper.',
    deepRecipe,
  ),
  paper('midpoint-26', 'midpoint', stages([32, 5], [64, 4], [112, 3]), 'The 26-layer Midpoint network of the paper.'),
  paper('midpoint-62', 'midpoint', stages([32, 11], [64, 10], [128, 9]), 'The 62-layer Midpoint network of the paper.'),
  paper('leapfrog-26', 'leapfrog', stages([32, 5], [64, 4], [112, 3]), 'The 26-layer Leapfrog network of the paper.'),
  paper('leapfrog-62', 'leapfrog', stages([32, 11], [64, 10], [128, 9]), 'The 62-layer Leapfrog network of the paper.'),
  paper('resnet-32', 'resnet', stages([16, 5], [32, 5], [64, 5]), 'Baseline: the pre-activation ResNet with 32 layers.'),
  paper('resnet-110', 'resnet', stages([16, 18], [32, 18], [64, 18]), 'Baseline: the pre-activation ResNet with 110 layers.'),
  paper('revnet-38', 'revnet', stages([32, 3], [64, 3], [112, 3]), 'Baseline: the reversible residual network with 38 layers.'),
  paper('revnet-110', 'revnet', stages([32, 9], [64, 9], [128, 9]), 'Baseline: the reversible residual network with 110 layers.'),
  mlp('hamiltonian'),
  mlp('midpoint'),
  mlp('leapfrog'),
]
