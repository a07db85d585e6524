import { z } from 'zod'
import { field } from '../../contract/config.js'
import { cellOf, numberOf } from '../../contract/lab.js'
import type { StudyOutcome } from '../../contract/studies.js'
import { sensitivity } from '../../lab/diagnostics/sensitivity.js'
import { volume } from '../../lab/diagnostics/volume.js'
import { PLACES } from '../../lab/places.js'
import { datasetOption, readDataset, readNames, readSeeds, seedsOption, stepsOption } from '../options.js'
import { UserError } from '../../contract/errors.js'
import { SHARED } from '../quantities.js'
import { cellColumns, diagnosedRows, failures } from '../report.js'
import { defineStudy, type NewCell } from '../template.js'

const { network, seed, state, accuracy, parameters, seconds } = SHARED
const quantities = {
  network: { ...network, formula: 'Dynamics of the units' },
  units: { label: 'Units', symbol: 'N', unit: 'units', formula: 'Number of layers divided by the layers per unit', source: 'Retrace' },
  layers: { label: 'Layers', symbol: '', unit: 'layers', formula: 'Layers in the units, as the papers count them', source: 'Retrace' },
  loss: {
    label: 'Training loss at the end',
    symbol: '',
    unit: 'nats',
    formula: 'Cross-entropy of the last batches; for two classes, chance level is log 2 = 0.693',
    source: 'Retrace',
  },
  reconstructionError: {
    label: 'Reconstruction error',
    symbol: '',
    unit: 'relative',
    formula: 'Last recorded error of the reconstructed first state, relative to that state; none if activations are stored',
    source: 'Gomez et al. 2017, section 3',
  },
  depth: PLACES.depth,
  curve: {
    label: 'Network',
    symbol: '',
    unit: '',
    formula: 'Dynamics of the units, and the seed if there are several',
    source: 'Retrace',
  },
  volume: {
    ...volume.quantities['total']!,
    label: 'Log-determinant up to the unit',
    formula: 'Sum over the units up to this one, for the trained network',
  },
  size: {
    ...volume.quantities['gain']!,
    label: 'Size of the state relative to the first',
    formula: 'Product of rms(Y_{j+1}) / rms(Y_j) up to this unit, for the trained network',
  },
  backward: sensitivity.quantities['backward']!,
  firstToLast: {
    ...sensitivity.quantities['backward']!,
    label: 'Gradient at the first unit relative to the output',
    formula: 'Norm of the gradient of the loss with respect to the state, for the trained network',
  },
  seed,
  state,
  accuracy,
  parameters,
  seconds,
} as const

/** The measurements of the diagnostics at each unit of a trained network, from the input to the output. */
function byUnit(outcome: StudyOutcome) {
  let [total, size] = [0, 1]
  const gradients = new Map(diagnosedRows(outcome, sensitivity.id, 'units').map(({ depth, backward }) => [Number(depth), backward]))
  const units = diagnosedRows(outcome, volume.id, 'units')
  if (units.length === 0)
    return [...gradients].map(([depth, backward]) => ({ depth, volume: null, size: null, backward: backward ?? null }))
  return units.map((unit) => {
    total += numberOf(unit['logDeterminant'])
    size *= numberOf(unit['gain'])
    const depth = Number(unit['depth'])
    return { depth, volume: cellOf(total), size: cellOf(size), backward: gradients.get(depth) ?? null }
  })
}

/** Layers per unit, the preset of which only the dynamics is changed, and what the units conserve. */
const NETWORKS: Readonly<Record<string, { layers: number; preset: string; keeps: string }>> = {
  hamiltonian: { layers: 4, preset: 'mlp-hamiltonian', keeps: 'volume and, for frozen layers, energy' },
  verlet: { layers: 2, preset: 'stable-verlet', keeps: 'volume' },
  euler: { layers: 1, preset: 'stable-euler', keeps: 'neither volume nor energy' },
  plain: { layers: 1, preset: 'stable-euler', keeps: 'neither volume nor energy' },
  highway: { layers: 1, preset: 'stable-euler', keeps: 'neither volume nor energy' },
}

export const volumeDepth = defineStudy({
  id: 'volume-depth',
  title: 'A thousand layers',
  rank: 24,
  question: 'Do networks that conserve volume train at a thousand layers, where plain ones do not?',
  limits:
    'One small problem and one recipe, not tuned for any of the networks. Conserving volume does not bound the growth along individual directions; the diagnostics “Volume and drift” and “Sensitivity” measure both for a run.',
  quantities,
  diagnostics: [volume.id, sensitivity.id],
  options: {
    networks: field(z.string().trim().min(1).max(200).default('hamiltonian, verlet, plain'), {
      group: 'Network',
      label: 'Networks',
      help: `Any of ${Object.keys(NETWORKS).join(', ')}, separated by commas.`,
    }),
    layers: field(z.int().min(4).max(10_000).default(1000), {
      group: 'Network',
      label: 'Layers',
      unit: 'layers',
      help: 'A Hamiltonian unit counts as four layers, a Verlet unit as two, any other unit as one.',
    }),
    width: field(z.int().min(2).max(1024).default(16), { group: 'Network', label: 'Channels', help: 'Width of the states; must be even.' }),
    h: field(z.number().positive().max(10).default(0.05), {
      group: 'Network',
      label: 'Step size h',
      help: 'Ignored by plain and highway layers, which have no step size.',
    }),
    dataset: datasetOption('two-spirals'),
    steps: stepsOption(300),
    seeds: seedsOption('1'),
  },
  expand(options, home) {
    const dataset = readDataset('dataset', options.dataset, home)
    const cells: NewCell<typeof quantities>[] = []
    for (const seedOf of readSeeds('seeds', options.seeds))
      for (const name of readNames('networks', options.networks)) {
        const of = NETWORKS[name]
        if (!of)
          throw new UserError(
            'BAD_INPUT',
            `networks: ${name} is not available in this study. Choose from ${Object.keys(NETWORKS).join(', ')}.`,
          )
        const units = Math.max(1, Math.round(options.layers / of.layers))
        cells.push({
          factors: { network: name, units, layers: units * of.layers, seed: seedOf },
          work: {
            kind: 'run',
            run: {
              preset: of.preset,
              dataset: dataset.name,
              overrides: {
                arch: name,
                h: options.h,
                stages: [{ channels: options.width, units }],
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
  report(outcomes, _options, _home, findings) {
    findings.table('cells', 'All runs', {
      network: outcomes.map(({ factors }) => String(factors['network'])),
      units: outcomes.map(({ factors }) => Number(factors['units'])),
      layers: outcomes.map(({ factors }) => Number(factors['layers'])),
      ...cellColumns(outcomes),
      loss: outcomes.map(({ run }) => run?.latest['train/loss'] ?? null),
      reconstructionError: outcomes.map(({ run }) => run?.latest['reversibility/reconstructionError'] ?? null),
      firstToLast: outcomes.map((outcome) => byUnit(outcome)[0]?.backward ?? null),
    })
    findings.line({
      title: 'Test accuracy by number of units',
      table: 'cells',
      x: 'units',
      y: ['accuracy'],
      by: 'network',
      loose: [...new Set(outcomes.map(({ factors }) => String(factors['network'])))],
      marks: [],
    })
    const several = new Set(outcomes.map(({ factors }) => factors['seed'])).size > 1
    const rows = outcomes.flatMap((outcome) => {
      const { network: name, seed: seedOf } = outcome.factors
      return byUnit(outcome).map((row) => ({ ...row, curve: several ? `${String(name)}, seed ${String(seedOf)}` : String(name) }))
    })
    if (rows.length > 0) {
      findings.table('units', 'By unit, after training', {
        curve: rows.map(({ curve }) => curve),
        depth: rows.map(({ depth }) => depth),
        volume: rows.map((row) => row.volume),
        size: rows.map((row) => row.size),
        backward: rows.map(({ backward }) => backward),
      })
      const over = { table: 'units', x: 'depth' as const, by: 'curve' as const, marks: [] }
      findings.line({ title: 'Volume over depth', ...over, y: ['volume'] })
      findings.line({ title: 'Size of the state over depth', ...over, y: ['size'], logY: true })
      findings.line({ title: 'Gradient norm over depth', ...over, y: ['backward'], logY: true })
      findings.note('Conserving volume does not make a network an isometry: its gradients can still grow or shrink over depth.')
    }
    for (const name of new Set(outcomes.map(({ factors }) => String(factors['network']))))
      findings.note(`${name}: units conserve ${NETWORKS[name]?.keeps ?? 'unknown quantities'}.`)
    findings.note(
      'Only the abstract of Unterthiner and Hochreiter 2016 was read. It gives no number: "allows to effectively train thousands of layers".',
    )
    for (const failure of failures(outcomes)) findings.warn(failure)
  },
})
