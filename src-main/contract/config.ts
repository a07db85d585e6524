import { z } from 'zod'

/** What a form or the documentation shows of one key of the configuration. */
export interface FieldInfo {
  group: 'Network' | 'Training' | 'Data' | 'Evaluation' | 'Run'
  label: string
  help: string
  /** Where the value or the idea comes from: a paper's section, or the reference implementation. */
  source?: string
  unit?: string
  /** Shown behind "more" in the form. */
  advanced?: boolean
  /** Decides which weights there are and their shapes, so that a run which begins with given ones cannot change it. */
  shapesWeights?: boolean
}

const field = <T extends z.ZodType>(schema: T, info: FieldInfo): T => schema.meta({ field: info }) as T

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

/** What a network computes. The keys are those of the reference fixtures and part of the checkpoint format. */
export const NetworkConfigSchema = z.strictObject({
  arch: field(z.string().min(1), {
    group: 'Network',
    label: 'Architecture',
    help: 'The dynamics of the stages, or a baseline.',
    source: 'Chang et al. 2018, sections 3.1 to 3.3; He et al. 2016 (ResNet); Gomez et al. 2017 (RevNet)',
    shapesWeights: true,
  }),
  classes: field(z.int().min(2).max(100_000), { group: 'Data', label: 'Classes', help: 'Set by the data set.', shapesWeights: true }),
  image: field(ImageShapeSchema, { group: 'Data', label: 'Image shape', help: 'Set by the data set.', shapesWeights: true }),
  stages: field(z.array(StageSchema).min(1).max(16), {
    group: 'Network',
    label: 'Stages',
    help: 'Channels and units of each stage; between stages the image is pooled 2x2.',
    source: 'Chang et al. 2018, table 1',
    shapesWeights: true,
  }),
  h: field(z.number().positive().max(10).default(0.1), {
    group: 'Network',
    label: 'Step size h',
    source: 'Chang et al. 2018, eq. 8 (value not given there; 0.1 is ours)',
    help: 'Step of the integration. Large h times depth makes the reversal inexact; the reconstruction error shows it.',
  }),
  activation: field(z.enum(['relu', 'tanh', 'sigmoid', 'elu', 'softplus', 'selu', 'identity']).default('relu'), {
    group: 'Network',
    label: 'Activation',
    help: 'The pointwise function inside the stages.',
    source: 'Chang et al. 2018, section 3',
  }),
  start: field(z.enum(['zero', 'rest']).default('zero'), {
    group: 'Network',
    label: 'Start rule',
    help: 'Two-step schemes begin from Y[-1] = 0 (zero) or Y[-1] = Y[0] (rest).',
    source: 'Chang et al. 2018, eq. 17',
    advanced: true,
  }),
  unitNorm: field(z.enum(['none', 'batch']).default('none'), {
    group: 'Network',
    label: 'Normalisation inside units',
    help: "Batch norm inside the units, as in the authors' last code.",
    source: "The authors' published code",
    shapesWeights: true,
    advanced: true,
  }),
  maps: field(z.enum(['convolution', 'dense']).default('convolution'), {
    group: 'Network',
    label: 'Linear maps',
    help: 'Convolutions on images; dense kernels on vectors, whose input is zero-padded to the width.',
    source: 'Dense kernels: Haber and Ruthotto 2017, "Stable architectures for deep neural networks"',
    shapesWeights: true,
    advanced: true,
  }),
  mode: field(z.enum(['reversible', 'stored']).default('reversible'), {
    group: 'Network',
    label: 'Back-propagation',
    help: 'reversible rebuilds activations, so that memory does not grow with depth; stored keeps them all.',
    source: 'Gomez et al. 2017; Chang et al. 2018, section 3.3',
  }),
  frozenStages: field(z.boolean().default(false), {
    group: 'Network',
    label: 'Control: frozen stages',
    advanced: true,
    help: 'Sets the parameters of the stages to zero and never trains them: what stem and head reach alone.',
  }),
})
export type NetworkConfig = z.infer<typeof NetworkConfigSchema>

export const ScheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), warmup: z.int().min(0).default(0) }),
  z.strictObject({
    kind: z.literal('piecewise'),
    warmup: z.int().min(0).default(0),
    /** Steps at which the learning rate is multiplied by `factor`. */
    drops: z.array(z.int().positive()).max(64),
    factor: z.number().positive().max(1).default(0.1),
  }),
  z.strictObject({ kind: z.literal('cosine'), warmup: z.int().min(0).default(0) }),
  z.strictObject({ kind: z.literal('onecycle'), warmup: z.int().min(0).default(0) }),
])
export type Schedule = z.infer<typeof ScheduleSchema>

export const OptimizerSchema = z.enum(['sgd', 'nesterov', 'adam'])

/** Everything that decides what a run computes; stored whole with the run, so that "run again" repeats it. */
export const RunConfigSchema = NetworkConfigSchema.extend({
  preset: field(z.string().min(1), { group: 'Run', label: 'Preset', help: 'The starting point of this configuration.' }),
  dataset: field(z.string().min(1), { group: 'Data', label: 'Data set', help: 'Name of an imported data set.' }),
  seed: field(
    z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(1),
    {
      group: 'Run',
      label: 'Seed',
      help: 'Initial weights, batches and augmentation all derive from it.',
    },
  ),
  subset: field(z.number().positive().max(1).default(1), {
    group: 'Data',
    label: 'Subset of the training data',
    unit: 'fraction',
    advanced: true,
    help: 'Stratified and seeded; a smaller subset is contained in a larger one of the same seed.',
    source: 'Chang et al. 2018, section "Experiments": plot of accuracy over 1% to 20% of the data',
  }),
  validation: field(z.number().min(0).max(0.5).default(0), {
    group: 'Data',
    label: 'Validation split',
    unit: 'fraction',
    advanced: true,
    help: 'Part of the training images kept apart for selecting checkpoints and early stopping.',
  }),
  augment: field(
    z.strictObject({ pad: z.int().min(0).max(64).default(0), flip: z.boolean().default(false) }).default({ pad: 0, flip: false }),
    {
      group: 'Data',
      label: 'Augmentation',
      help: 'Pad and random crop by so many pixels; random horizontal flip.',
      source: 'He et al. 2016, section 4.2',
    },
  ),
  batch: field(z.int().min(1).max(65_536).default(100), {
    group: 'Training',
    label: 'Batch size',
    unit: 'images',
    help: 'Images a step.',
    source: 'Chang et al. 2018, section "Experiments": 100, 128 on STL-10',
  }),
  steps: field(z.int().min(1).max(100_000_000).default(1000), {
    group: 'Training',
    label: 'Steps',
    unit: 'steps',
    help: 'Length of the run.',
  }),
  optimizer: field(OptimizerSchema.default('sgd'), {
    group: 'Training',
    label: 'Optimizer',
    help: 'sgd is momentum SGD: v = m v + g; w = w - lr v.',
    source: 'Chang et al. 2018, section "Experiments": SGD with momentum 0.9; Adam: Kingma and Ba 2015',
    advanced: true,
  }),
  learningRate: field(z.number().min(0).max(100).default(0.1), {
    group: 'Training',
    label: 'Learning rate',
    help: 'Peak learning rate; the schedule scales it.',
    source: 'Chang et al. 2018, section "Experiments": 0.1',
  }),
  momentum: field(z.number().min(0).max(0.9999).default(0.9), {
    group: 'Training',
    label: 'Momentum',
    help: 'Of SGD.',
    source: 'Chang et al. 2018, section "Experiments": 0.9',
    advanced: true,
  }),
  schedule: field(ScheduleSchema.default({ kind: 'constant', warmup: 0 }), {
    group: 'Training',
    label: 'Schedule',
    help: 'How the learning rate changes over the run.',
    source: 'Chang et al. 2018, section "Experiments": divided by 10 at epochs 80, 120 and 160; one cycle: Smith and Topin 2017',
  }),
  weightDecay: field(z.number().min(0).max(1).default(2e-4), {
    group: 'Training',
    label: 'Weight decay',
    help: 'wd/2 times the sum of squares of convolution and dense kernels.',
    source: 'Chang et al. 2018, section "Experiments": 2e-4, 5e-4 on STL-10 and for 1202 layers',
  }),
  smoothness: field(z.number().min(0).max(10).default(2e-4), {
    group: 'Training',
    label: 'Weight smoothness',
    help: 'Penalty on the difference of kernels that follow one another in a stage.',
    source: 'Chang et al. 2018, eq. 19: 2e-4, 3e-4 on STL-10',
  }),
  smoothnessForm: field(z.enum(['authors', 'paper']).default('authors'), {
    group: 'Training',
    label: 'Form of smoothness',
    advanced: true,
    help: "authors: a/2 sum |K[j+1]-K[j]|^2 (the authors' code). paper: a h sum |(K[j+1]-K[j])/h|^2.",
    source: "Chang et al. 2018, eq. 19, and the authors' published code",
  }),
  labelSmoothing: field(z.number().min(0).max(0.5).default(0), {
    group: 'Training',
    label: 'Label smoothing',
    help: 'Part of the target spread over all classes.',
    source: 'Szegedy et al. 2016, "Rethinking the Inception architecture", section 7',
    advanced: true,
  }),
  clipNorm: field(z.number().min(0).max(1e6).default(0), {
    group: 'Training',
    label: 'Gradient clipping',
    help: 'Largest global norm of the gradient; 0 is off.',
    source: 'Pascanu et al. 2013, "On the difficulty of training recurrent neural networks"',
    advanced: true,
  }),
  anchorEvery: field(z.union([z.int().min(0), z.literal('auto')]).default(0), {
    group: 'Network',
    label: 'Anchor every k units',
    unit: 'units',
    advanced: true,
    help: 'Stores every k-th state so that rebuilt states stay right for large h or great depth; 0 is off, auto chooses k from the measured error.',
    source: 'The idea of checkpoints: Griewank and Walther 2000; Chen et al. 2016',
  }),
  memoryBudget: field(z.union([z.int().min(0), z.literal('auto')]).default(0), {
    group: 'Network',
    label: 'Memory for kept activations',
    unit: 'bytes',
    advanced: true,
    help: 'Keeps the activations of as many units as fit and rebuilds the rest: 0 is constant memory, more is faster. auto takes half of the free memory.',
    source: 'The idea of checkpoints: Griewank and Walther 2000; Chen et al. 2016',
  }),
  reconstructionTolerance: field(z.number().positive().max(1).default(1e-3), {
    group: 'Evaluation',
    label: 'Reconstruction tolerance',
    help: 'Relative error of rebuilt states above which the run warns.',
    advanced: true,
  }),
  evaluateEvery: field(z.int().min(0).default(0), {
    group: 'Evaluation',
    label: 'Evaluate every',
    unit: 'steps',
    help: '0 is once an epoch.',
  }),
  evaluateImages: field(z.int().min(0).default(0), {
    group: 'Evaluation',
    label: 'Images per evaluation',
    help: 'The first so many images of the held-out set; 0 is all. The last evaluation takes all test images.',
    advanced: true,
  }),
  selectBy: field(z.enum(['accuracy', 'loss']).default('accuracy'), {
    group: 'Evaluation',
    label: 'Best checkpoint by',
    help: 'Needs a validation split; the test set never selects.',
    advanced: true,
  }),
  earlyStopping: field(z.int().min(0).default(0), {
    group: 'Evaluation',
    label: 'Early stopping',
    unit: 'evaluations',
    help: 'Stops after so many evaluations without improvement; 0 is off.',
    advanced: true,
  }),
  execution: field(z.enum(['compiled', 'eager']).default('compiled'), {
    group: 'Run',
    label: 'Execution',
    help: 'compiled runs each step as one TensorFlow graph; eager runs operation by operation, several times slower for small steps.',
    advanced: true,
  }),
  fusedKernels: field(z.boolean().default(true), {
    group: 'Run',
    label: 'Fused kernels',
    help: 'Compiled steps merge elementwise operations into convolutions: faster, and equal but for rounding. Off gives the bits of eager execution.',
    advanced: true,
  }),
  checkpointSeconds: field(z.number().min(0).max(86_400).default(60), {
    group: 'Run',
    label: 'Checkpoint every',
    unit: 's',
    help: 'Seconds between checkpoints; 0 only at the start, on pause, on stop and at the end.',
    advanced: true,
  }),
})
export type RunConfig = z.infer<typeof RunConfigSchema>
export type RunConfigInput = z.input<typeof RunConfigSchema>

type WithoutDefaults<Shape extends z.ZodRawShape> = {
  [Key in keyof Shape]: z.ZodOptional<Shape[Key] extends z.ZodDefault<infer Inner> ? Inner : Shape[Key]>
}

/** Every key may be absent and then stays absent; zod's own `.partial()` would fill in the defaults, which overwrote what a preset sets. */
function withoutDefaults<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>) {
  const shape = Object.fromEntries(
    Object.entries(schema.shape).map(([key, value]) => [key, z.optional(value instanceof z.ZodDefault ? value.unwrap() : value)]),
  )
  return z.strictObject(shape as WithoutDefaults<Shape>)
}

/** A change to a preset's configuration, by key; nested objects are replaced whole. */
export const RunOverridesSchema = withoutDefaults(RunConfigSchema)
export const NetworkOverridesSchema = withoutDefaults(NetworkConfigSchema)
export type RunOverrides = Partial<RunConfigInput>

/** Keys that a run which begins with given weights cannot change. */
export const fixedByWeights = (): (keyof RunConfig)[] =>
  (Object.keys(RunConfigSchema.shape) as (keyof RunConfig)[]).filter((key) => fieldInfo(RunConfigSchema.shape[key])?.shapesWeights)

/** The schema's description of one key, for forms and documentation. */
export function fieldInfo(schema: z.ZodType): FieldInfo | undefined {
  return schema.meta()?.field as FieldInfo | undefined
}
