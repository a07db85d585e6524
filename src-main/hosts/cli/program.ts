import { Command, InvalidArgumentError, Option } from 'commander'
import { COLOURS, FITS, CHANNELS, FOLDERS, VALUES } from '../../contract/datasets.js'
import { isUserError } from '../../contract/errors.js'
import { parseSeeds } from '../../contract/seeds.js'
import { parsePort } from '../options.js'
import { VERSION } from '../version.js'
import type { Context } from './context.js'
import { addCluster, addPlace } from './cluster-program.js'
import { addRunMarks } from './run-program.js'
import { addStudies } from './study-program.js'

// Commands are imported only when they run, so that help and usage errors respond immediately.

const whole = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of at least 0.')
  return Number(text)
}

const positive = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0) || value === Infinity) throw new InvalidArgumentError('It must be a number above 0.')
  return value
}

const fraction = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 0.9)) throw new InvalidArgumentError('It must be a number from 0 to 0.9.')
  return value
}

const noise = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 10)) throw new InvalidArgumentError('It must be a number from 0 to 10.')
  return value
}

const share = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be a number from 0 to 1.')
  return value
}

const size = (text: string): { width: number; height: number } => {
  const [width = 0, height = width] = /^\d{1,4}(x\d{1,4})?$/.test(text) ? text.split('x').map(Number) : []
  if (Math.min(width, height) < 1 || Math.max(width, height) > 1024)
    throw new InvalidArgumentError('It must be one side, or width x height, from 1 to 1024 pixels each.')
  return { width, height }
}

const port = (text: string): number => {
  try {
    return parsePort(text) ?? 0
  } catch (error) {
    if (isUserError(error)) throw new InvalidArgumentError(error.message)
    throw error
  }
}

const seedList = (text: string): number[] => {
  try {
    return parseSeeds(text)
  } catch (error) {
    throw new InvalidArgumentError((error as RangeError).message)
  }
}

const each = (text: string, before: string[] = []): string[] => [...before, text]
const mode = (): Option => new Option('--mode <mode>', 'how gradients are computed').choices(['reversible', 'stored'])
const engineOption = (): Option =>
  new Option('--engine <engine>', 'engine to use instead of the default').choices(['native', 'portable', 'auto'])

/** Defines the command line. Each command gets the context and resolves when its work is done. */
export function createProgram(context: Context): Command {
  const program = new Command('retrace')
    .description('A workbench for research on reversible residual networks.')
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    // The caller reports usage errors in one line.
    .configureOutput({ writeOut: (text) => context.print(text.trimEnd()), outputError: () => undefined, writeErr: () => undefined })

  /** Adds a command with the common options. */
  const leaf = (parent: Command, usage: string, description: string): Command =>
    parent
      .command(usage)
      .description(description)
      .option('--home <dir>', 'home folder (default: RETRACE_HOME, else the data folder of the platform)')
      .option('--json', 'print the result as JSON')
  const group = (name: string, description: string): Command => program.command(name).description(description)

  leaf(program, 'engine', 'show which engine runs, on which device, and why').action(async (options) =>
    (await import('./commands/engine.js')).engine(context, options),
  )
  leaf(program, 'setup', 'set up the fast engine: TensorFlow for this machine, downloaded once')
    .option('--offline <path>', 'take the wheel from this file, or all wheels from this folder, instead of downloading')
    .action(async (options) => (await import('./commands/setup.js')).setup(context, options))
  leaf(program, 'presets', 'list presets: networks and training recipes with parameters, depth, memory and step time')
    .option('--measure', 'measure the speed of this machine again')
    .action(async (options) => (await import('./commands/presets.js')).presets(context, options))

  const datasets = group('datasets', 'manage data sets')
  leaf(datasets, 'list', 'list data sets').action(async (options) =>
    (await import('./commands/datasets.js')).listDatasets(context, options),
  )
  leaf(datasets, 'import <path>', 'import a data set from files, a folder or an archive')
    .option('--format <format>', 'format of the files (default: detected)')
    .option('--name <name>', 'name of the data set (default: derived from the files)')
    .option('--size <size>', 'size of images from image files, such as 32 or 96x64 (width x height; default: the most frequent size)', size)
    .addOption(new Option('--fit <fit>', 'how to fit images with another aspect ratio: crop, pad or stretch').choices(FITS))
    .addOption(new Option('--colour <colour>', 'colour mode of images from image files (default: that of the files)').choices(COLOURS))
    .addOption(new Option('--color <colour>').choices(COLOURS).hideHelp())
    .addOption(new Option('--values <range>', 'value range of float arrays, from black to white').choices(VALUES))
    .addOption(
      new Option('--channels <place>', 'position of the channels in image arrays: before or after height and width').choices(CHANNELS),
    )
    .addOption(new Option('--folders <what>', 'whether the top-level image folders are splits or classes').choices(FOLDERS))
    .option('--only <name>', 'import the data set with this name when there are several')
    .option('--test-fraction <part>', 'fraction of each class to hold out for testing if the files have no test split', fraction)
    .action(async (path, options) => (await import('./commands/datasets.js')).importDataset(context, path, options))
  leaf(datasets, 'make <name>', 'generate a data set of 2-D points')
    .requiredOption('--kind <kind>', 'circles, ellipses, peaks, spirals or swiss-roll')
    .option('--seed <n>', 'random seed', whole)
    .option('--points <n>', 'number of training points; half as many test points are generated', whole)
    .option('--noise <x>', 'standard deviation of the noise on both coordinates', noise)
    .action(async (name, options) => (await import('./commands/datasets.js')).makeDataset(context, name, options))
  leaf(datasets, 'rename <name> <to>', 'rename a data set, also in the runs on it').action(async (name, to, options) =>
    (await import('./commands/datasets.js')).renameDataset(context, name, to, options),
  )
  leaf(datasets, 'verify <name>', 'verify a stored data set against its hash').action(async (name, options) =>
    (await import('./commands/datasets.js')).verifyDataset(context, name, options),
  )
  leaf(datasets, 'remove <name>', 'remove a data set').action(async (name, options) =>
    (await import('./commands/datasets.js')).removeDataset(context, name, options),
  )

  addPlace(leaf(program, 'train', 'train a network and follow the run until it ends'), whole)
    .option('--preset <name>', 'preset to start from; see `retrace presets`')
    .option('--dataset <name>', 'data set to train on; see `retrace datasets list`')
    .option('--config <file>', 'JSON configuration as printed by `runs show --config`; other options take precedence')
    .option('--set <key=value>', 'set a configuration key, such as h=0.05 or stages.0.units=8; repeatable', each)
    .option('--steps <n>', 'length in steps', whole)
    .option('--epochs <n>', 'length in epochs', positive)
    .option('--seed <n>', 'seed of initial weights, batches and augmentation', whole)
    .option('--seeds <list>', 'start one run per seed, such as 1,2,5 or 1-5', seedList)
    .option('--name <name>', 'name of the run')
    .option('--project <name>', 'put the run into this project, which is made if there is none of that name')
    .option('--weights <file>', 'start from these weights (.safetensors) instead of random ones')
    .option('--device <device>', 'compute on this: auto, cpu, or a GPU by its number or UUID (default: the setting compute.device)')
    .option('--resume <id>', 'resume a run from its last checkpoint')
    .option('--step <n>', 'with --resume: resume from the checkpoint at this step and discard everything after it', whole)
    .action(async (options) => (await import('./commands/train.js')).train(context, options))

  const runs = group('runs', 'manage runs')
  leaf(runs, 'list', 'list runs, newest first')
    .option('--project <name>', 'only the runs in this project; none: those in no project')
    .action(async (options) => (await import('./commands/runs.js')).listRuns(context, options))
  leaf(runs, 'show <id>', 'show a run and its configuration')
    .option('--config', 'print only the configuration, as JSON for `train --config`')
    .action(async (id, options) => (await import('./commands/runs.js')).showRun(context, id, options))
  leaf(runs, 'pause <id>', 'write a checkpoint and pause').action(async (id, options) =>
    (await import('./commands/runs.js')).pauseRun(context, id, options),
  )
  leaf(runs, 'resume <id>', 'resume from the last checkpoint').action(async (id, options) =>
    (await import('./commands/runs.js')).resumeRun(context, id, options),
  )
  leaf(runs, 'stop <id>', 'write a checkpoint and stop').action(async (id, options) =>
    (await import('./commands/runs.js')).stopRun(context, id, options),
  )
  leaf(runs, 'fork <id>', 'start a new run from the weights of another')
    .option('--step <n>', 'step of the checkpoint (default: the last one)', whole)
    .option('--set <key=value>', 'set a configuration key; repeatable', each)
    .option('--name <name>', 'name of the new run')
    .option('--doubled', 'continue at twice the depth: every unit twice, half the step size, weights interpolated between the units')
    .action(async (id, options) => (await import('./commands/runs.js')).forkRun(context, id, options))
  leaf(runs, 'export <id>', 'export a run: configuration and metrics as JSON, metrics as CSV, weights, or the complete run as an archive')
    .option('--out <file>', 'write to a file instead of standard output (archives and event files are always written to a file)')
    .option('--csv', 'export metrics as CSV')
    .addOption(
      new Option('--format <format>', 'archive: the complete run, for another Retrace; tensorboard: an event file').choices([
        'json',
        'csv',
        'archive',
        'tensorboard',
      ]),
    )
    .option('--weights <file>', 'export only the weights of a checkpoint to this .safetensors file, or its network to this .onnx file')
    .option('--step <n>', 'step of the checkpoint (default: the last one)', whole)
    .option('--overwrite', 'overwrite an existing file')
    .action(async (id, options) => (await import('./commands/runs.js')).exportRun(context, id, options))
  leaf(runs, 'evaluate <id>', 'evaluate a checkpoint on all test images: accuracy by class and most frequent confusions')
    .option('--step <n>', 'step of the checkpoint (default: the last one)', whole)
    .action(async (id, options) => (await import('./commands/evaluate.js')).evaluateRun(context, id, options))
  leaf(
    runs,
    'paper <ids...>',
    'write a methods paragraph in LaTeX that describes how runs were trained, with the BibTeX entries it cites',
  ).action(async (ids, options) => (await import('./commands/paper.js')).showPaper(context, ids, options))
  leaf(runs, 'histograms <id>', 'show the distributions of weights, gradients and activations collected by a run with the key `histograms`')
    .option('--step <n>', 'step of the histograms (default: the last one)', whole)
    .option('--csv <file>', 'write the histograms of all steps to a CSV file')
    .option('--overwrite', 'overwrite an existing file')
    .action(async (id, options) => (await import('./commands/histograms.js')).showHistograms(context, id, options))
  addRunMarks(context, program, runs, leaf, { whole, each })
  leaf(
    runs,
    'import <file>',
    'import runs: an archive (`runs export --format archive`), or event files of TensorBoard, runs of W&B or of MLflow, or a folder with such',
  ).action(async (file, options) => (await import('./commands/run-files.js')).importRuns(context, file, options))
  leaf(runs, 'remove <id>', 'remove a run; `runs restore` restores it for a limited time').action(async (id, options) =>
    (await import('./commands/runs.js')).removeRun(context, id, options),
  )

  leaf(program, 'parity <file>', 'compare the networks with a reference case')
    .addOption(mode())
    .addOption(engineOption())
    .action(async (file, options) => (await import('./commands/parity.js')).parity(context, file, options))

  leaf(group('bench', 'run benchmarks'), 'step', 'measure time and memory of a training step')
    .requiredOption('--preset <name>', 'preset to measure; see `retrace presets`')
    .option('--batch <n>', 'images per step', whole)
    .option('--size <n>', 'height and width of the images', whole)
    .option('--units <k>', 'multiply the units of every stage by this factor', positive)
    .option('--steps <n>', 'number of timed steps', whole)
    .addOption(new Option('--execution <kind>', 'compiled (if the engine supports it) or eager').choices(['compiled', 'eager']))
    .option('--plain', 'disable fused kernels')
    .option('--set <key=value>', 'set a configuration key; repeatable', each)
    .option('--xla', 'compile parts of the graph with XLA')
    .option('--kept <share>', 'fraction of the activations to keep', share)
    .addOption(mode())
    .addOption(engineOption())
    .action(async (options) => (await import('./commands/bench.js')).benchStep(context, options))

  leaf(program, 'lab [name]', 'run a diagnostic on a network, such as the exactness of its reversal; without a name, list the diagnostics')
    .option('--run <id>', 'use the weights of a run')
    .option('--step <n>', 'with --run: step of the checkpoint (default: the last one)', whole)
    .option('--preset <name>', 'use the untrained network of a preset')
    .option('--dataset <name>', 'with --preset: data set to evaluate it on')
    .option('--set <key=value>', 'with --preset: set a configuration key; repeatable', each)
    .option('--seed <n>', 'with --preset: seed of weights and batches', whole)
    .option('--option <key=value>', 'set an option of the diagnostic; repeatable', each)
    .option('--csv <file>', 'write its tables to CSV files')
    .action(async (name, options) => (await import('./commands/lab.js')).lab(context, name, options))

  leaf(program, 'spike <run>', 'convert the network of a run to spiking neurons, and compare it with the network itself')
    .option('--step <n>', 'step of the checkpoint (default: the last one)', whole)
    .option('--images <n>', 'test images to simulate', whole)
    .option('--steps <n>', 'time steps to simulate', whole)
    .option('--reset <kind>', 'reset of the potential after a spike: soft, hard or both (default)')
    .option('--junction <kind>', 'how the paths of a residual block are joined: balanced (default), equal or unit')
    .option('--coding <kind>', 'how pixels become input: poisson (default) or constant')
    .option('--calibrate <n>', 'training images used to find the thresholds', whole)
    .option('--csv <file>', 'write its tables to CSV files')
    .action(async (run, options) => (await import('./commands/spike.js')).spike(context, run, options))

  addStudies(context, program, leaf, { each, whole })
  addCluster(context, program, leaf, { whole })

  leaf(program, 'predict <run> <image>', 'classify an image file (PNG, JPEG or WebP) with the weights of a run')
    .option('--step <n>', 'step of the checkpoint (default: the last one)', whole)
    .addOption(new Option('--fit <fit>', 'how to fit an image with another aspect ratio: crop (default), pad or stretch').choices(FITS))
    .action(async (run, image, options) => (await import('./commands/predict.js')).predict(context, run, image, options))

  leaf(program, 'serve', 'run the local server without opening a window')
    .option('--port <n>', 'port of the server; 0 for any free port', port)
    .option('--exports <dir>', 'folder in which windows may write files (default: exports in the home)')
    .action(async (options) => (await import('./commands/serve.js')).serve(context, options))

  return program
}
