import { z } from 'zod'
import { field } from '../../contract/config.js'
import { numberOf } from '../../contract/lab.js'
import { sampleOf } from '../../contract/sample.js'
import type { StudyOutcome } from '../../contract/studies.js'
import { UserError } from '../../contract/errors.js'
import { spiking, spikingQuantities } from '../../lab/diagnostics/spiking.js'
import { DROPOUT } from '../../numeric/dropout.js'
import { datasetOption, readDataset, readNames, readSeeds, seedsOption, stepsOption } from '../options.js'
import { CONVERTED } from '../published.js'
import { SHARED } from '../quantities.js'
import { cell, cellColumns, diagnosedRows, failures } from '../report.js'
import { defineStudy, type NewCell } from '../template.js'

const { network, seed, state, accuracy: testAccuracy, parameters, seconds, dataset } = SHARED
const { reset, steps, analogAccuracy, gap, depth, correlation, rateError, spikes } = spikingQuantities
const quantities = {
  network: { ...network, formula: 'Architecture: spiking (residual blocks) or vgg' },
  curve: { label: 'Network, reset', symbol: '', unit: '', formula: 'Architecture and reset of its neurons', source: 'Retrace' },
  seed,
  state,
  accuracy: testAccuracy,
  reset,
  steps,
  spikingAccuracy: { ...spikingQuantities.accuracy, formula: `${spikingQuantities.accuracy.formula}; the mean over seeds` },
  low: { label: 'Mean − deviation', symbol: '', unit: 'fraction', formula: 'Over seeds', source: 'Retrace' },
  high: { label: 'Mean + deviation', symbol: '', unit: 'fraction', formula: 'Over seeds', source: 'Retrace' },
  analogAccuracy,
  gap,
  depth,
  correlation,
  rateError,
  spikes,
  dataset,
  origin: {
    label: 'Origin',
    symbol: '',
    unit: '',
    formula: 'measured here, or published under other conditions: read or recalled',
    source: 'Sengupta et al. 2019 where published',
  },
  parameters,
  seconds,
} as const

const NETWORKS = ['spiking', 'vgg']

type Row = Record<string, string | number | null>

/** Rows of a table in a run's diagnostic result, with the network of the cell. */
const rowsOf = (outcome: StudyOutcome, key: string): Row[] =>
  diagnosedRows(outcome, spiking.id, key).map((values) => {
    const network = String(outcome.factors['network'])
    return { ...values, network, curve: `${network}, ${String(values['reset'])} reset` }
  })

/** Groups rows with equal values of some keys, in the order in which they first appear. */
function groupBy(keys: readonly string[], rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = JSON.stringify(keys.map((each) => row[each]))
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()]
}

/** Statistics over the rows with a number. */
const over = (rows: readonly Row[], key: string) => sampleOf(rows.map((row) => numberOf(row[key])).filter((value) => !Number.isNaN(value)))

export const spikingStudy = defineStudy({
  id: 'spiking',
  title: 'Spiking neurons for activations',
  rank: 25,
  question: 'How much accuracy is lost when spiking neurons replace activations, over how many time steps, and how sparse are the spikes?',
  limits:
    'Small networks of a few layers on small images; the published ones have 16 to 34 layers and up to 2,500 time steps. Accuracy over time is measured only on the first test images, and only on demand. How the paper joins two paths with different thresholds is only recalled, so the balanced rule derived here is used.',
  quantities,
  diagnostics: [spiking.id],
  options: {
    networks: field(z.string().trim().min(1).max(100).default('spiking, vgg'), {
      group: 'Network',
      label: 'Networks',
      help: `Separated by commas; choose from ${NETWORKS.join(', ')}.`,
    }),
    form: field(z.enum(['dense', 'convolution']).default('dense'), {
      group: 'Network',
      label: 'Maps',
      help: 'dense: images as vectors and one stage. convolution: the three stages of the presets, which take ten times as long and need many more time steps.',
    }),
    width: field(z.int().min(2).max(4096).default(128), {
      group: 'Network',
      label: 'Width',
      unit: 'neurons',
      help: 'Neurons in each layer of dense networks.',
    }),
    blocks: field(z.int().min(1).max(100).default(2), {
      group: 'Network',
      label: 'Blocks',
      help: 'Residual blocks of two layers each in dense networks; vgg has the same layers without shortcuts.',
    }),
    dataset: datasetOption('mnist'),
    dropout: DROPOUT.dropout,
    steps: stepsOption(640),
    seeds: seedsOption('1-3'),
  },
  expand(options, home) {
    const { name: datasetName } = readDataset('dataset', options.dataset, home)
    const cells: NewCell<typeof quantities>[] = []
    for (const seedOf of readSeeds('seeds', options.seeds))
      for (const name of readNames('networks', options.networks)) {
        if (!NETWORKS.includes(name))
          throw new UserError('BAD_INPUT', `networks: There is no ${name} here: choose of ${NETWORKS.join(', ')}.`)
        const units = name === 'vgg' ? 2 * options.blocks : options.blocks
        const dense = { maps: 'dense', denseStem: true, stages: [{ channels: options.width, units }] } as const
        cells.push({
          factors: { network: name, seed: seedOf },
          work: {
            kind: 'run',
            run: {
              preset: `${name}-quick`,
              dataset: datasetName,
              overrides: {
                ...(options.form === 'dense' ? { ...dense, stages: [...dense.stages] } : {}),
                ...(options.dropout > 0 ? { dropout: options.dropout } : {}),
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
  report(outcomes, options, _home, findings) {
    const byTime = groupBy(
      ['curve', 'steps'],
      outcomes.flatMap((outcome) => rowsOf(outcome, 'accuracy')),
    )
    const ofLayers = groupBy(
      ['curve', 'depth'],
      outcomes.flatMap((outcome) => rowsOf(outcome, 'layers')),
    )
    const shared = (groups: readonly Row[][], key: 'network' | 'curve' | 'reset') => groups.map(([first]) => String(first![key]))
    const numbers = (groups: readonly Row[][], key: string) => groups.map((rows) => cell(over(rows, key).mean))
    findings.table('cells', 'All runs', {
      network: outcomes.map(({ factors }) => String(factors['network'])),
      ...cellColumns(outcomes),
    })
    if (byTime.length > 0) {
      const samples = byTime.map((rows) => over(rows, 'accuracy'))
      findings.table('time', 'Accuracy over time steps, mean over seeds', {
        curve: shared(byTime, 'curve'),
        network: shared(byTime, 'network'),
        reset: shared(byTime, 'reset'),
        steps: numbers(byTime, 'steps'),
        spikingAccuracy: samples.map(({ mean }) => cell(mean)),
        low: samples.map(({ mean, deviation }) => cell(mean - deviation)),
        high: samples.map(({ mean, deviation }) => cell(mean + deviation)),
        analogAccuracy: numbers(byTime, 'analogAccuracy'),
        gap: numbers(byTime, 'gap'),
      })
      findings.line({
        title: 'Accuracy over time steps',
        table: 'time',
        x: 'steps',
        y: ['spikingAccuracy'],
        by: 'curve',
        logX: true,
        spread: { low: 'low', high: 'high' },
        marks: groupBy(['network'], byTime.flat()).map((rows) => ({
          axis: 'y',
          value: over(rows, 'analogAccuracy').mean,
          label: `${String(rows[0]!['network'])}, analog`,
        })),
      })
      findings.table('layers', 'By layer of neurons at the last step, mean over seeds', {
        curve: shared(ofLayers, 'curve'),
        depth: numbers(ofLayers, 'depth'),
        correlation: numbers(ofLayers, 'correlation'),
        rateError: numbers(ofLayers, 'rateError'),
        spikes: numbers(ofLayers, 'spikes'),
      })
      const overDepth = { table: 'layers', x: 'depth', by: 'curve' }
      findings.line({ title: 'Correlation of rates with activations over depth', ...overDepth, y: ['correlation'], marks: [] })
      findings.line({ title: 'Spikes per neuron and step over depth', ...overDepth, y: ['spikes'], marks: [] })
    }
    const measured = groupBy(['curve'], byTime.flat()).map((rows) => {
      const last = Math.max(...rows.map((row) => numberOf(row['steps'])))
      const final = rows.filter((row) => row['steps'] === last)
      return {
        network: String(rows[0]!['curve']),
        dataset: options.dataset,
        steps: last,
        analog: over(final, 'analogAccuracy').mean,
        spiking: over(final, 'accuracy').mean,
        origin: 'measured here',
      }
    })
    const published = CONVERTED.map(({ known, ...row }) => ({ ...row, steps: null, origin: `published, other conditions: ${known}` }))
    const all = [...measured, ...published]
    findings.table('published', 'Beside published accuracies', {
      network: all.map((row) => row.network),
      dataset: all.map((row) => row.dataset),
      steps: all.map((row) => row.steps),
      analogAccuracy: all.map((row) => row.analog),
      spikingAccuracy: all.map((row) => row.spiking),
      gap: all.map((row) => row.analog - row.spiking),
      origin: all.map((row) => row.origin),
    })
    findings.scatter({
      title: 'Spiking over analog accuracy',
      table: 'published',
      x: 'analogAccuracy',
      y: 'spikingAccuracy',
      by: 'origin',
      equal: true,
      regions: [
        {
          label: 'nothing lost',
          points: [
            [0.6, 0.6],
            [1, 1],
          ],
        },
      ],
    })
    const finished = outcomes.filter((outcome) => outcome.state === 'finished')
    const known = finished.filter((outcome) => rowsOf(outcome, 'accuracy').length > 0).length
    if (known < finished.length)
      findings.note(
        `Accuracy over time has been measured for ${known} of ${finished.length} finished runs: measure it on the page of the study, or with \`retrace spike ID\`.`,
      )
    findings.note(
      'Published accuracies are for other networks, data sets and numbers of time steps. Those marked as recalled were not checked against a source.',
    )
    for (const failure of failures(outcomes)) findings.warn(failure)
  },
})
