import { z } from 'zod'
import { MEMORY } from '../memory.js'
import { field } from './field.js'

export const StageSchema = z.strictObject({
  channels: z.int().min(1).max(4096),
  units: z.int().min(1).max(10_000),
})
export type Stage = z.infer<typeof StageSchema>

export const ImageShapeSchema = z.strictObject({
  height: z.int().min(1).max(1024),
  width: z.int().min(1).max(1024),
  channels: z.int().min(1).max(1024),
})
export type ImageShape = z.infer<typeof ImageShapeSchema>

/** What a network computes. The keys match the reference fixtures and are part of the checkpoint format. */
export const networkKeys = {
  arch: field(z.string().min(1), {
    group: 'Network',
    label: 'Architecture',
    help: 'Dynamics of the residual stages, or a baseline network.',
    source: 'Chang et al. 2018, sections 3.1 to 3.3; He et al. 2016 (ResNet); Gomez et al. 2017 (RevNet)',
    shapesWeights: true,
  }),
  classes: field(z.int().min(2).max(100_000), {
    group: 'Data',
    label: 'Classes',
    help: 'Number of classes, set by the data set.',
    shapesWeights: true,
  }),
  image: field(ImageShapeSchema, {
    group: 'Data',
    label: 'Image shape',
    help: 'Height, width and channels, set by the data set.',
    shapesWeights: true,
  }),
  stages: field(z.array(StageSchema).min(1).max(16), {
    group: 'Network',
    label: 'Stages',
    help: 'Channels and units of each stage. Images are pooled 2x2 between stages.',
    source: 'Chang et al. 2018, table 1',
    shapesWeights: true,
  }),
  h: field(z.number().positive().max(10).default(0.1), {
    group: 'Network',
    label: 'Step size h',
    source: 'Chang et al. 2018, eq. 8 (value not given there; 0.1 is ours)',
    help: 'Integration step size. When h times depth is large, the reversal becomes inexact; the reconstruction error measures by how much.',
  }),
  activation: field(z.enum(['relu', 'tanh', 'sigmoid', 'elu', 'softplus', 'selu', 'identity']).default('relu'), {
    group: 'Network',
    label: 'Activation',
    help: 'Pointwise nonlinearity inside the units.',
    source: 'Chang et al. 2018, section 3',
  }),
  start: field(z.enum(['zero', 'rest']).default('zero'), {
    group: 'Network',
    label: 'Start rule',
    help: 'Initial state of two-step schemes: Y[-1] = 0 (zero) or Y[-1] = Y[0] (rest).',
    source: 'Chang et al. 2018, eq. 17',
    advanced: true,
  }),
  unitNorm: field(z.enum(['none', 'batch']).default('none'), {
    group: 'Network',
    label: 'Unit normalisation',
    help: "Batch norm inside the units, as in the last version of the authors' code.",
    source: "The authors' published code",
    shapesWeights: true,
    advanced: true,
  }),
  edgeNorm: field(z.enum(['batch', 'none']).default('batch'), {
    group: 'Network',
    label: 'Normalisation of stem and head',
    help: 'Batch norm after the first convolution and before pooling. none leaves it out (and the ReLU of the head with it), so that a network whose units have none is free of batch norm. Dense networks have none.',
    source: 'none: Hardt and Ma 2017, "Identity matters in deep learning", section 4; Sengupta et al. 2019',
    shapesWeights: true,
    advanced: true,
    since: { version: 8, before: 'batch' },
  }),
  fixedHead: field(z.boolean().default(false), {
    group: 'Network',
    label: 'Fixed random head',
    help: 'The matrix of the last layer keeps its random initial values; only its bias is trained.',
    source: 'Hardt and Ma 2017, "Identity matters in deep learning", section 4',
    advanced: true,
    since: { version: 8, before: false },
  }),
  headSolver: field(z.enum(['gradient', 'newton']).default('gradient'), {
    group: 'Network',
    label: 'Last layer',
    help: 'gradient trains it with the rest. newton solves for the best last layer after every step (variable projection), in double precision and with the weight decay as its penalty, biases included; only for dense networks trained on all images at once.',
    source: 'Haber and Ruthotto 2017, section 5; Golub and Pereyra 1973',
    advanced: true,
    since: { version: 10, before: 'gradient' },
  }),
  init: field(z.enum(['he', 'small']).default('he'), {
    group: 'Network',
    label: 'Initial kernels',
    help: 'he: standard deviation sqrt(2 / 9c) for convolutions to c channels. small: 1 / 9c, so that residual units begin next to the identity; without batch norm such networks need thousands of steps.',
    source: 'small: Hardt and Ma 2017, "Identity matters in deep learning", section 4',
    advanced: true,
    since: { version: 8, before: 'he' },
  }),
  maps: field(z.enum(['convolution', 'dense']).default('convolution'), {
    group: 'Network',
    label: 'Linear maps',
    help: 'convolution for images, dense for vectors. Dense networks zero-pad their input to the width of the first stage, unless they have a dense stem.',
    source: 'Dense kernels: Haber and Ruthotto 2017, "Stable architectures for deep neural networks"',
    shapesWeights: true,
    advanced: true,
  }),
  denseStem: field(z.boolean().default(false), {
    group: 'Network',
    label: 'Dense stem',
    help: 'Dense networks begin with a trained matrix and a ReLU in the place of zero-padding, so that they take images (as vectors of their pixels) and inputs of any width.',
    shapesWeights: true,
    advanced: true,
    since: { version: 8, before: false },
  }),
  mode: field(z.enum(['reversible', 'stored']).default('reversible'), {
    group: 'Network',
    label: 'Backpropagation',
    help: 'reversible reconstructs activations during the backward pass, so that memory does not grow with depth; stored keeps them all.',
    source: 'Gomez et al. 2017; Chang et al. 2018, section 3.3',
  }),
  frozenStages: field(z.boolean().default(false), {
    group: 'Network',
    label: 'Control: frozen stages',
    advanced: true,
    help: 'Fixes the parameters of the stages at zero, to measure what stem and head achieve on their own.',
  }),
}

/** What reversible backpropagation keeps. */
export const memoryKeys = {
  anchorEvery: field(z.union([z.int().min(0), z.literal('auto')]).default(0), {
    group: 'Network',
    label: 'Anchor every k units',
    unit: 'units',
    advanced: true,
    help: 'Stores every k-th state, so that reconstructed states stay accurate at large h or great depth. 0 disables anchors; auto chooses k from the measured gradient error.',
    source: 'Checkpointing: Griewank and Walther 2000; Chen et al. 2016',
  }),
  memoryBudget: field(z.union([z.int().min(0), z.literal('auto')]).default(0), {
    group: 'Network',
    label: MEMORY.activationBudget.label,
    unit: 'bytes',
    advanced: true,
    since: { version: 2, before: 0 },
    help: 'Bytes available for keeping activations: as many units as fit keep theirs, the others reconstruct them. 0 keeps memory constant; a larger budget is faster. auto uses half of the free memory.',
    source: 'Checkpointing: Griewank and Walther 2000; Chen et al. 2016',
  }),
}
