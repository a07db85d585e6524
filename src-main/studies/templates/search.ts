import { z } from 'zod'
import { field } from '../../contract/config.js'
import { sampleOf } from '../../contract/sample.js'
import type { CellWork, StudyOutcome } from '../../contract/studies.js'
import { keptAt, laterSteps, promoted } from '../halving.js'
import { datasetOption, readDataset, readPresets, readSeeds, seedsOption, stepsOption } from '../options.js'
import { groupOver } from '../report.js'
import { applyPoint, gridOf, randomPoints, readBase, refuseOtherLengths } from '../search-space.js'
import { importanceCells } from '../search/importance.js'
import { SEARCH } from '../search/quantities.js'
import { reportSearch } from '../search/report.js'
import { keysOf, METRIC, rungsOf, valueAt } from '../search/rungs.js'
import { defineStudy, type NewCell } from '../template.js'

/** Validated, together with all keys of a configuration, when the run is created. */
type Overrides = Extract<CellWork, { kind: 'run' }>['run']['overrides']

export const search = defineStudy({
  id: 'search',
  title: 'Search',
  rank: 6,
  question: 'Which configuration is best on a validation split, and which keys matter?',
  limits:
    'Configurations are ranked by validation accuracy alone, and the test accuracy is shown only for the first one. The best of many validation accuracies is optimistic. Importance is exact for complete grids; for random search and incomplete grids it is estimated by a random forest, with an interval, from 30 runs on.',
  quantities: SEARCH,
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
      help: 'Every configuration starts from this preset.',
      choose: 'preset',
    }),
    dataset: datasetOption('mnist'),
    base: field(z.string().trim().max(4000).default(''), {
      group: 'Network',
      label: 'Changes to the preset',
      help: 'Keys that differ from the preset in every configuration, as JSON, for example {"batch":64}. “Sweep this run over …” in the menu of a run fills it in.',
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
      help: 'Number of combinations in a random search.',
    }),
    drawSeed: field(z.int().min(0).max(1e9).default(1), {
      group: 'Training',
      label: 'Seed of the draws',
      help: 'The same seed draws the same combinations.',
    }),
    rungs: field(z.int().min(1).max(8).default(1), {
      group: 'Training',
      label: 'Rungs of successive halving',
      help: '1 trains every run to its end. With more rungs, all runs are trained for a fraction of the steps, the best 1/eta of them for eta times as many, and so on up to the full length. Runs are resumed exactly, under the schedule of the full length (Jamieson and Talwalkar 2016).',
    }),
    eta: field(z.int().min(2).max(10).default(3), {
      group: 'Training',
      label: 'Eta of successive halving',
      help: 'One in eta runs continues to the next rung, which has eta times the steps.',
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
    const rungs = rungsOf(options)
    if (rungs) refuseOtherLengths(keys, base, { earlyStopping: preset!.config.earlyStopping })
    const columnOf = new Map(keys.map(({ path, column }) => [path, column]))
    const cells: NewCell<typeof SEARCH>[] = []
    for (const seedOf of readSeeds('seeds', options.seeds))
      for (const point of points) {
        const { overrides, ...named } = applyPoint(point, base.stages ?? preset!.config.stages ?? [])
        cells.push({
          factors: { ...Object.fromEntries(Object.entries(point).map(([path, value]) => [columnOf.get(path)!, value])), seed: seedOf },
          ...(rungs && { until: rungs[0]! }),
          work: {
            kind: 'run',
            run: {
              preset: named.preset ?? preset!.name,
              dataset: named.dataset ?? dataset.name,
              overrides: {
                validation: options.validation,
                steps: options.steps,
                evaluateEvery: rungs?.[0] ?? Math.max(1, Math.ceil(options.steps / 5)),
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
  phaseName: 'Rung',
  phases(options) {
    const [keys, rungs] = [keysOf(options.keys), rungsOf(options)]
    const seeds = readSeeds('seeds', options.seeds).length
    return {
      compared: rungs && { metric: METRIC, steps: rungs },
      next(outcomes, phase) {
        const train = rungs && phase < rungs.length - 1 ? goingOn(outcomes, phase, rungs, options.eta) : []
        if (train.length > 0) return { cells: [], train, last: false }
        return { cells: importanceCells(outcomes, { ...options, keys, rungs }), train: [], last: true }
      },
      later: (cells, phase) => (rungs ? seeds * laterSteps(cells / seeds, options.eta, rungs, phase) : 0),
    }
  },
  report: (outcomes, options, _home, findings) =>
    reportSearch(outcomes, { ...options, keys: keysOf(options.keys), rungs: rungsOf(options) }, findings),
})

/**
 * The cells of the best configurations at a rung, by the mean over their seeds; a configuration that has failed with one seed is not
 * promoted.
 */
function goingOn(outcomes: readonly StudyOutcome[], phase: number, rungs: readonly number[], eta: number) {
  const groups = groupOver('seed', outcomes)
  const values = groups.map((group) => {
    const found = group.outcomes.map((outcome) => valueAt(outcome, rungs, phase + 1))
    return found.every((value) => value !== null) ? sampleOf(found).mean : null
  })
  const until = phase + 1 === rungs.length - 1 ? null : rungs[phase + 1]!
  return promoted(values, keptAt(groups.length, eta, phase + 1)).flatMap((place) =>
    groups[place]!.outcomes.map(({ position }) => ({ position, until })),
  )
}
