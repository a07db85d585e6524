import type { GlossaryEntry } from './glossary-entry.js'
import { SPIKING_TERMS } from './glossary-spiking.js'
import { MEMORY } from './memory.js'
import { STEP_METRICS } from './metrics.js'

const CHANG = 'Chang et al. 2018'

/** All terms but those of the metrics that define their own. */
const TERMS: readonly GlossaryEntry[] = [
  ...SPIKING_TERMS,
  {
    term: 'Activation budget',
    unit: 'bytes',
    definition: MEMORY.activationBudget.help,
    source: 'configuration key memoryBudget',
    see: ['Activation memory', 'Reversible mode'],
  },
  {
    term: 'Activation memory',
    unit: 'bytes',
    definition: MEMORY.activations.help,
    source: 'numeric/describe.ts',
    see: ['Activation budget', 'Process memory'],
  },
  {
    term: 'Anchor',
    symbol: 'k',
    unit: 'units',
    definition:
      'A state that is stored during the forward pass, every k units, so that reconstruction restarts from an exact state instead of accumulating rounding errors over a whole stage. With "auto", k is chosen from the measured gradient error.',
    source: 'configuration key anchorEvery; checkpointing: Griewank and Walther 2000, Chen et al. 2016',
    see: ['Gradient error', 'Reconstruction error'],
  },
  {
    term: 'Band',
    definition:
      'The shaded area around the line of a group: standard deviation, standard error, 95% interval, or range of its runs at each step.',
    see: ['Group', 'Interval', 'Standard deviation', 'Standard error'],
  },
  {
    term: 'Baseline',
    definition:
      'The run, or the group that contains it, that other runs are compared with; tables show differences to it. At most one run of a home is the baseline. ResNet and RevNet are also called baselines, because reversible networks are compared with them.',
    see: ['Comparison'],
  },
  {
    term: 'Checkpoint',
    definition:
      'A file with the complete state of a run at one step: weights, optimizer state, running statistics and progress. By kind: "start" before the first step, "periodic" at regular intervals, "pause" and "stop" on request, "best" after the best validation result so far, and "final" after the last step. A pinned checkpoint survives clean-ups.',
    source: 'docs/formats.md',
    see: ['Final and selected checkpoint', 'Fork'],
  },
  {
    term: 'Comparison',
    definition:
      'A page that shows several runs together: charts, results, configurations and hyperparameters. It can be saved under a name.',
    see: ['Baseline', 'Group'],
  },
  {
    term: 'Dagger',
    symbol: '†',
    definition: 'Marks a result to which at least one run contributes whose gradients are not trustworthy.',
    see: ['Gradient error'],
  },
  {
    term: 'Depth',
    unit: 'layers',
    definition: 'Number of layers as the papers count them: those of all units, the stem and the head.',
    see: ['Unit'],
  },
  {
    term: 'Engine',
    definition:
      'What executes the arithmetic. The native engine runs on the TensorFlow library (CPU or NVIDIA GPU) and supports compiled steps; the portable engine runs on WebAssembly, needs no installation and is several times slower.',
    see: ['Process memory'],
  },
  {
    term: 'Epoch',
    definition:
      'One pass over the training images in full batches; images that do not fill a batch are skipped, and every epoch has its own order.',
    formula: 'steps per epoch = max(1, floor(training images / batch size))',
    see: ['Step'],
  },
  {
    term: 'Final and selected checkpoint',
    definition:
      'The final checkpoint is written after the last step. The selected checkpoint is the one with the best validation metric or, without a validation split, the final one. Final test results are always those of the selected checkpoint; the test set is never used for selection.',
    source: 'configuration keys validation and selectBy',
    see: ['Checkpoint', 'Test accuracy', 'Validation accuracy'],
  },
  {
    term: 'Fork',
    definition:
      'A new run that starts at step 0 from the weights of a checkpoint of another run, its parent, with changes to the configuration. Optimizer state and schedule start over.',
    see: ['Checkpoint', 'Run'],
  },
  {
    term: 'Gradient accumulation',
    symbol: 'k',
    unit: 'micro-batches',
    definition:
      'Splits each batch into k equal micro-batches and updates with the mean of their gradients, using the memory of one micro-batch. With batch norm this is not the same as training on the whole batch, because each micro-batch is normalised by its own statistics.',
    source: 'configuration key accumulate; Hoffer et al. 2017, section 4',
    see: ['Activation memory', 'Step'],
  },
  {
    term: 'Gradient cosine',
    definition:
      'Smallest cosine of the angle between the reversed and the stored gradient of any parameter, in a gradient check. Parameters with negligible gradients are excluded.',
    formula: 'min over parameters of <g_rev, g_sto> / (|g_rev| |g_sto|)',
    source: 'numeric/gradient-error.ts',
    see: ['Gradient error'],
  },
  {
    term: 'Gradient error',
    unit: 'relative',
    definition:
      'Largest relative error of the gradient of any parameter when it is computed in reversible mode (g_rev) instead of stored mode (g_sto), on a few images of a batch. A parameter whose stored gradient is below 1e-4 of the largest in the network is measured relative to that. The gradients of a run are not trustworthy once the error exceeds the gradient tolerance.',
    formula: 'max over parameters of max|g_rev - g_sto| / max|g_sto|',
    source: 'numeric/gradient-error.ts; configuration key gradientTolerance',
    see: ['Anchor', 'Dagger', 'Reconstruction error'],
  },
  {
    term: 'Group',
    symbol: 'n',
    definition: 'Runs whose configurations differ only in the seed, shown as one line or row with n runs.',
    see: ['Band', 'Seed'],
  },
  {
    term: 'Home',
    definition: 'The folder that holds all data of Retrace: database, checkpoints, logs and data sets.',
    source: '--home, RETRACE_HOME',
  },
  {
    term: 'Interval',
    definition:
      'A 95% confidence interval. For a group it describes the mean over seeds (Student t); for the accuracy of a single run it describes the uncertainty from the finite number of images (Wilson score). The two do not include each other.',
    formula: 'group: mean ± t(0.975, n - 1) s / sqrt(n)',
    source: 'Wilson 1927; Brown, Cai and DasGupta 2001',
    see: ['Group', 'Standard error', 'Test accuracy'],
  },
  {
    term: 'Loss',
    unit: 'nats',
    definition:
      'Mean cross-entropy over images. The training loss is that of the batch before its update, including label smoothing; test and validation loss are means over the evaluated images. The training objective adds the penalties.',
    formula: '-(1/n) sum over images of log p(label)',
    source: 'numeric/losses.ts',
    see: ['Objective'],
  },
  {
    term: 'Objective',
    unit: 'nats',
    definition: 'What training minimises: the training loss plus weight decay (unless the optimizer decouples it) and weight smoothness.',
    formula: 'loss + wd/2 sum |w|^2 + weight smoothness',
    see: ['Loss', 'Weight smoothness'],
  },
  {
    term: 'Parameters',
    definition:
      'Number of trainable values: kernels, biases, and gammas and betas of batch norms. Running statistics and optimizer state do not count.',
    see: ['Activation memory'],
  },
  {
    term: 'Preset',
    definition: 'A named network with a recipe that a new run can start from.',
    source: 'numeric/presets.ts',
    see: ['Recipe'],
  },
  {
    term: 'Process memory',
    unit: 'MiB',
    definition: MEMORY.process.help,
    see: ['Activation memory', 'Engine'],
  },
  {
    term: 'Recipe',
    definition:
      'The part of a configuration that determines how a network is trained: optimizer, learning rate, schedule, batch size, length, penalties and augmentation.',
    see: ['Preset'],
  },
  {
    term: 'Reconstruction error',
    unit: 'relative',
    definition:
      'Largest relative error of the states of any stage when they are reconstructed from the end of the stage (Y_rev) instead of stored (Y_sto), measured at every evaluation. A small reconstruction error does not imply a small gradient error.',
    formula: 'max|Y_rev - Y_sto| / max|pair|',
    source: 'numeric/reconstruction.ts; configuration key reconstructionTolerance',
    see: ['Gradient error', 'Reversible mode'],
  },
  {
    term: 'Reversible mode',
    definition:
      'Backpropagation that reconstructs the activations of each stage from its last state pair instead of storing them, so that activation memory does not grow with depth. It costs about one additional forward pass.',
    source: `Gomez et al. 2017; ${CHANG}, section 3.3`,
    see: ['Activation memory', 'Reconstruction error', 'Stored mode'],
  },
  {
    term: 'Run',
    definition: 'One training of one network with one configuration and one seed, with its metrics, log, checkpoints and results.',
    see: ['Fork', 'Group'],
  },
  {
    term: 'Seed',
    definition:
      'Number that determines initial weights, batch order, augmentation, subset and validation split. The same configuration, seed, engine and number of threads give the same weights bit for bit.',
    source: 'configuration key seed',
    see: ['Group'],
  },
  {
    term: 'Sharpness',
    symbol: 'λ_max',
    definition:
      'Largest eigenvalue of the Hessian of the training objective on a fixed batch. Updates of momentum SGD grow along its direction once the learning rate times it exceeds the limit of stability, 2 (1 + m).',
    source: 'Nar and Sastry 2018; lab/sharpness.ts; configuration key sharpness',
  },
  {
    term: 'Stage',
    definition:
      'Consecutive units with the same number of channels and the same image size. Between stages, images are pooled 2x2 and channels are zero-padded, or the first unit of the next stage is strided.',
    source: `${CHANG}, table 1`,
    see: ['Unit'],
  },
  {
    term: 'Standard deviation',
    symbol: 's',
    definition: 'Sample standard deviation over the runs of a group.',
    formula: 'sqrt(sum (x - mean)^2 / (n - 1))',
    see: ['Band', 'Group'],
  },
  {
    term: 'Standard error',
    definition: 'Standard error of the mean over the runs of a group.',
    formula: 's / sqrt(n)',
    see: ['Interval', 'Standard deviation'],
  },
  {
    term: 'Step',
    definition: 'One update of the weights, from the gradient of one batch. Points of a metric are recorded by step.',
    see: ['Epoch', 'Gradient accumulation'],
  },
  {
    term: 'Step size',
    symbol: 'h',
    definition:
      'Step size of the time integration that a stage discretises. Each unit advances the state by one step. It is not the learning rate.',
    source: `${CHANG}, eq. 8; configuration key h`,
    see: ['Unit'],
  },
  {
    term: 'Stored mode',
    definition: 'Ordinary backpropagation, which stores the activations of all units. Its activation memory grows linearly with depth.',
    see: ['Reversible mode'],
  },
  {
    term: 'Test accuracy',
    unit: 'fraction',
    definition:
      'Fraction of test images that are classified correctly. The final one is measured on all test images with the weights of the selected checkpoint; those during a run may use fewer images.',
    source: 'configuration key evaluateImages',
    see: ['Final and selected checkpoint', 'Interval', 'Validation accuracy'],
  },
  {
    term: 'Unit',
    definition:
      'The repeated building block of a stage, with its own parameters: one integration step of the dynamics. A Hamiltonian or RevNet unit counts as four layers, the others as two.',
    source: 'docs/mathematics.md',
    see: ['Depth', 'Stage', 'Step size'],
  },
  {
    term: 'Unit normalisation',
    definition:
      "Batch norm inside the units, before and after the first kernel of each layer, as in the published code of Chang et al. It is not part of the paper's equations.",
    formula: "h K' s(BN2(K BN1 x))",
    source: 'configuration key unitNorm',
    see: ['Unit'],
  },
  {
    term: 'Validation accuracy',
    unit: 'fraction',
    definition:
      'Fraction of the held-out validation images that are classified correctly. The validation images are a part of the training images that the run does not train on; they select the best checkpoint and decide early stopping.',
    source: 'configuration key validation',
    see: ['Final and selected checkpoint', 'Test accuracy'],
  },
  {
    term: 'Weight smoothness',
    symbol: 'a',
    definition:
      'Penalty on the change of kernels between consecutive units of a stage, which keeps a deep network close to a discretised differential equation.',
    formula: "a/2 sum |K[j+1] - K[j]|^2 (authors' code, default) or a h sum |(K[j+1] - K[j]) / h|^2 (paper)",
    source: `${CHANG}, eq. 19; configuration keys smoothness and smoothnessForm`,
    see: ['Objective'],
  },
]

const ofMetrics = STEP_METRICS.flatMap(({ unit, glossary }): GlossaryEntry[] => (glossary ? [{ ...glossary, ...(unit && { unit }) }] : []))

/** Every quantity and term that the window and the documentation use, sorted by term. */
export const GLOSSARY: readonly GlossaryEntry[] = [...TERMS, ...ofMetrics].sort((a, b) => a.term.localeCompare(b.term, 'en'))
