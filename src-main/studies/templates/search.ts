import { z } from 'zod'
import { field } from '../../contract/config.js'
import { spansDecades } from '../../contract/lab.js'
import { sampleOf } from '../../contract/sample.js'
import type { CellWork, StudyOutcome } from '../../contract/studies.js'
import { gridImportance } from '../anova.js'
import { importanceWithIntervals, type PermutationImportance } from '../forest.js'
import { datasetOption, readDataset, readPresets, readSeeds, seedsOption, stepsOption } from '../options.js'
import { SHARED } from '../quantities.js'
import { cell, failures, groupOver, hasFailed, reportedAccuracy } from '../report.js'
import { applyPoint, gridOf, randomPoints, readBase, readSearchKeys, type SearchKey, type SearchValue } from '../search-space.js'
import { defineStudy, type NewCell } from '../template.js'

const { seed, state, finished, failed, parameters, seconds } = SHARED
const quantities = {
  seed,
  state,
  rank: { label: 'Rank', symbol: '', unit: '', formula: 'By the mean validation accuracy, the best first', source: 'Retrace' },
  validation: {
    label: 'Validation accuracy',
    symbol: '',
    unit: 'fraction',
    formula: 'Best of all evaluations on the validation split, the mean over the seeds that finished',
    source: 'Retrace',
  },
  deviation: {
    label: 'Standard deviation over seeds',
    symbol: '',
    unit: 'fraction',
    formula: 'Sample standard deviation (n - 1) of the validation accuracy over the seeds',
    source: 'Retrace',
  },
  finished,
  failed,
  parameters,
  seconds,
  selectedTest: {
    label: 'Test accuracy of the selected configuration',
    symbol: '',
    unit: 'fraction',
    formula: 'Test accuracy of the first rank, the mean over its seeds: read once, after the selection on the validation split',
    source: 'Retrace',
  },
  key: { label: 'Key', symbol: '', unit: '', formula: 'Key of the configuration', source: 'Retrace' },
  importance: {
    label: 'Importance',
    symbol: '',
    unit: 'fraction',
    formula: 'Variance of the marginal means of the key over the variance of the whole grid; what is left to 1 is due to interactions',
    source: 'Exact analysis of variance: Hooker 2007; Hutter et al. 2014',
  },
  permutation: {
    label: 'Importance by permutation',
    symbol: '',
    unit: 'relative',
    formula:
      'By how much the squared error of a regression forest on runs that a tree has not seen grows when the key is permuted among them, over the variance of the validation accuracy; 0 where the key does not help to predict it',
    source: 'Breiman 2001',
  },
  permutationLow: {
    label: '95% interval, lower end',
    symbol: '',
    unit: 'relative',
    formula: 'Importance minus 1.96 standard errors, by the delete-d jackknife over 20 random halves of the runs',
    source: 'Ishwaran and Lu 2019',
  },
  permutationHigh: {
    label: '95% interval, upper end',
    symbol: '',
    unit: 'relative',
    formula: 'As the lower end',
    source: 'Ishwaran and Lu 2019',
  },
} as const

/** Checked, with all keys of a configuration, when the run is made. */
type Overrides = Extract<CellWork, { kind: 'run' }>['run']['overrides']

/** The keys of a search; their columns are told from those that every search has. */
const keysOf = (text: string): SearchKey[] =>
  readSearchKeys(text).map((key) => (key.column in quantities ? { ...key, column: `${key.column}Key` } : key))

/** What was found last: reports are made whenever somebody looks, and a forest of a thousand runs takes seconds. */
let lastForest: { of: string; found: PermutationImportance[] } | null = null

/** Runs below which a forest says little. */
const LEAST_RUNS = 30

/** A value as a number; of texts their place among the values of the key. */
const featureOf = (value: SearchValue, values: readonly SearchValue[]): number =>
  typeof value === 'string' ? values.indexOf(value) : Number(value)

const validationOf = ({ run, state: of }: StudyOutcome): number | null =>
  of === 'finished' ? (run?.best['validation/accuracy'] ?? null) : null

export const search = defineStudy({
  id: 'search',
  title: 'Search',
  rank: 6,
  question: 'Which configuration is best on a validation split, and which keys matter?',
  limits:
    'Configurations are ranked by the validation split alone; the test accuracy of the first is an estimate, those of the others are not shown. The best of many validation accuracies is optimistic. Importance is exact for complete grids; for random search and incomplete grids it is that of a forest, from 30 runs on, with an interval.',
  quantities,
  furtherQuantities: ({ keys }) =>
    Object.fromEntries(
      keysOf(keys).map(({ path, column }) => [
        column,
        { label: path, symbol: '', unit: '', formula: `Configuration key ${path}`, source: 'docs/configuration.md' },
      ]),
    ),
  options: {
    preset: field(z.string().min(1).max(100).default('hamiltonian-quick'), {
      group: 'Network',
      label: 'Network (preset)',
      help: 'Where every configuration starts from.',
      choose: 'preset',
    }),
    dataset: datasetOption('mnist'),
    base: field(z.string().trim().max(4000).default(''), {
      group: 'Network',
      label: 'Changes to the preset',
      help: 'What every configuration has beside its preset, as JSON, for example {"batch":64}. The command Sweep this run over … of a run fills it in.',
    }),
    keys: field(z.string().trim().max(1000).default('h=0.1|0.3|1; learningRate=0.03|0.1'), {
      group: 'Training',
      label: 'Keys and values',
      choose: 'keys',
      help: 'Configuration keys separated by semicolons, values by bars, for example h=0.1|0.3; stages.*.units=2|4; arch=hamiltonian|midpoint. Random search also takes ranges: learningRate=0.01..0.3 log.',
    }),
    method: field(z.enum(['grid', 'random']).default('grid'), {
      group: 'Training',
      label: 'Method',
      help: 'grid runs every combination; random draws combinations independently (Bergstra and Bengio 2012).',
    }),
    draws: field(z.int().min(1).max(1000).default(20), {
      group: 'Training',
      label: 'Random draws',
      help: 'Number of combinations of a random search.',
    }),
    drawSeed: field(z.int().min(0).max(1e9).default(1), {
      group: 'Training',
      label: 'Seed of the draws',
      help: 'The same seed draws the same combinations.',
    }),
    validation: field(z.number().min(0.01).max(0.5).default(0.1), {
      group: 'Data',
      label: 'Validation split',
      unit: 'fraction',
      help: 'Fraction of the training images by which configurations are ranked.',
    }),
    steps: stepsOption(300),
    seeds: seedsOption('1'),
  },
  expand(options, home) {
    const dataset = readDataset('dataset', options.dataset, home)
    const [preset] = readPresets('preset', options.preset, home)
    const base = readBase(options.base)
    const keys = keysOf(options.keys)
    const points = options.method === 'grid' ? gridOf(keys) : randomPoints(keys, options.draws, options.drawSeed)
    const columnOf = new Map(keys.map(({ path, column }) => [path, column]))
    const cells: NewCell[] = []
    for (const seedOf of readSeeds('seeds', options.seeds))
      for (const point of points) {
        const { overrides, ...named } = applyPoint(point, base.stages ?? preset!.config.stages ?? [])
        cells.push({
          factors: { ...Object.fromEntries(Object.entries(point).map(([path, value]) => [columnOf.get(path)!, value])), seed: seedOf },
          work: {
            kind: 'run',
            run: {
              preset: named.preset ?? preset!.name,
              dataset: named.dataset ?? dataset.name,
              overrides: {
                validation: options.validation,
                steps: options.steps,
                evaluateEvery: Math.max(1, Math.ceil(options.steps / 5)),
                ...(base as Overrides),
                ...(overrides as Overrides),
                seed: seedOf,
              },
            },
          },
        })
      }
    return cells
  },
  report(outcomes, options, _home, findings) {
    const keys = keysOf(options.keys)
    const groups = groupOver('seed', outcomes)
      .map((group) => ({ ...group, validation: sampleOf(group.outcomes.flatMap((outcome) => validationOf(outcome) ?? [])) }))
      .sort((a, b) => (cell(b.validation.mean) ?? -1) - (cell(a.validation.mean) ?? -1))
    const columns = (of: readonly { factors: Readonly<Record<string, SearchValue>> }[]) =>
      Object.fromEntries(
        keys.map(({ column }) => [
          column,
          of.map(({ factors }) => {
            const value = factors[column]
            return typeof value === 'number' ? value : String(value)
          }),
        ]),
      )
    findings.table('ranking', 'Configurations by validation accuracy', {
      rank: groups.map(({ validation }, at) => (validation.n > 0 ? at + 1 : null)),
      ...columns(groups),
      validation: groups.map(({ validation }) => cell(validation.mean)),
      deviation: groups.map(({ validation }) => cell(validation.deviation)),
      finished: groups.map(({ validation }) => validation.n),
      failed: groups.map((group) => group.failed),
    })
    findings.table('cells', 'All runs', {
      ...columns(outcomes),
      seed: outcomes.map(({ factors }) => Number(factors['seed'])),
      state: outcomes.map((outcome) => outcome.state),
      validation: outcomes.map(validationOf),
      parameters: outcomes.map(({ run }) => run?.parameters ?? null),
      seconds: outcomes.map((outcome) => outcome.seconds),
    })
    const settled = outcomes.every((outcome) => outcome.state === 'finished' || hasFailed(outcome))
    const [best] = groups
    // Not before the selection has been made.
    if (settled && best && best.validation.n > 0)
      findings.say('selectedTest', cell(sampleOf(best.outcomes.flatMap((outcome) => reportedAccuracy(outcome) ?? [])).mean))
    else findings.note('The test accuracy of the selected configuration is shown when every run has ended.')
    for (const { path, column, values } of keys) {
      if (values.length === 0 || !values.every((value) => typeof value === 'number')) continue
      findings.scatter({
        title: `Validation accuracy over ${path}`,
        table: 'ranking',
        x: column as 'rank',
        y: 'validation',
        by: null,
        equal: false,
        regions: [],
        logX: spansDecades(values),
      })
    }
    for (const failure of failures(outcomes)) findings.warn(failure)
    if (!settled) return findings.note('The importance of keys is shown when every run has ended.')
    const whole = groups.every(({ validation, outcomes: of }) => validation.n === of.length)
    if (options.method !== 'grid' || !whole) return reportPermutation()
    const shares = gridImportance(
      groups.map(({ factors, validation }) => ({ point: factors, value: validation.mean })),
      keys.map(({ column }) => column),
    )
    if (!shares) return findings.note('All configurations have the same validation accuracy, so no key explains a difference.')
    findings.table('importance', 'Importance of keys', {
      key: shares.map(({ key }) => keys.find(({ column }) => column === key)!.path),
      importance: shares.map(({ share }) => share),
    })

    function reportPermutation(): void {
      const rows = outcomes.flatMap((outcome) => {
        const value = validationOf(outcome)
        return value === null ? [] : [{ value, x: keys.map(({ column, values }) => featureOf(outcome.factors[column]!, values)) }]
      })
      // Runs of another length would be compared by how long they were trained.
      if (keys.some(({ path }) => path === 'steps' || path === 'epochs'))
        return findings.note('The importance of keys is not given where runs differ in their length, which is a key of this search.')
      if (rows.length < LEAST_RUNS)
        return findings.note(
          `The importance of keys needs a complete grid, or at least ${LEAST_RUNS} runs that finished, and ${rows.length} have: with fewer a forest says little.`,
        )
      if (rows.every(({ value }) => value === rows[0]!.value))
        return findings.note('All configurations have the same validation accuracy, so no key explains a difference.')
      const of = JSON.stringify([rows, options.drawSeed])
      if (lastForest?.of !== of)
        lastForest = {
          of,
          found: importanceWithIntervals(
            rows.map(({ x }) => x),
            rows.map(({ value }) => value),
            { trees: 100, seed: options.drawSeed },
          ),
        }
      const { found } = lastForest
      findings.table('permutation', 'Importance of keys by permutation', {
        key: keys.map(({ path }) => path),
        permutation: found.map(({ importance }) => importance),
        permutationLow: found.map(({ low }) => low),
        permutationHigh: found.map(({ high }) => high),
      })
      findings.note(
        `Importance by permutation is of ${rows.length} runs that finished, all of the same length. Those that failed or diverged are not in it, so that a key that makes runs fail may seem less important.`,
      )
    }
  },
})
