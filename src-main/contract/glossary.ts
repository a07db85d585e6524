import type { GlossaryEntry } from './glossary-entry.js'
import { NETWORK_TERMS } from './glossary-networks.js'
import { SPIKING_TERMS } from './glossary-spiking.js'
import { STATISTICS_TERMS } from './glossary-statistics.js'
import { STEP_METRICS } from './metrics.js'

/** All terms except those of the metrics that define their own. */
const TERMS: readonly GlossaryEntry[] = [
  ...NETWORK_TERMS,
  ...SPIKING_TERMS,
  ...STATISTICS_TERMS,
  {
    term: 'Checkpoint',
    names: ['Checkpoints'],
    definition:
      'A file with the complete state of a run at one step: weights, optimizer state, running statistics and progress. By kind: "start" before the first step, "periodic" at regular intervals, "pause" and "stop" on request, "best" after the best validation result so far, and "final" after the last step. A pinned checkpoint survives clean-ups.',
    source: 'docs/formats.md',
    see: ['Final and selected checkpoint', 'Fork'],
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
    term: 'GPU memory',
    unit: 'MiB',
    definition:
      'Memory that all programs together hold on the GPU of the run, as its driver tells once a second. TensorFlow keeps what it has once taken, so that this is the most that was needed so far.',
    good: 'Lower; beside the memory of the GPU it tells whether a larger batch would fit.',
    see: ['GPU utilization'],
  },
  {
    term: 'GPU utilization',
    unit: '%',
    definition: 'Part of the last second in which something ran on the GPU of the run, as its driver tells.',
    good: 'Near 100; far below it, the GPU waits for data or for the processor.',
    see: ['CPU usage', 'GPU memory'],
  },
  {
    term: 'Home',
    definition: 'The folder that holds all data of Retrace: database, checkpoints, logs and data sets.',
    source: '--home, RETRACE_HOME',
  },
  {
    term: 'Loss',
    names: ['Training loss', 'Test loss', 'Validation loss', 'Cross-entropy'],
    unit: 'nats',
    definition:
      'Mean cross-entropy over images. The training loss is that of the batch before its update, including label smoothing; test and validation loss are means over the evaluated images. The training objective adds the penalties.',
    formula: '-(1/n) sum over images of log p(label)',
    good: 'Falls, and levels out. The logarithm of the number of classes is guessing (2.30 for ten); test loss that rises while the training loss falls is overfitting.',
    source: 'numeric/losses.ts',
    see: ['Objective'],
  },
  {
    term: 'Objective',
    names: ['Training objective'],
    unit: 'nats',
    definition: 'What training minimises: the training loss plus weight decay (unless the optimizer decouples it) and weight smoothness.',
    formula: 'loss + wd/2 sum |w|^2 + weight smoothness',
    good: 'Falls, and levels out.',
    see: ['Loss', 'Weight smoothness'],
  },
  {
    term: 'Preset',
    definition: 'A named network with a recipe that a new run can start from.',
    source: 'numeric/presets.ts',
    see: ['Recipe'],
  },
  {
    term: 'Recipe',
    definition:
      'The part of a configuration that determines how a network is trained: optimizer, learning rate, schedule, batch size, length, penalties and augmentation.',
    see: ['Preset'],
  },
  {
    term: 'Run',
    names: ['Runs'],
    definition: 'One training of one network with one configuration and one seed, with its metrics, log, checkpoints and results.',
    see: ['Fork', 'Group'],
  },
  {
    term: 'Seed',
    names: ['Random seed'],
    definition:
      'Number that determines initial weights, batch order, augmentation, subset and validation split. The same configuration, seed, engine and number of threads give the same weights bit for bit.',
    source: 'configuration key seed',
    see: ['Group'],
  },
  {
    term: 'Step',
    definition: 'One update of the weights, from the gradient of one batch. Points of a metric are recorded by step.',
    see: ['Epoch', 'Gradient accumulation'],
  },
  {
    term: 'Test accuracy',
    names: ['Accuracy'],
    unit: 'fraction',
    definition:
      'Fraction of test images that are classified correctly. The final one is measured on all test images with the weights of the selected checkpoint; those during a run may use fewer images.',
    good: 'Above one divided by the number of classes, which is guessing. Differences within the interval mean nothing.',
    source: 'configuration key evaluateImages',
    see: ['Final and selected checkpoint', 'Interval', 'Validation accuracy'],
  },
  {
    term: 'Validation accuracy',
    unit: 'fraction',
    definition:
      'Fraction of the held-out validation images that are classified correctly. The validation images are a part of the training images that the run does not train on; they select the best checkpoint and decide early stopping.',
    good: 'As the test accuracy. It may be maximised over checkpoints and configurations, which the test accuracy must not.',
    source: 'configuration key validation',
    see: ['Final and selected checkpoint', 'Test accuracy'],
  },
  {
    term: 'Learning rate',
    definition:
      'Factor of the update of the weights at each step. The schedule changes it during the run: warm-up, then constant, in drops or along a cosine. It is not the step size h of the network.',
    good: 'The largest with which the loss still falls smoothly; the diagnostic of the learning rate in the lab finds it.',
    source: 'configuration keys learningRate and schedule',
    see: ['Limit of stability', 'Step size'],
  },
  {
    term: 'Speed',
    names: ['Throughput', 'Images per second'],
    unit: 'images/s',
    definition: 'Training images per second of the steps since the last report, without evaluations and checkpoints.',
    good: 'Level over the run; a drop says that other programs, or other runs, use the processor.',
    see: ['Engine', 'Step'],
  },
  {
    term: 'CPU usage',
    unit: 'cores',
    definition: 'Processor time that the trainer used, divided by the time that passed.',
    good: 'Near the number of threads of the run; far below it, the run waits for data or the disk.',
    see: ['Speed'],
  },
  {
    term: 'Free disk space',
    unit: 'GiB',
    definition: 'Free space of the file system that holds the home. Runs are paused with a checkpoint before it ends.',
    good: 'Above the limit of the settings at which Retrace warns (5 GiB).',
    see: ['Home'],
  },
]

const ofMetrics = STEP_METRICS.flatMap(({ unit, glossary }): GlossaryEntry[] => (glossary ? [{ ...glossary, ...(unit && { unit }) }] : []))

/** Every quantity and term that the window and the documentation use, sorted by term. */
export const GLOSSARY: readonly GlossaryEntry[] = [...TERMS, ...ofMetrics].sort((a, b) => a.term.localeCompare(b.term, 'en'))

const byName = new Map(
  GLOSSARY.flatMap((entry) => [entry.term, ...(entry.names ?? [])].map((name) => [name.toLowerCase(), entry] as const)),
)

/** The entry of a term or one of its other names, ignoring case and anything in parentheses or after a comma. */
export const glossaryEntry = (name: string): GlossaryEntry | undefined =>
  byName.get(name.toLowerCase()) ?? byName.get(name.toLowerCase().replace(/(,| \().*$/, ''))
