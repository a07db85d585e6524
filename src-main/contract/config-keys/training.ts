import { z } from 'zod'
import { ScheduleSchema } from '../schedule.js'
import { field } from './field.js'

export const OptimizerSchema = z.enum(['sgd', 'nesterov', 'adam', 'adamw'])

/** How the network is trained. */
export const trainingKeys = {
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
    since: { version: 5, before: 1 },
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
    source: 'Chang et al. 2018, section "Experiments": SGD with momentum 0.9; Adam: Kingma and Ba 2015; AdamW: Loshchilov and Hutter 2019',
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
  smoothnessForm: field(z.enum(['authors', 'paper', 'haber-ruthotto']).default('authors'), {
    group: 'Training',
    label: 'Smoothness form',
    advanced: true,
    help: "authors: a/2 sum |K[j+1]-K[j]|^2 (the authors' code). paper: a h sum |(K[j+1]-K[j])/h|^2. haber-ruthotto: half of that, over kernels and biases.",
    source: "Chang et al. 2018, eq. 19, and the authors' published code; Haber and Ruthotto 2017",
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
}
