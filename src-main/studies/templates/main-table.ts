import { z } from 'zod'
import { field } from '../../contract/config.js'
import { published, publishedAccuracy, publishedName, whyNotComparable } from '../../contract/published.js'
import { presetsOption, readDataset, readNames, readPresets, readSeeds, seedsOption } from '../options.js'
import { ACCURACIES, SHARED } from '../quantities.js'
import { accuracyColumns, cell, cellColumns, failures, groupOver } from '../report.js'
import { sampleOf } from '../../contract/sample.js'
import { defineStudy, type NewCell } from '../template.js'

const { network, dataset, variant, seed, parameters, memory, seconds } = SHARED
const quantities = {
  network,
  dataset,
  variant,
  seed,
  ...ACCURACIES,
  paperParameters: {
    ...parameters,
    label: 'Parameters, published',
    formula: 'As printed in the paper, where it is rounded to ten thousand',
    source: 'Chang et al. 2018',
  },
  memory,
  seconds,
  comparable: { ...SHARED.published, label: 'Test accuracy, published, equal conditions' },
  published: { ...SHARED.published, label: 'Test accuracy, published, other conditions' },
} as const

export const mainTable = defineStudy({
  id: 'main-table',
  title: 'Main table',
  rank: 1,
  question: 'How accurate are the networks of the paper on its data sets, and what do they cost?',
  limits:
    'With fewer images or shorter runs than in the paper, accuracies are lower than the published ones, which are then listed in a separate column. A binomial interval describes how well the test images determine one accuracy, not how seeds differ.',
  quantities,
  options: {
    presets: presetsOption('resnet-32, revnet-38, hamiltonian-74, midpoint-26, leapfrog-26'),
    datasets: field(z.string().trim().min(1).max(1000).default('cifar-10, cifar-100, stl-10'), {
      group: 'Data',
      label: 'Data sets',
      help: 'Names of imported data sets, separated by commas.',
      choose: 'datasets',
    }),
    epochs: field(z.number().min(0).max(100_000).default(0), {
      group: 'Training',
      label: 'Epochs of each run',
      unit: 'epochs',
      help: 'Length of every run. 0 uses the length of the presets, which is that of the paper and takes days on a CPU.',
    }),
    seeds: seedsOption('1-3'),
  },
  expand(options, home) {
    const sets = readNames('datasets', options.datasets).map((name) => readDataset('datasets', name, home))
    const presets = readPresets('presets', options.presets, home)
    const cells: NewCell<typeof quantities>[] = []
    for (const seedOf of readSeeds('seeds', options.seeds))
      for (const set of sets)
        for (const preset of presets)
          cells.push({
            factors: { dataset: set.name, network: preset.name, seed: seedOf },
            work: {
              kind: 'run',
              run: {
                preset: preset.name,
                dataset: set.name,
                overrides: { seed: seedOf },
                ...(options.epochs > 0 ? { epochs: options.epochs } : {}),
              },
            },
          })
    return cells
  },
  report(outcomes, _options, home, findings) {
    const groups = groupOver('seed', outcomes)
    const rows = groups.map((group) => {
      const set = home.datasets.find(({ name }) => name === group.factors['dataset'])
      const preset = home.presets.find(({ name }) => name === group.factors['network'])
      const { arch, stages, batch = 100 } = preset?.config ?? {}
      const name = arch && stages ? publishedName({ arch, stages }) : undefined
      const known = set ? publishedAccuracy(name, set.format) : null
      const run = group.outcomes.find(({ state: of }) => of === 'finished')?.run
      const why =
        run && set && arch && stages
          ? whyNotComparable({ ...run, config: { arch, stages, batch, subset: 1, validation: 0 }, datasetHash: set.hash }, set)
          : 'no run has finished'
      const last = group.outcomes.flatMap(({ run: each }) => each?.latest['system/residentMiB'] ?? [])
      return {
        name,
        known,
        why,
        parameters: group.outcomes.map(({ run: each }) => each?.parameters ?? null).find((count) => count !== null) ?? null,
        paperParameters: preset?.paperParameters ?? null,
        memory: last.length > 0 ? Math.max(...last) : null,
        seconds: cell(
          sampleOf(group.outcomes.flatMap(({ state: of, seconds: took }) => (of === 'finished' && took !== null ? [took] : []))).mean,
        ),
      }
    })
    findings.table('accuracy', 'Test accuracy', {
      dataset: groups.map(({ factors }) => String(factors['dataset'])),
      network: groups.map(({ factors }) => String(factors['network'])),
      ...accuracyColumns(groups),
      comparable: rows.map(({ known, why }) => (why === null ? known : null)),
      published: rows.map(({ known, why }) => (why === null ? null : known)),
      parameters: rows.map((row) => row.parameters),
      paperParameters: rows.map((row) => row.paperParameters),
      memory: rows.map((row) => row.memory),
      seconds: rows.map((row) => row.seconds),
    })
    findings.table('cells', 'All runs', {
      dataset: outcomes.map(({ factors }) => String(factors['dataset'])),
      network: outcomes.map(({ factors }) => String(factors['network'])),
      ...cellColumns(outcomes),
    })
    for (const [at, set] of [...new Set(groups.map(({ factors }) => String(factors['dataset'])))].entries()) {
      const own = groups.flatMap((group, place) => (group.factors['dataset'] === set ? [{ group, row: rows[place]! }] : []))
      const columns = accuracyColumns(own.map(({ group }) => group))
      // Failed runs are mentioned in the legend even if no seed is left to draw a point for.
      const variants = own.map(({ group: { factors, failed: lost } }) =>
        lost > 0 ? `${String(factors['network'])} (${lost} failed or diverged)` : String(factors['network']),
      )
      const apart = own.flatMap(({ row: { name, known, why, paperParameters } }) =>
        known !== null && why !== null && paperParameters !== null
          ? [{ name: `${name}, published, other conditions`, known, paperParameters }]
          : [],
      )
      const absent = apart.map(() => null)
      findings.table(`figure${at + 1}`, `Test accuracy over parameters, ${set}`, {
        variant: [...variants, ...apart.map(({ name }) => name)],
        parameters: [
          ...own.map(({ row }) => row.parameters ?? row.paperParameters),
          ...apart.map(({ paperParameters }) => paperParameters),
        ],
        accuracy: [...columns.accuracy, ...apart.map(({ known }) => known)],
        low: [...columns.low, ...absent],
        high: [...columns.high, ...absent],
      })
      findings.line({
        title: `Test accuracy over parameters, ${set}`,
        table: `figure${at + 1}`,
        x: 'parameters',
        y: ['accuracy'],
        by: 'variant',
        marks: own.flatMap(({ row: { name, known, why } }) =>
          known !== null && why === null ? [{ axis: 'y' as const, value: known, label: `${name}, published` }] : [],
        ),
        spread: { low: 'low', high: 'high' },
        loose: [...variants, ...apart.map(({ name }) => name)],
      })
    }
    for (const failure of failures(outcomes)) findings.warn(failure)
    const differences = new Set(rows.flatMap(({ known, why }) => (known !== null && why !== null ? [why] : [])))
    if (differences.size > 0)
      findings.note(`Conditions that differ from those of the published accuracies: ${[...differences].join('; ')}.`)
    if (rows.some(({ known }) => known !== null)) findings.note(`Published accuracies: ${published.origin}.`)
  },
})
