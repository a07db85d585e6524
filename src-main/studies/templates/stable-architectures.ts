import { z } from 'zod'
import { field } from '../../contract/config.js'
import { cellOf, numberOf } from '../../contract/lab.js'
import { middleOf } from '../../contract/sample.js'
import type { StudyOutcome } from '../../contract/studies.js'
import { sensitivity } from '../../lab/diagnostics/sensitivity.js'
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
import { ACCURACIES, SHARED } from '../quantities.js'
import { accuracyColumns, cellColumns, failures, groupOver } from '../report.js'
import { defineStudy, type NewCell } from '../template.js'

const { network, seed, seconds } = SHARED
const quantities = {
  network,
  units: {
    label: 'Units',
    symbol: 'N',
    unit: 'units',
    formula: 'Integration steps of the only stage',
    source: 'Haber and Ruthotto 2017, section 2',
  },
  h: {
    label: 'Step size h',
    symbol: 'h',
    unit: '',
    formula: 'Time T divided by the number of units',
    source: 'Haber and Ruthotto 2017, section 2',
  },
  seed,
  ...ACCURACIES,
  growthMedian: sensitivity.quantities['growthMedian']!,
  growthLargest: sensitivity.quantities['growthLargest']!,
  largestSingular: sensitivity.quantities['largestSingular']!,
  seconds,
} as const

type Stability = 'growthMedian' | 'growthLargest' | 'largestSingular'

/** A lab measurement of a run; NaN before it exists. */
const measuredOf = ({ diagnosed }: StudyOutcome, key: Stability): number =>
  numberOf(diagnosed?.[sensitivity.id]?.summary.find((said) => said.key === key)?.value ?? null)

/** Over runs that differ in the seed: the median of the measurements, except for the largest growth, which is the maximum of all. */
function stabilityColumns(groups: readonly (readonly StudyOutcome[])[]) {
  const column = (key: Stability) =>
    groups.map((outcomes) => {
      const known = outcomes
        .map((outcome) => measuredOf(outcome, key))
        .filter((value) => !Number.isNaN(value))
        .sort((a, b) => a - b)
      return known.length === 0 ? null : cellOf(key === 'growthLargest' ? known.at(-1)! : middleOf(known))
    })
  return { growthMedian: column('growthMedian'), growthLargest: column('growthLargest'), largestSingular: column('largestSingular') }
}

export const stableArchitectures = defineStudy({
  id: 'stable-architectures',
  title: 'Stable architectures in the plane',
  rank: 23,
  question: 'Which integrators classify intertwined curves at any depth, if the integration time T is fixed and the step size is T / N?',
  limits:
    'Points in the plane without noise, full-batch Adam instead of the paper’s Newton method, and no tuning for each depth. Growth of perturbations is measured on demand, at the first training points and in random directions, so that the largest is a lower bound.',
  quantities,
  diagnostics: [sensitivity.id],
  options: {
    presets: presetsOption('stable-euler, stable-antisymmetric, stable-verlet', 'Dense networks of one stage, separated by commas.'),
    dataset: datasetOption('swiss-roll-grid'),
    units: numbersOption('8, 16, 32, 64', { group: 'Network', label: 'Units', unit: 'units', help: 'Depths N, separated by commas.' }),
    time: field(z.number().positive().max(1000).default(20), {
      group: 'Network',
      label: 'Time T',
      help: 'Integration time of every network; the step size is T / N.',
      source: 'Haber and Ruthotto 2017, section 5 (their published code: 20)',
    }),
    width: field(z.int().min(2).max(1024).default(4), {
      group: 'Network',
      label: 'Channels',
      help: 'Width of the states; the two coordinates are padded with zeros.',
      source: 'Published code of Haber and Ruthotto: 4, for Verlet 2 and 2 auxiliary ones',
    }),
    steps: stepsOption(700),
    learningRate: field(z.number().positive().max(10).default(0.02), {
      group: 'Training',
      label: 'Learning rate',
      help: 'Peak learning rate of Adam, with a cosine schedule.',
    }),
    seeds: seedsOption('1-3'),
  },
  expand(options, home) {
    const dataset = readDataset('dataset', options.dataset, home)
    const cells: NewCell<typeof quantities>[] = []
    for (const seedOf of readSeeds('seeds', options.seeds))
      for (const preset of readPresets('presets', options.presets, home))
        for (const units of readNumbers('units', options.units, { least: 1, whole: true })) {
          const h = options.time / units
          cells.push({
            factors: { network: preset.name, units, h, seed: seedOf },
            work: {
              kind: 'run',
              run: {
                preset: preset.name,
                dataset: dataset.name,
                overrides: {
                  h,
                  stages: [{ channels: options.width, units }],
                  steps: options.steps,
                  batch: dataset.counts.train,
                  optimizer: 'adam',
                  learningRate: options.learningRate,
                  schedule: { kind: 'cosine', warmup: 0 },
                  seed: seedOf,
                  evaluateEvery: Math.max(1, Math.ceil(options.steps / 4)),
                },
              },
            },
          })
        }
    return cells
  },
  report(outcomes, _options, _home, findings) {
    const columns = (of: readonly { factors: Record<string, unknown> }[]) => ({
      network: of.map(({ factors }) => String(factors['network'])),
      units: of.map(({ factors }) => Number(factors['units'])),
      h: of.map(({ factors }) => Number(factors['h'])),
    })
    const groups = groupOver('seed', outcomes)
    findings.table('depth', 'By network and depth', {
      ...columns(groups),
      ...accuracyColumns(groups),
      ...stabilityColumns(groups.map((group) => group.outcomes)),
    })
    findings.table('cells', 'All runs', {
      ...columns(outcomes),
      ...cellColumns(outcomes),
      ...stabilityColumns(outcomes.map((outcome) => [outcome])),
    })
    findings.line({
      title: 'Test accuracy over depth',
      logX: true,
      table: 'depth',
      x: 'units',
      y: ['accuracy'],
      by: 'network',
      spread: { low: 'low', high: 'high' },
      marks: [],
    })
    if (outcomes.some((outcome) => !Number.isNaN(measuredOf(outcome, 'growthLargest'))))
      for (const [y, title] of [
        ['growthLargest', 'Largest growth of a perturbation over depth'],
        ['largestSingular', 'Largest singular value of the whole map over depth'],
      ] as const)
        findings.line({ title, logX: true, logY: true, table: 'depth', x: 'units', y: [y], by: 'network', marks: [] })
    findings.note(
      'Haber and Ruthotto 2017 show pictures and convergence curves for this problem. No number was read from them, so none is shown here.',
    )
    for (const failure of failures(outcomes)) findings.warn(failure)
  },
})
