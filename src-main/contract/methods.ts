import type { Architecture } from './catalogue.js'
import type { RunConfig } from './config.js'
import type { Dataset } from './datasets.js'
import { apartFromSeed } from './flat-config.js'
import { bibtex, citedIn, sourceOfData, sourceOfOptimizer, type Reference } from './references.js'
import type { Schedule } from './schedule.js'

/** The description of a run for a methods section. */
export interface Described {
  config: RunConfig
  /** Number of trained parameters. */
  parameters: number
}

export interface MethodsContext {
  architectures: readonly Architecture[]
  /** Data sets of the home; those of the runs may be missing. */
  datasets: readonly Dataset[]
  /** Version of Retrace. */
  version: string
}

const count = (value: number): string => value.toLocaleString('en-US')
const listed = (values: readonly (string | number)[]): string => {
  const texts = values.map(String)
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`
}
const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]

const SCHEDULES: Record<Schedule['kind'], (schedule: Schedule) => string> = {
  constant: () => 'held constant',
  cosine: () => 'decayed to zero along a cosine',
  onecycle: () => 'varied in one cycle',
  piecewise: (schedule) =>
    schedule.kind === 'piecewise'
      ? `multiplied by ${schedule.factor} at ${schedule.drops.length === 1 ? 'step' : 'steps'} ${listed(schedule.drops)}`
      : '',
}

const OPTIMIZERS: Record<string, string> = { sgd: 'stochastic gradient descent', nesterov: 'stochastic gradient descent with Nesterov momentum', adam: 'Adam', adamw: 'AdamW' } // prettier-ignore

/** The sources of networks, data and optimizers of runs. */
export function sourcesOf(runs: readonly Described[], { architectures, datasets }: MethodsContext): Reference[] {
  return runs.flatMap(({ config }) => [
    ...citedIn(architectures.find(({ id }) => id === config.arch)?.source ?? ''),
    ...datasets.filter(({ name }) => name === config.dataset).flatMap(sourceOfData),
    ...sourceOfOptimizer(config.optimizer),
  ])
}

/**
 * A paragraph for a paper that describes how runs were made, with \cite commands for the entries of `bibliography`: one or two sentences
 * for each configuration, with its seeds combined. All of its content is read from the configurations.
 */
export function methodsParagraph(runs: readonly Described[], context: MethodsContext): string {
  const byRecipe = new Map<string, Described[]>()
  for (const run of runs) {
    const key = apartFromSeed(run.config)
    byRecipe.set(key, [...(byRecipe.get(key) ?? []), run])
  }
  const sentences = [...byRecipe.values()].map((same) => describe(same, context))
  return [...sentences, `All networks were trained with Retrace ${context.version}.`].join('\n\n')
}

/** The BibTeX entries that a methods paragraph cites. */
export const bibliography = (runs: readonly Described[], context: MethodsContext): string => bibtex(sourcesOf(runs, context))

function describe(runs: readonly Described[], { architectures, datasets }: MethodsContext): string {
  const [{ config, parameters }] = runs as [Described]
  const architecture = architectures.find(({ id }) => id === config.arch)
  const dataset = datasets.find(({ name }) => name === config.dataset)
  const cite = (references: readonly Reference[]): string =>
    references.length > 0 ? `~\\cite{${unique(references.map(({ key }) => key)).join(',')}}` : ''
  const seeds = unique(runs.map(({ config: { seed } }) => seed)).sort((a, b) => a - b)
  const { stages } = config

  const network = [
    `${withArticle(architecture?.label ?? config.arch)} network${cite(citedIn(architecture?.source ?? ''))} with ${stages.length === 1 ? 'one stage' : `${stages.length} stages`}`,
    `of ${listed(stages.map(({ units }) => units))} units and ${listed(stages.map(({ channels }) => channels))} channels`,
    `(${count(parameters)} parameters, step size $h=${config.h}$, ${config.activation} activation${config.unitNorm === 'batch' ? ', batch normalisation in the units' : ''})`,
  ].join(' ')
  const data = `${texText(dataset?.name ?? config.dataset)}${dataset ? cite(sourceOfData(dataset)) : ''}`
  const images = dataset
    ? `${count(Math.round(dataset.counts.train * config.subset))} of the ${count(dataset.counts.train)} training images of `
    : ''
  const momentum = config.optimizer === 'sgd' || config.optimizer === 'nesterov' ? `, momentum ${config.momentum}` : ''
  const penalties = [
    ...(config.weightDecay > 0 ? [`weight decay ${config.weightDecay}`] : []),
    ...(config.smoothness > 0 ? [`weight smoothness ${config.smoothness}`] : []),
    ...(config.labelSmoothing > 0 ? [`label smoothing ${config.labelSmoothing}`] : []),
    ...(config.clipNorm > 0 ? [`gradients clipped to norm ${config.clipNorm}`] : []),
  ]
  const augmentation = [
    ...(config.augment.pad > 0 ? [`cropped at random after padding by ${config.augment.pad} pixels`] : []),
    ...(config.augment.flip ? ['mirrored at random'] : []),
  ]
  const selection =
    config.validation > 0
      ? `A fraction of ${config.validation} of the training images was held out to select the checkpoint that was tested.`
      : 'The weights after the last step were tested.'
  return [
    `We trained ${network} on ${images}${data}.`,
    `The optimizer was ${OPTIMIZERS[config.optimizer] ?? config.optimizer}${cite(sourceOfOptimizer(config.optimizer))} with batches of ${count(config.batch)}${momentum}, for ${count(config.steps)} steps; the learning rate of ${config.learningRate} was ${SCHEDULES[config.schedule.kind](config.schedule)}${config.schedule.warmup > 0 ? ` after a warm-up of ${count(config.schedule.warmup)} steps` : ''}${penalties.length > 0 ? `, with ${listed(penalties)}` : ''}.`,
    ...(augmentation.length > 0 ? [`Training images were ${listed(augmentation)}.`] : []),
    config.mode === 'reversible'
      ? 'Activations were rebuilt in the backward pass instead of being stored.'
      : 'Activations were stored for the backward pass.',
    selection,
    seeds.length > 1 ? `The random seeds were ${listed(seeds)}.` : `The random seed was ${seeds[0]}.`,
  ].join(' ')
}

const withArticle = (noun: string): string => `${/^[aeio]/i.test(noun) ? 'an' : 'a'} ${noun}`

/** Escapes names for LaTeX text. */
const texText = (text: string): string => text.replace(/[&%$#_{}]/g, (sign) => `\\${sign}`)
