import { z } from 'zod'
import { field } from '../../contract/config.js'
import { UserError } from '../../contract/errors.js'
import {
  datasetOption,
  numbersOption,
  presetsOption,
  readDataset,
  readNumbers,
  readPresets,
  readSeeds,
  seedsOption,
  stepsOption,
} from '../options.js'
import { FEWER_DATA, otherConditions } from '../published.js'
import { ACCURACIES, SHARED } from '../quantities.js'
import { accuracyColumns, cellColumns, failures, groupOver } from '../report.js'
import { defineStudy, type NewCell } from '../template.js'

const { network, images, seed, variant, seconds } = SHARED
const quantities = {
  network,
  images,
  smoothness: {
    label: 'Weight smoothness',
    symbol: 'α',
    unit: '',
    formula: 'Coefficient of the smoothness penalty: the value of the preset, or 0',
    source: 'Chang et al. 2018, eq. 19',
  },
  seed,
  variant,
  ...ACCURACIES,
  seconds,
} as const

/** Number of evaluations during a run. Each is a point of its curve; the last one always uses all test images. */
const EVALUATIONS = 5

export const fewerData = defineStudy({
  id: 'fewer-data',
  title: 'Fewer training data',
  rank: 3,
  question: 'Do reversible networks need fewer training images than ResNet, and does weight smoothness help?',
  limits:
    'All runs have the same number of steps, so images of smaller sets are seen more often. A few seeds cannot resolve small differences in accuracy: compare them with the standard deviations and the binomial interval.',
  quantities,
  options: {
    presets: presetsOption('hamiltonian-74, resnet-32'),
    dataset: datasetOption(),
    images: numbersOption('500, 1000, 2500', {
      group: 'Data',
      label: 'Training images',
      unit: 'images',
      help: 'Sizes of the training sets, separated by commas. Subsets are stratified by class; with the same seed, smaller ones are contained in larger ones.',
    }),
    withoutSmoothness: field(z.boolean().default(true), {
      group: 'Training',
      label: 'Also without smoothness',
      help: 'Repeats every cell with the weight smoothness penalty set to 0.',
    }),
    steps: stepsOption(600),
    seeds: seedsOption('1-3'),
  },
  expand(options, home) {
    const dataset = readDataset('dataset', options.dataset, home)
    const sizes = readNumbers('images', options.images, { least: 1, whole: true })
    const tooMany = sizes.find((size) => size > dataset.counts.train)
    if (tooMany !== undefined)
      throw new UserError('BAD_INPUT', `images: ${dataset.name} has only ${dataset.counts.train} training images, not ${tooMany}.`)
    const cells: NewCell<typeof quantities>[] = []
    for (const seedOf of readSeeds('seeds', options.seeds))
      for (const size of sizes)
        for (const preset of readPresets('presets', options.presets, home)) {
          const own = preset.config.smoothness ?? 0
          for (const smoothness of options.withoutSmoothness && own > 0 ? [own, 0] : [own])
            cells.push({
              factors: { network: preset.name, images: size, smoothness, seed: seedOf },
              work: {
                kind: 'run',
                run: {
                  preset: preset.name,
                  dataset: dataset.name,
                  overrides: {
                    subset: size / dataset.counts.train,
                    smoothness,
                    steps: options.steps,
                    seed: seedOf,
                    evaluateEvery: Math.max(1, Math.ceil(options.steps / EVALUATIONS)),
                  },
                },
              },
            })
        }
    return cells
  },
  report(outcomes, options, home, findings) {
    const groups = groupOver('seed', outcomes)
    const nameOf = ({ network: name, smoothness }: (typeof groups)[number]['factors']): string =>
      smoothness === 0 ? `${name}, without smoothness` : String(name)
    const shown = groups.map((group) => ({ ...group, variant: nameOf(group.factors) }))
    const dataset = home.datasets.find(({ name }) => name === options.dataset)
    const published = dataset?.format === FEWER_DATA.dataset ? FEWER_DATA.figures : []
    const columns = accuracyColumns(groups)
    const absent = published.map(() => null)
    findings.table('accuracy', 'Test accuracy by number of training images', {
      variant: [...shown.map((group) => group.variant), ...published.map(({ name }) => name)],
      images: [...groups.map(({ factors }) => Number(factors['images'])), ...published.map((figure) => figure.images)],
      ...Object.fromEntries(Object.entries(columns).map(([key, values]) => [key, [...values, ...absent]])),
      accuracy: [...columns.accuracy, ...published.map((figure) => figure.accuracy)],
    })
    findings.table('cells', 'All runs', {
      network: outcomes.map(({ factors }) => String(factors['network'])),
      images: outcomes.map(({ factors }) => Number(factors['images'])),
      smoothness: outcomes.map(({ factors }) => Number(factors['smoothness'])),
      ...cellColumns(outcomes),
    })
    findings.line({
      title: 'Test accuracy by number of training images',
      table: 'accuracy',
      x: 'images',
      y: ['accuracy'],
      by: 'variant',
      logX: true,
      marks: [],
      spread: { low: 'low', high: 'high' },
      loose: [...new Set(published.map(({ name }) => name))],
    })
    for (const failure of failures(outcomes)) findings.warn(failure)
    if (published.length > 0) findings.note(otherConditions(FEWER_DATA, `${options.steps} steps at every size`, dataset!))
    findings.note(
      'Error bars show the mean plus and minus the standard deviation over seeds; a point without an error bar has a single finished seed.',
    )
  },
})
