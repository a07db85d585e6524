import { Command, InvalidArgumentError, Option } from 'commander'
import { COLOURS, FITS } from '../../contract/datasets.js'
import { isUserError } from '../../contract/errors.js'
import { parseSeeds } from '../../contract/seeds.js'
import { parsePort } from '../options.js'
import { VERSION } from '../version.js'
import type { Context } from './context.js'
import { addRunMarks } from './run-program.js'

// Commands are imported when they are run, so that help and mistakes answer at once.

const whole = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
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
    throw new InvalidArgumentError('It must be one side, or width x height, from 1 to 1024.')
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
  new Option('--engine <engine>', 'instead of the one that is chosen').choices(['native', 'portable', 'auto'])

/** The command line as it is typed; each command gets the context and answers when its work is done. */
export function createProgram(context: Context): Command {
  const program = new Command('retrace')
    .description('A workbench for research on reversible residual networks.')
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    // Mistakes are reported by the caller, in one line.
    .configureOutput({ writeOut: (text) => context.print(text.trimEnd()), outputError: () => undefined, writeErr: () => undefined })

  /** A command with the options that every one has. */
  const leaf = (parent: Command, usage: string, description: string): Command =>
    parent
      .command(usage)
      .description(description)
      .option('--home <dir>', 'home folder, instead of RETRACE_HOME or the data folder of the platform')
      .option('--json', 'print the result as JSON')
  const group = (name: string, description: string): Command => program.command(name).description(description)

  leaf(program, 'engine', 'which engine runs, on what, and why').action(async (options) =>
    (await import('./commands/engine.js')).engine(context, options),
  )
  leaf(program, 'presets', 'networks with their training, ready to run: parameters, depth, memory and time of a step')
    .option('--measure', 'measure the speed of this machine again')
    .action(async (options) => (await import('./commands/presets.js')).presets(context, options))

  const datasets = group('datasets', 'the data sets of the home')
  leaf(datasets, 'list', 'what there is').action(async (options) => (await import('./commands/datasets.js')).listDatasets(context, options))
  leaf(datasets, 'import <path>', 'read the files of a data set into the home')
    .option('--format <format>', 'instead of the one that is recognised')
    .option('--name <name>', 'instead of the one that the files suggest')
    .option('--size <size>', 'of images from files, for example 32 or 96x64 (width x height); the most frequent one by default', size)
    .addOption(new Option('--fit <fit>', 'cut, pad or stretch images of other proportions').choices(FITS))
    .addOption(new Option('--colour <colour>', 'of images from files; what the files have by default').choices(COLOURS))
    .addOption(new Option('--color <colour>').choices(COLOURS).hideHelp())
    .option('--test-fraction <part>', 'part of each class to test with, where the files have no test part', fraction)
    .action(async (path, options) => (await import('./commands/datasets.js')).importDataset(context, path, options))
  leaf(datasets, 'make <name>', 'draw points of the plane by a seed')
    .requiredOption('--kind <kind>', 'circles, peaks, spirals or swiss-roll')
    .option('--seed <n>', 'of the points', whole)
    .option('--points <n>', 'to train on; half as many are drawn to test with', whole)
    .option('--noise <x>', 'deviation of the noise on both coordinates', noise)
    .action(async (name, options) => (await import('./commands/datasets.js')).makeDataset(context, name, options))
  leaf(datasets, 'rename <name> <to>', 'give a data set and the runs on it another name').action(async (name, to, options) =>
    (await import('./commands/datasets.js')).renameDataset(context, name, to, options),
  )
  leaf(datasets, 'verify <name>', 'compare what is stored with its hash').action(async (name, options) =>
    (await import('./commands/datasets.js')).verifyDataset(context, name, options),
  )
  leaf(datasets, 'remove <name>', 'remove a data set from the home').action(async (name, options) =>
    (await import('./commands/datasets.js')).removeDataset(context, name, options),
  )

  leaf(program, 'train', 'train a network and follow it to its end')
    .option('--preset <name>', 'what to start from; `retrace presets` lists them')
    .option('--dataset <name>', '`retrace datasets list` shows them')
    .option('--config <file>', 'a configuration in JSON, as `runs show --config` prints it; the other options win')
    .option('--set <key=value>', 'change a key of the configuration, for example h=0.05 or stages.0.units=8; repeatable', each)
    .option('--steps <n>', 'length in steps', whole)
    .option('--epochs <n>', 'length in passes over the training data', positive)
    .option('--seed <n>', 'of weights, batches and augmentation', whole)
    .option('--seeds <list>', 'a run a seed, for example 1,2,5 or 1-5', seedList)
    .option('--name <name>', 'name of the run')
    .option('--weights <file>', 'begin with these weights (.safetensors) in place of random ones')
    .option('--resume <id>', 'go on with a run from its last checkpoint')
    .action(async (options) => (await import('./commands/train.js')).train(context, options))

  const runs = group('runs', 'the runs of the home')
  leaf(runs, 'list', 'all runs, newest first').action(async (options) => (await import('./commands/runs.js')).listRuns(context, options))
  leaf(runs, 'show <id>', 'one run with its configuration')
    .option('--config', 'its configuration alone, in JSON for `train --config`')
    .action(async (id, options) => (await import('./commands/runs.js')).showRun(context, id, options))
  leaf(runs, 'pause <id>', 'write a checkpoint and pause').action(async (id, options) =>
    (await import('./commands/runs.js')).pauseRun(context, id, options),
  )
  leaf(runs, 'resume <id>', 'go on from the last checkpoint').action(async (id, options) =>
    (await import('./commands/runs.js')).resumeRun(context, id, options),
  )
  leaf(runs, 'stop <id>', 'write a checkpoint and stop').action(async (id, options) =>
    (await import('./commands/runs.js')).stopRun(context, id, options),
  )
  leaf(runs, 'fork <id>', 'begin a run from the weights of another')
    .option('--step <n>', 'step of the checkpoint; the last by default', whole)
    .option('--set <key=value>', 'change a key of the configuration; repeatable', each)
    .option('--name <name>', 'name of the new run')
    .action(async (id, options) => (await import('./commands/runs.js')).forkRun(context, id, options))
  leaf(runs, 'export <id>', 'configuration and all points as JSON, the points as CSV, its weights, or the whole run as an archive')
    .option('--out <file>', 'write to a file instead of standard output; an archive and event files always go to a file')
    .option('--csv', 'points as CSV')
    .addOption(
      new Option('--format <format>', 'archive: everything, for another Retrace; tensorboard: an event file').choices([
        'json',
        'csv',
        'archive',
        'tensorboard',
      ]),
    )
    .option('--weights <file>', 'write the weights of a checkpoint (.safetensors) instead')
    .option('--step <n>', 'step of the checkpoint; the last by default', whole)
    .action(async (id, options) => (await import('./commands/runs.js')).exportRun(context, id, options))
  leaf(runs, 'evaluate <id>', 'show the weights of a checkpoint every test image: accuracy by class, confusions, mistakes')
    .option('--step <n>', 'step of the checkpoint; the last by default', whole)
    .action(async (id, options) => (await import('./commands/evaluate.js')).evaluateRun(context, id, options))
  addRunMarks(context, program, runs, leaf, { whole, each })
  leaf(runs, 'import <file>', 'a run from an archive of `runs export --format archive`, or from a TensorBoard event file').action(
    async (file, options) => (await import('./commands/run-files.js')).importRun(context, file, options),
  )
  leaf(runs, 'remove <id>', 'remove a run; `runs restore` brings it back for a while').action(async (id, options) =>
    (await import('./commands/runs.js')).removeRun(context, id, options),
  )

  leaf(program, 'parity <file>', 'compare the networks with a reference case')
    .addOption(mode())
    .addOption(engineOption())
    .action(async (file, options) => (await import('./commands/parity.js')).parity(context, file, options))

  leaf(group('bench', 'figures of performance'), 'step', 'time and memory of a training step')
    .requiredOption('--preset <name>', '`retrace presets` lists them')
    .option('--batch <n>', 'images a step', whole)
    .option('--size <n>', 'height and width of the images', whole)
    .option('--units <k>', 'multiplies the units of every stage', positive)
    .option('--steps <n>', 'steps that are timed', whole)
    .addOption(new Option('--execution <kind>', 'compiled (where the engine can) or eager').choices(['compiled', 'eager']))
    .option('--plain', 'without fused kernels')
    .option('--xla', 'with XLA compiling what it can of the graph')
    .option('--kept <share>', 'room for kept activations, as a share of all of them', share)
    .addOption(mode())
    .addOption(engineOption())
    .action(async (options) => (await import('./commands/bench.js')).benchStep(context, options))

  leaf(program, 'serve', 'the local server alone, without a window')
    .option('--port <n>', 'port of the server; 0 for any free one', port)
    .action(async (options) => (await import('./commands/serve.js')).serve(context, options))

  return program
}
