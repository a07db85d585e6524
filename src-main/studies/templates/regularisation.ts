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
import { accuracyColumns, cellColumns, endedOf, failures, groupOver } from '../report.js'
import { defineStudy, type NewCell } from '../template.js'

const { ended, network, seed, seconds } = SHARED
const quantities = {
  network,
  weightDecay: {
    label: 'Weight decay',
    symbol: 'λ',
    unit: '',
    formula: 'Coefficient of the penalty λ/2 |K|²',
    source: 'Chang et al. 2018, section "Experiments"',
  },
  smoothness: {
    label: 'Weight smoothness',
    symbol: 'α',
    unit: '',
    formula: 'Coefficient of the penalty on differences between consecutive kernels',
    source: 'Chang et al. 2018, eq. 19',
  },
  seed,
  ...ACCURACIES,
  ended,
  seconds,
} as const

export const regularisation = defineStudy({
  id: 'regularisation',
  title: 'Regularisation',
  rank: 5,
  question: 'Which combination of weight decay and weight smoothness generalises best?',
  limits:
    'The grid shows the test accuracy of every cell. Choosing a cell by it would select on the test set; use the study “Search” to choose, which uses a validation split.',
  quantities,
  options: {
    presets: presetsOption('hamiltonian-quick'),
    dataset: datasetOption('mnist'),
    steps: stepsOption(300),
    weightDecay: numbersOption('0, 0.0002, 0.002', { group: 'Training', label: 'Weight decay', help: 'Values, separated by commas.' }),
    smoothness: numbersOption('0, 0.0002, 0.002', { group: 'Training', label: 'Weight smoothness', help: 'Values, separated by commas.' }),
    seeds: seedsOption('1-3'),
  },
  expand(options, home) {
    const dataset = readDataset('dataset', options.dataset, home)
    const cells: NewCell<typeof quantities>[] = []
    for (const seedOf of readSeeds('seeds', options.seeds))
      for (const preset of readPresets('presets', options.presets, home))
        for (const weightDecay of readNumbers('weightDecay', options.weightDecay, { least: 0 }))
          for (const smoothness of readNumbers('smoothness', options.smoothness, { least: 0 }))
            cells.push({
              factors: { network: preset.name, weightDecay, smoothness, seed: seedOf },
              work: {
                kind: 'run',
                run: {
                  preset: preset.name,
                  dataset: dataset.name,
                  overrides: {
                    weightDecay,
                    smoothness,
                    steps: options.steps,
                    seed: seedOf,
                    evaluateEvery: Math.max(1, Math.ceil(options.steps / 4)),
                  },
                },
              },
            })
    return cells
  },
  report(outcomes, _options, _home, findings) {
    const columns = (of: readonly { factors: Record<string, unknown> }[]) => ({
      network: of.map(({ factors }) => String(factors['network'])),
      weightDecay: of.map(({ factors }) => Number(factors['weightDecay'])),
      smoothness: of.map(({ factors }) => Number(factors['smoothness'])),
    })
    const names = [...new Set(outcomes.map(({ factors }) => String(factors['network'])))]
    for (const [at, name] of names.entries()) {
      const groups = groupOver(
        'seed',
        outcomes.filter(({ factors }) => factors['network'] === name),
      )
      const key = names.length === 1 ? 'grid' : `grid${at + 1}`
      findings.table(key, `${name} by weight decay and smoothness`, {
        ...columns(groups),
        ...accuracyColumns(groups),
        ended: groups.map(endedOf),
      })
      findings.heatmap({
        title: `Test accuracy of ${name}`,
        table: key,
        x: 'weightDecay',
        y: 'smoothness',
        value: 'accuracy',
        ended: 'ended',
      })
    }
    findings.table('cells', 'All runs', { ...columns(outcomes), ...cellColumns(outcomes) })
    for (const failure of failures(outcomes)) findings.warn(failure)
  },
})
