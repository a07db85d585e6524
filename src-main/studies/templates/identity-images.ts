import { z } from 'zod'
import { field } from '../../contract/config.js'
import { UserError } from '../../contract/errors.js'
import { sampleOf } from '../../contract/sample.js'
import type { StudyOutcome } from '../../contract/studies.js'
import { datasetOption, readDataset, readNames, readSeeds, seedsOption, stepsOption } from '../options.js'
import { WITHOUT_BATCH_NORM } from '../published.js'
import { ACCURACIES, SHARED } from '../quantities.js'
import { accuracyColumns, cell, cellColumns, failures, groupOver } from '../report.js'
import { defineStudy, type NewCell } from '../template.js'

const SOURCE = 'Hardt and Ma 2017, "Identity matters in deep learning", section 4'

const { network, dataset, images, seed, parameters, seconds } = SHARED
const quantities = {
  network: {
    ...network,
    formula:
      'identity: x + C₂ s(C₁ x + b₁) + b₂ without batch norm, the last layer fixed and random; identity-trained: its last layer is trained; resnet: pre-activation units with batch norm',
    source: SOURCE,
  },
  dataset,
  images,
  seed,
  step: { label: 'Step', symbol: '', unit: 'steps', formula: 'Training steps so far', source: 'Retrace' },
  loss: {
    label: 'Training loss',
    symbol: '',
    unit: 'nats',
    formula: 'Cross-entropy of the batch of this step; mean over the seeds',
    source: 'Retrace',
  },
  firstFall: {
    label: 'First step with a loss 5% below that of the first step',
    symbol: '',
    unit: 'steps',
    formula: 'Of the steps that the curve shows; none if the loss never fell so far',
    source: 'Retrace',
  },
  lastLoss: {
    label: 'Training loss at the end',
    symbol: '',
    unit: 'nats',
    formula: 'Of the last step that the curve shows',
    source: 'Retrace',
  },
  origin: {
    label: 'Origin',
    symbol: '',
    unit: '',
    formula: 'Where the accuracy comes from, and whether it was read or recalled',
    source: SOURCE,
  },
  ...ACCURACIES,
  parameters,
  seconds,
} as const

/** The changes of each network to the preset `identity-quick`; the recipe is the same for all. */
const NETWORKS = {
  identity: {},
  'identity-trained': { fixedHead: false },
  resnet: { arch: 'resnet', edgeNorm: 'batch', fixedHead: false },
} as const

/** Maximum number of points of a loss curve. */
const POINTS = 60

const stepsOf = (steps: number): number[] => {
  const every = Math.max(1, Math.ceil(steps / POINTS))
  return [1, ...Array.from({ length: Math.floor(steps / every) }, (_, at) => (at + 1) * every)].filter(
    (step, at, all) => all.indexOf(step) === at,
  )
}

const curveOf = ({ compared }: StudyOutcome): [step: number, loss: number][] =>
  Object.entries(compared ?? {})
    .map(([step, loss]): [number, number] => [Number(step), loss])
    .sort(([a], [b]) => a - b)

export const identityImages = defineStudy({
  id: 'identity-images',
  title: 'Residual networks without batch norm',
  rank: 26,
  question:
    'Does a convolutional residual network learn images without batch norm and with a fixed random last layer, and how much later does its loss begin to fall?',
  limits:
    'Small networks, few images and few steps; the published networks have 13.59 million parameters and more than 64,000 steps. The kernels start as usual (He): from the small ones of the paper thousands of steps are needed until the loss falls.',
  quantities,
  options: {
    networks: field(z.string().trim().min(1).max(200).default('identity, identity-trained, resnet'), {
      group: 'Network',
      label: 'Networks',
      help: `Any of ${Object.keys(NETWORKS).join(', ')}, separated by commas.`,
    }),
    units: field(z.int().min(1).max(100).default(3), {
      group: 'Network',
      label: 'Units of each stage',
      unit: 'units',
      help: 'In three stages of 16, 32 and 64 channels.',
    }),
    init: field(z.enum(['he', 'small']).default('he'), {
      group: 'Network',
      label: 'Initial kernels',
      help: 'small is that of the paper, which needs thousands of steps.',
      source: SOURCE,
    }),
    dataset: datasetOption(),
    images: field(z.int().min(1).max(10_000_000).default(5000), {
      group: 'Data',
      label: 'Training images',
      unit: 'images',
      help: 'Number of training images, stratified by class; all of them if the data set has fewer.',
    }),
    steps: stepsOption(300),
    seeds: seedsOption('1, 2'),
  },
  expand(options, home) {
    const data = readDataset('dataset', options.dataset, home)
    const cells: NewCell<typeof quantities>[] = []
    for (const seedOf of readSeeds('seeds', options.seeds))
      for (const name of readNames('networks', options.networks)) {
        if (!Object.hasOwn(NETWORKS, name))
          throw new UserError(
            'BAD_INPUT',
            `networks: ${name} is not available in this study. Choose from ${Object.keys(NETWORKS).join(', ')}.`,
          )
        cells.push({
          factors: { network: name, seed: seedOf },
          work: {
            kind: 'run',
            run: {
              preset: 'identity-quick',
              dataset: data.name,
              overrides: {
                ...NETWORKS[name as keyof typeof NETWORKS],
                stages: [16, 32, 64].map((channels) => ({ channels, units: options.units })),
                init: options.init,
                subset: Math.min(1, options.images / data.counts.train),
                steps: options.steps,
                seed: seedOf,
                evaluateEvery: Math.max(1, Math.ceil(options.steps / 4)),
              },
            },
          },
        })
      }
    return cells
  },
  compared: ({ steps }) => ({ metric: 'train/loss', steps: stepsOf(steps) }),
  report(outcomes, options, home, findings) {
    const groups = groupOver('seed', outcomes)
    findings.table('accuracy', 'By network', {
      network: groups.map(({ factors }) => String(factors['network'])),
      ...accuracyColumns(groups),
    })
    findings.table('cells', 'All runs', {
      network: outcomes.map(({ factors }) => String(factors['network'])),
      ...cellColumns(outcomes),
      firstFall: outcomes.map((outcome) => {
        const [first, ...rest] = curveOf(outcome)
        return rest.find(([, loss]) => loss <= 0.95 * first![1])?.[0] ?? null
      }),
      lastLoss: outcomes.map((outcome) => curveOf(outcome).at(-1)?.[1] ?? null),
    })
    const points = groups.flatMap(({ factors, outcomes: of }) => {
      const curves = of.map((outcome) => new Map(curveOf(outcome)))
      return stepsOf(options.steps).flatMap((step) => {
        const losses = curves.flatMap((curve) => curve.get(step) ?? [])
        return losses.length === 0 ? [] : [{ network: String(factors['network']), step, loss: cell(sampleOf(losses).mean) }]
      })
    })
    findings.table('curves', 'Training loss', {
      network: points.map((point) => point.network),
      step: points.map(({ step }) => step),
      loss: points.map(({ loss }) => loss),
    })
    findings.line({ title: 'Training loss over steps', table: 'curves', x: 'step', y: ['loss'], by: 'network', marks: [] })
    const data = home.datasets.find(({ name }) => name === options.dataset)
    const used = Math.min(options.images, data?.counts.train ?? options.images)
    const all = [
      ...groups.map(({ factors, accuracy }) => ({
        network: String(factors['network']),
        dataset: options.dataset,
        images: used,
        accuracy: cell(accuracy.mean),
        parameters: outcomes.find((outcome) => outcome.factors['network'] === factors['network'])?.run?.parameters ?? null,
        origin: 'measured here',
      })),
      ...WITHOUT_BATCH_NORM.map(({ known, error, ...row }) => ({
        ...row,
        accuracy: 1 - error,
        origin: `published, other conditions: ${known}`,
      })),
    ]
    findings.table('published', 'Beside published accuracies', {
      network: all.map((row) => row.network),
      dataset: all.map((row) => row.dataset),
      images: all.map((row) => row.images),
      accuracy: all.map((row) => row.accuracy),
      parameters: all.map((row) => row.parameters),
      origin: all.map((row) => row.origin),
    })
    findings.note(
      'Published accuracies are 1 minus the published top-1 errors of networks of 13.59 million parameters, trained with all images. They are recalled, not read.',
    )
    for (const failure of failures(outcomes)) findings.warn(failure)
  },
})
