import { z } from 'zod'
import { DatasetNameSchema } from '../dataset-name.js'
import { field } from './field.js'

/** What a run starts from. */
export const originKeys = {
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
}

/** How a run is executed. */
export const executionKeys = {
  execution: field(z.enum(['compiled', 'eager']).default('compiled'), {
    group: 'Run',
    label: 'Execution',
    help: 'compiled runs each step as one TensorFlow graph; eager runs one operation at a time, which is several times slower for small steps.',
    advanced: true,
    since: { version: 2, before: 'eager' },
  }),
  fusedKernels: field(z.boolean().default(true), {
    group: 'Run',
    label: 'Fused kernels',
    help: 'Fuses elementwise operations into the convolutions of compiled steps: faster, and equal up to rounding. Without it, results equal eager execution bit for bit.',
    advanced: true,
    since: { version: 2, before: false },
  }),
  checkpointSeconds: field(z.number().min(0).max(86_400).default(60), {
    group: 'Run',
    label: 'Checkpoint every',
    unit: 's',
    help: 'Seconds between periodic checkpoints; 0 writes checkpoints only at the start, on pause, on stop and at the end.',
    advanced: true,
  }),
}
