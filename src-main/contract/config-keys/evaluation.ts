import { z } from 'zod'
import { field } from './field.js'

/** What is measured during and after a run, and what follows from it. */
export const evaluationKeys = {
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
    since: { version: 3, before: 0 },
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
  sharpness: field(z.boolean().default(false), {
    group: 'Evaluation',
    label: 'Measure sharpness',
    help: 'Measures at every evaluation the largest eigenvalue of the Hessian, and its product with the learning rate, next to the stability limit, as the diagnostic Sharpness of the lab does. Costs up to 64 gradients of 32 images, in stored mode, at each evaluation. Training is the same with and without it.',
    source: 'Nar and Sastry 2018, "Residual networks: Lyapunov stability and convex decomposition"',
    advanced: true,
    since: { version: 6, before: false },
  }),
  volume: field(z.boolean().default(false), {
    group: 'Evaluation',
    label: 'Measure volume and drift',
    help: 'Measures at every evaluation by how much each stage changes volume and moves its state, as the diagnostic Volume and drift of the lab does. Costs about as much as two passes of as many images as a state has numbers (at most 512). Training is the same with and without it.',
    source: 'Unterthiner and Hochreiter 2016, "Understanding very deep networks via volume conservation" (abstract)',
    advanced: true,
    since: { version: 10, before: false },
  }),
  histograms: field(z.int().min(0).default(0), {
    group: 'Evaluation',
    label: 'Histograms every',
    unit: 'steps',
    help: 'Steps between histograms of weights, gradients and activations of every unit, as the diagnostic Distributions of the lab has them; 0 collects none. Each time takes about as long as two training steps and 0.5 KiB a unit (hamiltonian-74 with batches of 100: 1.7 steps, 9 KiB). A run keeps 4 MiB or 16 steps, of which earlier ones lie farther apart. Training is the same with and without them.',
    advanced: true,
    since: { version: 7, before: 0 },
  }),
  evaluationStatistics: field(z.enum(['reestimated', 'running']).default('reestimated'), {
    group: 'Evaluation',
    label: 'Batch norm statistics',
    help: 'Statistics that evaluations normalise by. reestimated: mean and variance over training images with the weights being evaluated. running: moving averages over the last training steps, which lag behind fast-changing weights. Training is the same with either.',
    source: 'Re-estimation: Wu and Johnson 2021, "Rethinking \'Batch\' in BatchNorm", section 3; running: Ioffe and Szegedy 2015',
    advanced: true,
    since: { version: 4, before: 'running' },
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
}
