import { z } from 'zod'
import { Base64Schema } from './base64.js'
import { field } from './config.js'
import { ERROR_CODES } from './errors.js'
import { HeatmapFigureSchema, LabResultSchema, LabSourceSchema, LabTableSchema, LabTargetSchema, LineFigureSchema } from './lab.js'

/**
 * Instruments of the lab: what a diagnostic measures once, they compute for every position of a slider. Meanwhile, a resident process keeps
 * the network in memory. Nothing is stored.
 */

/** Number of stored mantissa bits of a float32. */
export const MANTISSA_BITS = 23

/** Parameters of a network that can be changed to find out when its inversion fails; the diagnostic Reversal has the same options. */
export const REVERSAL_KNOBS = {
  hFactor: field(z.number().min(0.01).max(100).default(1), {
    group: 'Network',
    label: 'Factor on h',
    help: 'Multiplies the step size of every unit. The first unit of a network with batch norm in its units keeps h = 1.',
  }),
  repeat: field(z.int().min(1).max(64).default(1), {
    group: 'Network',
    label: 'Repeat units',
    unit: 'times',
    help: 'Applies every unit this many times in a row to make the network deeper. Units that widen and the first unit of a network with batch norm in its units are not repeated.',
  }),
  mantissaBits: field(z.union([z.literal(23), z.literal(10), z.literal(7)]).default(MANTISSA_BITS), {
    group: 'Network',
    label: 'Mantissa bits of the stored state',
    unit: 'bits',
    help: 'Rounds the stored output of each stage: 23 bits are float32, 10 are TF32 and float16, 7 are bfloat16.',
  }),
} as const

export const toleranceOption = field(z.number().positive().max(1).default(1e-3), {
  group: 'Evaluation',
  label: 'Tolerance',
  unit: 'relative',
  help: 'The first unit with a larger reconstruction error is marked.',
})

/** The mean and variance with which batch norm normalises. */
export const statisticsOption = field(z.enum(['batch', 'running']).default('batch'), {
  group: 'Evaluation',
  label: 'Batch norm statistics',
  help: 'batch: fixed mean and variance of the given training images. running: the running averages of training.',
  source: 'Ioffe and Szegedy 2015, algorithm 2',
})

/** Number of images that can be chosen in the inspector: the first training images in the order of the lab. */
export const INSPECTOR_IMAGES = 200

/** Maximum number of base64 characters of a user's own image: 512x512 with three channels. */
const MOST_PIXELS = 2 ** 20

export const InspectorSettingSchema = z.strictObject({
  instrument: z.literal('inspector'),
  ...REVERSAL_KNOBS,
  statistics: statisticsOption,
  tolerance: toleranceOption,
  /** Whether gradients are compared as well, which takes longer than comparing states. */
  gradients: z.boolean().default(true),
  /** Index of the training image that is shown. */
  image: z
    .int()
    .min(0)
    .max(INSPECTOR_IMAGES - 1)
    .default(0),
  /** An image of the user, used instead: pixels in the shape of the data set's images, uint8 in base64. */
  given: Base64Schema.max(MOST_PIXELS).nullable().default(null),
  /** Counted from 1; the last channel if a state has fewer. */
  channel: z.int().min(1).max(4096).default(1),
})
export type InspectorSetting = z.infer<typeof InspectorSettingSchema>

/** A state that enters a unit: values row by row, float32. A vector is one row of coordinates. */
const StateMapSchema = z.strictObject({
  /** Row index in the table. */
  at: z.int().min(0),
  height: z.int().min(1),
  width: z.int().min(1),
  /** The state of the forward pass, and the reconstructed one. */
  stored: Base64Schema,
  rebuilt: Base64Schema,
})
export type StateMap = z.infer<typeof StateMapSchema>

export const InspectorViewSchema = z.strictObject({
  instrument: z.literal('inspector'),
  /** Errors by unit, in order through all stages, as reported by the diagnostic Reversal. */
  table: LabTableSchema,
  figure: LineFigureSchema,
  summary: LabResultSchema.shape.summary,
  /** Some of the units, in order. */
  maps: z.array(StateMapSchema),
  /**
   * The image itself; its values are normalised, float32 [height, width, channels]. The label of a user's own image is the predicted class.
   */
  input: z.strictObject({ height: z.int(), width: z.int(), channels: z.int(), values: Base64Schema, label: z.int() }),
  /** Number of images in the batch, including the shown one. */
  images: z.int(),
  /** Number of images to choose from. */
  choice: z.int(),
  /** Step size of the units. */
  h: z.number(),
  /** Whether the network contains batch norm. */
  normalised: z.boolean(),
  notes: z.array(z.string()),
  seconds: z.number(),
})
export type InspectorView = z.infer<typeof InspectorViewSchema>

/** Maximum number of points of a flow, and of lines of its grid in either direction. */
export const FLOW_POINTS = 400
export const FLOW_GRID = 41

export const FlowSettingSchema = z.strictObject({
  instrument: z.literal('flow'),
  ...REVERSAL_KNOBS,
  statistics: statisticsOption,
  points: field(z.int().min(2).max(FLOW_POINTS).default(200), {
    group: 'Data',
    label: 'Points',
    unit: 'training samples',
    help: 'Number of training samples that are followed through the network.',
  }),
  projection: field(z.enum(['coordinates', 'principal']).default('principal'), {
    group: 'Evaluation',
    label: 'Projection',
    help: 'coordinates: the first two coordinates of the state. principal: the two principal components of the states of all units together, so that every unit is seen in the same projection.',
    source: 'Pearson 1901',
  }),
})
export type FlowSetting = z.infer<typeof FlowSettingSchema>

export const FlowViewSchema = z.strictObject({
  instrument: z.literal('flow'),
  /** The place of a state: before a unit, or after the last one of a stage. Stage and unit are counted from 1. */
  places: z.array(z.strictObject({ stage: z.int(), unit: z.int(), end: z.boolean() })).min(1),
  /** Projected states, float32 [places, points, 2]. */
  forward: Base64Schema,
  /** The same, reconstructed from the end of each stage; null if the network is not reversible. */
  backward: Base64Schema.nullable(),
  /** The class of each point, and the predicted one, by index. */
  labels: z.array(z.int()),
  predicted: z.array(z.int()),
  /** Points of a lattice over the input plane, row by row; null if the input is not a plane. */
  grid: z
    .strictObject({
      size: z.int().min(2),
      /** Minimum and maximum of the first, then of the second coordinate. */
      extent: z.tuple([z.number(), z.number(), z.number(), z.number()]),
      forward: Base64Schema,
      backward: Base64Schema.nullable(),
      predicted: z.array(z.int()),
    })
    .nullable(),
  /** Labels of the two axes. */
  axes: z.tuple([z.string(), z.string()]),
  h: z.number(),
  normalised: z.boolean(),
  notes: z.array(z.string()),
  seconds: z.number(),
})
export type FlowView = z.infer<typeof FlowViewSchema>

/** How a network is converted to spiking neurons; the diagnostic Spiking neurons has the same options. */
export const CONVERSION_KNOBS = {
  junction: field(z.enum(['balanced', 'equal', 'unit']).default('balanced'), {
    group: 'Network',
    label: 'Junctions of residual blocks',
    help: 'balanced: the identity path is weighted by 1/V of the branch’s first layer, so that the sum is that of the analog network. equal: weight 1, with equal thresholds in front of the junction. unit: weight 1 only.',
    source: 'balanced: derived here, as in Hu et al. 2018; equal: Sengupta et al. 2019, section 3 (recalled, not read)',
  }),
  coding: field(z.enum(['poisson', 'constant']).default('poisson'), {
    group: 'Data',
    label: 'Input',
    help: 'poisson: a pixel p sends a spike of its sign with probability |p| / max|p| in every step. constant: its value is an input current.',
    source: 'Sengupta et al. 2019, section 2.2',
  }),
  calibrationImages: field(z.int().min(1).max(4096).default(32), {
    group: 'Data',
    label: 'Images for the thresholds',
    unit: 'training images',
    help: 'Spike-Norm takes the largest input of each layer over so many training images. Thresholds grow with their number.',
    source: 'Sengupta et al. 2019, algorithm 1',
  }),
  calibrationSteps: field(z.int().min(1).max(4096).default(64), {
    group: 'Evaluation',
    label: 'Steps for the thresholds',
    unit: 'time steps',
    help: 'Time steps for which each layer is watched. Thresholds grow with their number.',
  }),
} as const

/** Maximum number of time steps that are simulated. */
export const SPIKES_STEPS = 256

export const SpikesSettingSchema = z.strictObject({
  instrument: z.literal('spikes'),
  ...CONVERSION_KNOBS,
  reset: field(z.enum(['soft', 'hard']).default('soft'), {
    group: 'Network',
    label: 'Reset',
    help: 'soft: a spike takes the threshold off the potential. hard: it sets the potential to 0.',
  }),
  timeSteps: field(z.int().min(1).max(SPIKES_STEPS).default(64), {
    group: 'Evaluation',
    label: 'Time steps',
    unit: 'steps',
    help: 'Steps for which the spikes of one image are followed.',
  }),
  /** Index of the training image that is shown. */
  image: z
    .int()
    .min(0)
    .max(INSPECTOR_IMAGES - 1)
    .default(0),
})
export type SpikesSetting = z.infer<typeof SpikesSettingSchema>

export const SpikesViewSchema = z.strictObject({
  instrument: z.literal('spikes'),
  steps: z.int().min(1),
  /** The input, then the layers of neurons in order. */
  layers: z
    .array(
      z.strictObject({
        name: z.string(),
        height: z.int().min(1),
        width: z.int().min(1),
        channels: z.int().min(1),
        /** Spikes of all channels at a place, summed; negative for spikes of negative input. int8 [steps, height, width]. */
        spikes: Base64Schema,
      }),
    )
    .min(1),
  /** Logits accumulated up to each step, float32 [steps, classes]. */
  output: Base64Schema,
  /** The class of the image, and the one that the analog network predicts. */
  label: z.int(),
  analog: z.int(),
  /** Fraction of the neurons of each layer that spike in each step. */
  table: LabTableSchema,
  figure: HeatmapFigureSchema,
  summary: LabResultSchema.shape.summary,
  /** Number of images to choose from. */
  choice: z.int(),
  notes: z.array(z.string()),
  seconds: z.number(),
})
export type SpikesView = z.infer<typeof SpikesViewSchema>

export const InstrumentSettingSchema = z.discriminatedUnion('instrument', [InspectorSettingSchema, FlowSettingSchema, SpikesSettingSchema])
export type InstrumentSetting = z.infer<typeof InstrumentSettingSchema>
export const InstrumentViewSchema = z.discriminatedUnion('instrument', [InspectorViewSchema, FlowViewSchema, SpikesViewSchema])
export type InstrumentView = z.infer<typeof InstrumentViewSchema>

/** The instruments as listed in the window. */
export const INSTRUMENTS: readonly { id: InstrumentSetting['instrument']; title: string; question: string }[] = [
  {
    id: 'inspector',
    title: 'Reversal inspector',
    question:
      'What does an image look like in every unit, on the way forward and reconstructed on the way back, and where does the reversal break?',
  },
  {
    id: 'flow',
    title: 'Flow of points',
    question: 'How do the units move samples, and the plane they lie in, until the classes can be told apart?',
  },
  {
    id: 'spikes',
    title: 'Spikes through the layers',
    question: 'How do the spikes of an image run through the layers of the converted network, and from when on does it know the class?',
  },
]

/** A request of a window. */
export const LookSchema = z.strictObject({ target: LabTargetSchema, setting: InstrumentSettingSchema })
export type Look = z.infer<typeof LookSchema>

/** Request and response of the resident process, which handles one at a time. */
export const LookRequestSchema = z.strictObject({
  source: LabSourceSchema,
  /** Content hashes of the source's files: cached content is reloaded when they change. */
  content: z.array(z.string()),
  setting: InstrumentSettingSchema,
})
export type LookRequest = z.infer<typeof LookRequestSchema>

export const LookReportSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('view'), view: InstrumentViewSchema }),
  z.strictObject({ kind: z.literal('error'), code: z.enum(ERROR_CODES), message: z.string() }),
])
export type LookReport = z.infer<typeof LookReportSchema>
