import { z } from 'zod'
import { DatasetNameSchema } from './dataset-name.js'
import './input-messages.js'
import { MEMORY } from './memory.js'
import { ScheduleInputSchema, ScheduleSchema, type ScheduleInput } from './schedule.js'

/** What forms and documentation show about one configuration key. */
export interface FieldInfo {
  group: 'Network' | 'Training' | 'Data' | 'Evaluation' | 'Run'
  label: string
  help: string
  /** Where the value or the idea comes from: a section of a paper, or the reference implementation. */
  source?: string
  unit?: string
  /** For an object: the units of its properties by name. */
  units?: Readonly<Record<string, string>>
  /** Shown behind "more" in the form. */
  advanced?: boolean
  /** Whether it determines the weights and their shapes, so that a run that starts from given weights cannot change it. */
  shapesWeights?: boolean
  /** For a text that lists names of presets or data sets, or holds one: what the form offers. */
  choose?: 'presets' | 'datasets' | 'preset' | 'dataset'
}

/** Attaches to a schema what forms and documentation show about it. */
export const field = <T extends z.ZodType>(schema: T, info: FieldInfo): T => schema.meta({ field: info }) as T

/** An option that only one architecture has; the schemas are in `numeric/dynamics`. */
export const OptionValueSchema = z.union([z.number(), z.boolean(), z.string().max(100)])
export type OptionValue = z.infer<typeof OptionValueSchema>

/**
 * Lets a schema accept architecture options besides its own keys. `validateNetwork` checks which of them exist and what they allow. The
 * type has only the keys that every configuration has; `ownOptions` returns the rest.
 */
const withOptions = <Schema extends z.ZodObject>(schema: Schema): Schema => schema.catchall(OptionValueSchema) as unknown as Schema

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

/** Defines what a network computes. The keys match the reference fixtures and are part of the checkpoint format. */
const networkKeys = z.strictObject({
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
  maps: field(z.enum(['convolution', 'dense']).default('convolution'), {
    group: 'Network',
    label: 'Linear maps',
    help: 'convolution for images, dense for vectors. Dense networks zero-pad their input to the width of the first stage.',
    source: 'Dense kernels: Haber and Ruthotto 2017, "Stable architectures for deep neural networks"',
    shapesWeights: true,
    advanced: true,
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
})
export const NetworkConfigSchema = withOptions(networkKeys)
export type NetworkConfig = z.infer<typeof NetworkConfigSchema>

/**
 * Whether backpropagation reconstructs activations instead of storing them. Anchors, kept units, the activation budget and the
 * reconstruction error exist only in this case. `validateNetwork` checks whether the architecture supports it.
 */
export const rebuildsActivations = ({ mode }: Pick<NetworkConfig, 'mode'>): boolean => mode === 'reversible'

export const OptimizerSchema = z.enum(['sgd', 'nesterov', 'adam', 'adamw'])

/** Everything that determines what a run computes. It is stored with the run, so that "run again" repeats it. */
export const RunConfigSchema = withOptions(
  networkKeys.extend({
    preset: field(z.string().min(1), { group: 'Run', label: 'Preset', help: 'Preset that this configuration started from.' }),
    dataset: field(DatasetNameSchema, { group: 'Data', label: 'Data set', help: 'Name of an imported data set.' }),
    seed: field(
      z
        .int()
        .min(0)
        .max(2 ** 32 - 1)
        .default(1),
      {
        group: 'Run',
        label: 'Seed',
        help: 'Determines the initial weights, the order of batches and the augmentation.',
      },
    ),
    subset: field(z.number().positive().max(1).default(1), {
      group: 'Data',
      label: 'Subset of the training data',
      unit: 'fraction',
      advanced: true,
      help: 'Fraction of the training images to use, stratified by class. With the same seed, a smaller subset is contained in a larger one.',
      source: 'Chang et al. 2018, section "Experiments": plot of accuracy over 1% to 20% of the data',
    }),
    validation: field(z.number().min(0).max(0.5).default(0), {
      group: 'Data',
      label: 'Validation split',
      unit: 'fraction',
      advanced: true,
      help: 'Fraction of the training images held out for checkpoint selection and early stopping.',
    }),
    augment: field(
      z.strictObject({ pad: z.int().min(0).max(64).default(0), flip: z.boolean().default(false) }).default({ pad: 0, flip: false }),
      {
        group: 'Data',
        label: 'Augmentation',
        units: { pad: 'pixels' },
        help: 'Random crops after padding by this many pixels, and random horizontal flips.',
        source: 'He et al. 2016, section 4.2',
      },
    ),
    batch: field(z.int().min(1).max(65_536).default(100), {
      group: 'Training',
      label: 'Batch size',
      unit: 'images',
      help: 'Images per step.',
      source: 'Chang et al. 2018, section "Experiments": 100, 128 on STL-10',
    }),
    accumulate: field(z.int().min(1).max(65_536).default(1), {
      group: 'Training',
      label: 'Gradient accumulation',
      unit: 'micro-batches',
      help: 'Splits each batch into this many equal micro-batches and updates with the mean of their gradients, using the memory of one micro-batch. Must divide the batch size. Batch norm normalises each micro-batch by its own statistics.',
      source: 'Batch norm on parts of a batch: Hoffer et al. 2017, "Train longer, generalize better", section 4',
      advanced: true,
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
      help: 'sgd is SGD with momentum: v = m v + g; w = w - lr v. adamw is Adam with decoupled weight decay.',
      source:
        'Chang et al. 2018, section "Experiments": SGD with momentum 0.9; Adam: Kingma and Ba 2015; AdamW: Loshchilov and Hutter 2019',
      advanced: true,
    }),
    learningRate: field(z.number().min(0).max(100).default(0.1), {
      group: 'Training',
      label: 'Learning rate',
      help: 'Peak learning rate, which the schedule scales.',
      source: 'Chang et al. 2018, section "Experiments": 0.1',
    }),
    momentum: field(z.number().min(0).max(0.9999).default(0.9), {
      group: 'Training',
      label: 'Momentum',
      help: 'Momentum of sgd and nesterov.',
      source: 'Chang et al. 2018, section "Experiments": 0.9',
      advanced: true,
    }),
    schedule: field(ScheduleSchema.default({ kind: 'constant', warmup: 0 }), {
      group: 'Training',
      label: 'Schedule',
      units: { warmup: 'steps', drops: 'steps' },
      help: 'How the learning rate changes over the run. A schedule in fractions of the run is converted to steps when the run is created.',
      source: 'Chang et al. 2018, section "Experiments": divided by 10 at epochs 80, 120 and 160; one cycle: Smith and Topin 2017',
    }),
    weightDecay: field(z.number().min(0).max(1).default(2e-4), {
      group: 'Training',
      label: 'Weight decay',
      help: 'Adds wd/2 times the sum of squares of convolution and dense kernels to the loss; with adamw, shrinks these kernels by lr wd each step instead.',
      source: 'Chang et al. 2018, section "Experiments": 2e-4, 5e-4 on STL-10 and for 1202 layers',
    }),
    smoothness: field(z.number().min(0).max(10).default(2e-4), {
      group: 'Training',
      label: 'Weight smoothness',
      help: 'Penalty on the difference between the kernels of consecutive units in a stage.',
      source: 'Chang et al. 2018, eq. 19: 2e-4, 3e-4 on STL-10',
    }),
    smoothnessForm: field(z.enum(['authors', 'paper']).default('authors'), {
      group: 'Training',
      label: 'Smoothness form',
      advanced: true,
      help: "authors: a/2 sum |K[j+1]-K[j]|^2 (the authors' code). paper: a h sum |(K[j+1]-K[j])/h|^2.",
      source: "Chang et al. 2018, eq. 19, and the authors' published code",
    }),
    labelSmoothing: field(z.number().min(0).max(0.5).default(0), {
      group: 'Training',
      label: 'Label smoothing',
      help: 'Fraction of the target distribution that is spread evenly over all classes.',
      source: 'Szegedy et al. 2016, "Rethinking the Inception architecture", section 7',
      advanced: true,
    }),
    clipNorm: field(z.number().min(0).max(1e6).default(0), {
      group: 'Training',
      label: 'Gradient clipping',
      help: 'Maximum global norm of the gradient; 0 disables clipping.',
      source: 'Pascanu et al. 2013, "On the difficulty of training recurrent neural networks"',
      advanced: true,
    }),
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
      help: 'Bytes available for keeping activations: as many units as fit keep theirs, the others reconstruct them. 0 keeps memory constant; a larger budget is faster. auto uses half of the free memory.',
      source: 'Checkpointing: Griewank and Walther 2000; Chen et al. 2016',
    }),
    reconstructionTolerance: field(z.number().positive().max(1).default(1e-3), {
      group: 'Evaluation',
      label: 'Reconstruction tolerance',
      help: 'Relative error of reconstructed states above which the run warns.',
      advanced: true,
    }),
    gradientTolerance: field(z.number().min(0).max(1).default(1e-2), {
      group: 'Evaluation',
      label: 'Gradient tolerance',
      help: 'Error of a reversed gradient, relative to the stored gradient of the same parameter, above which the gradients of the run are not trustworthy. Checked on a few images of a batch at steps 1 and 10 and at every evaluation; 0 disables the check.',
      advanced: true,
    }),
    evaluateEvery: field(z.int().min(0).default(0), {
      group: 'Evaluation',
      label: 'Evaluate every',
      unit: 'steps',
      help: 'Steps between evaluations; 0 evaluates once per epoch.',
    }),
    evaluateImages: field(z.int().min(0).default(0), {
      group: 'Evaluation',
      label: 'Images per evaluation',
      help: 'Evaluates on this many images, the first of the held-out set; 0 uses all of them. The final evaluation always uses all test images.',
      advanced: true,
    }),
    evaluationStatistics: field(z.enum(['reestimated', 'running']).default('reestimated'), {
      group: 'Evaluation',
      label: 'Batch norm statistics',
      help: 'Statistics that evaluations normalise by. reestimated: mean and variance over training images with the weights being evaluated. running: moving averages over the last training steps, which lag behind fast-changing weights. Training is the same with either.',
      source: 'Re-estimation: Wu and Johnson 2021, "Rethinking \'Batch\' in BatchNorm", section 3; running: Ioffe and Szegedy 2015',
      advanced: true,
    }),
    selectBy: field(z.enum(['accuracy', 'loss']).default('accuracy'), {
      group: 'Evaluation',
      label: 'Best checkpoint by',
      help: 'Validation metric that selects the best checkpoint. Needs a validation split; the test set is never used for selection.',
      advanced: true,
    }),
    earlyStopping: field(z.int().min(0).default(0), {
      group: 'Evaluation',
      label: 'Early stopping',
      unit: 'evaluations',
      help: 'Stops after this many evaluations without improvement; 0 disables it.',
      advanced: true,
    }),
    execution: field(z.enum(['compiled', 'eager']).default('compiled'), {
      group: 'Run',
      label: 'Execution',
      help: 'compiled runs each step as one TensorFlow graph; eager runs one operation at a time, which is several times slower for small steps.',
      advanced: true,
    }),
    fusedKernels: field(z.boolean().default(true), {
      group: 'Run',
      label: 'Fused kernels',
      help: 'Fuses elementwise operations into the convolutions of compiled steps: faster, and equal up to rounding. Without it, results equal eager execution bit for bit.',
      advanced: true,
    }),
    checkpointSeconds: field(z.number().min(0).max(86_400).default(60), {
      group: 'Run',
      label: 'Checkpoint every',
      unit: 's',
      help: 'Seconds between periodic checkpoints; 0 writes checkpoints only at the start, on pause, on stop and at the end.',
      advanced: true,
    }),
  }),
)
export type RunConfig = z.infer<typeof RunConfigSchema>
export type RunConfigInput = z.input<typeof RunConfigSchema>

type WithoutDefaults<Shape extends z.ZodRawShape> = {
  [Key in keyof Shape]: z.ZodOptional<Shape[Key] extends z.ZodDefault<infer Inner> ? Inner : Shape[Key]>
}

/** Makes every key optional without a default: zod's own `.partial()` would fill in the defaults and overwrite what a preset sets. */
function withoutDefaults<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>) {
  const shape = Object.fromEntries(
    Object.entries(schema.shape).map(([key, value]) => [key, z.optional(value instanceof z.ZodDefault ? value.unwrap() : value)]),
  )
  return withOptions(z.strictObject(shape as WithoutDefaults<Shape>))
}

/** Changes to a preset's configuration by key. Nested objects are replaced as a whole; the schedule may be in fractions of the run. */
export const RunOverridesSchema = withoutDefaults(RunConfigSchema.extend({ schedule: ScheduleInputSchema }))
export type RunOverrides = Partial<Omit<RunConfigInput, 'schedule'> & { schedule: ScheduleInput }>

/** The keys that a run that starts from given weights cannot change. */
export const fixedByWeights = (): (keyof RunConfig)[] =>
  (Object.keys(RunConfigSchema.shape) as (keyof RunConfig)[]).filter((key) => fieldInfo(RunConfigSchema.shape[key])?.shapesWeights)

/** What forms and documentation show about a key's schema. */
export function fieldInfo(schema: z.ZodType): FieldInfo | undefined {
  return schema.meta()?.field as FieldInfo | undefined
}
