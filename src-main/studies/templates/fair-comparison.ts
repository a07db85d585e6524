import { z } from 'zod'
import { field } from '../../contract/config.js'
import { UserError } from '../../contract/errors.js'
import type { NetworkConfig } from '../../contract/config.js'
import { MEMORY } from '../../contract/memory.js'
import { sampleOf } from '../../contract/sample.js'
import type { WorkOf } from '../../contract/studies.js'
import { deepened, deepenedKeys, unitsOf } from '../../lab/over-depth.js'
import { activationBytes, nominalConfig } from '../../numeric/describe.js'
import { networkDepth, parameterCount, type Network } from '../../numeric/network.js'
import { findPreset } from '../../numeric/presets.js'
import { datasetOption, numbersOption, readDataset, readNumbers, readPresets, readSeeds, seedsOption, stepsOption } from '../options.js'
import { SHARED } from '../quantities.js'
import { cell, failures, groupOver, hasFailed, reportedAccuracy } from '../report.js'
import { defineStudy, type NewCell } from '../template.js'

const MIB = 2 ** 20
const quantity = (label: string, unit: string, formula: string) => ({ label, symbol: '', unit, formula, source: 'Retrace' })
const quantities = {
  network: quantity('Network', '', 'Architecture of the cell'),
  learningRate: quantity('Learning rate', '', 'At the start of the schedule; every network gets the same candidates'),
  seed: SHARED.seed,
  state: SHARED.state,
  validation: quantity(
    'Validation accuracy',
    'fraction',
    'Best of all evaluations on the validation split, the mean over the seeds that finished',
  ),
  accuracy: quantity('Test accuracy', 'fraction', 'At the learning rate that is best on the validation split; the mean over the seeds'),
  deviation: SHARED.deviation,
  finished: SHARED.finished,
  failed: SHARED.failed,
  seconds: SHARED.seconds,
  parameters: SHARED.parameters,
  mismatch: quantity(
    'Parameters over those of the other',
    'relative',
    'Of the matched network over those of the preset, minus 1: what whole units leave over',
  ),
  difference: quantity(
    'Difference of test accuracies',
    'fraction',
    'Of the preset minus the matched network, each at its own learning rate',
  ),
  property: quantity('Property', '', 'What still differs between the networks'),
  own: quantity('Preset', '', 'Its value for the network of the preset'),
  other: quantity('Matched network', '', 'Its value for the network that is matched to it'),
} as const

interface Pair {
  preset: string
  against: string
}

interface Side {
  name: string
  network: Network
  /** Keys of the configuration that differ from the preset's. */
  keys: Record<string, unknown>
}

/** What was matched last: reports are made whenever somebody looks. */
let lastPair: { of: string; pair: Side[] } | null = null

function pairOf({ preset, against }: Pair): Side[] {
  const of = `${preset} ${against}`
  if (lastPair?.of !== of) lastPair = { of, pair: match({ preset, against }) }
  return lastPair.pair
}

/**
 * The network of the preset, and that of the other architecture whose parameters are nearest to its own: with its units multiplied by what the parameters
 * ask for, and then stage by stage a unit more or fewer for as long as that is nearer.
 * @throws UserError BAD_INPUT
 */
function match({ preset, against }: Pair): Side[] {
  const config = nominalConfig(findPreset(preset))
  if (against === config.arch)
    throw new UserError('BAD_INPUT', `against: ${preset} is of the architecture ${against} itself. Choose another one.`)
  const own = deepened(config, 1)!
  const target = parameterCount(own)
  const at = (stages: NetworkConfig['stages']) => {
    const network = deepened({ ...config, stages }, 1, against)
    if (!network)
      throw new UserError(
        'BAD_INPUT',
        `against: ${against} does not take the channels of ${preset}. Choose another architecture or preset.`,
      )
    return { stages, network, apart: Math.abs(Math.log(parameterCount(network) / target)) }
  }
  const factor = target / parameterCount(at(config.stages).network)
  let best = at(config.stages.map(({ channels, units }) => ({ channels, units: Math.max(1, Math.round(units * factor)) })))
  for (let improved = true; improved;) {
    improved = false
    for (const [stage] of best.stages.entries())
      for (const more of [1, -1]) {
        const stages = best.stages.map(({ channels, units }, each) => ({ channels, units: units + (each === stage ? more : 0) }))
        if (stages[stage]!.units < 1) continue
        const next = at(stages)
        if (next.apart < best.apart) [best, improved] = [next, true]
      }
  }
  return [
    { name: config.arch, network: own, keys: {} },
    { name: against, network: best.network, keys: { ...deepenedKeys({ ...config, stages: best.stages }, 1, against) } },
  ]
}

export const fairComparison = defineStudy({
  id: 'fair-comparison',
  title: 'Fair comparison',
  rank: 7,
  question: 'Which of two architectures is more accurate with the same number of parameters, recipe and search budget?',
  limits:
    'Networks are matched by their parameters, through the units of their stages; channels, steps and data are the same, and the time and memory of a step are not. The recipe is that of the preset, which was chosen for it. The best of several validation accuracies is optimistic.',
  quantities,
  options: {
    preset: field(z.string().min(1).max(100).default('hamiltonian-quick'), {
      group: 'Network',
      label: 'Network (preset)',
      help: 'Its recipe is that of both.',
      choose: 'preset',
    }),
    against: field(z.enum(['resnet', 'revnet', 'hamiltonian', 'midpoint', 'leapfrog']).default('resnet'), {
      group: 'Network',
      label: 'Architecture to compare with',
      help: 'It gets the channels of the preset, and as many units as give it about as many parameters.',
    }),
    dataset: datasetOption('mnist'),
    rates: numbersOption('0.03, 0.1', {
      group: 'Training',
      label: 'Learning rates',
      help: 'Tried by both networks; the best on the validation split counts.',
    }),
    validation: field(z.number().min(0.01).max(0.5).default(0.1), {
      group: 'Data',
      label: 'Validation split',
      unit: 'fraction',
      help: 'Fraction of the training images by which learning rates are selected.',
    }),
    steps: stepsOption(300),
    seeds: seedsOption('1-3'),
  },
  expand(options, home) {
    const dataset = readDataset('dataset', options.dataset, home)
    const [preset] = readPresets('preset', options.preset, home)
    const cells: NewCell<typeof quantities>[] = []
    for (const seed of readSeeds('seeds', options.seeds))
      for (const learningRate of readNumbers('rates', options.rates, { least: 1e-9 }))
        for (const { name, keys } of pairOf(options))
          cells.push({
            factors: { network: name, learningRate, seed },
            work: {
              kind: 'run',
              run: {
                preset: preset!.name,
                dataset: dataset.name,
                overrides: {
                  ...keys,
                  learningRate,
                  seed,
                  steps: options.steps,
                  validation: options.validation,
                  evaluateEvery: Math.max(1, Math.ceil(options.steps / 5)),
                } as WorkOf<'run'>['run']['overrides'],
              },
            },
          })
    return cells
  },
  report(outcomes, options, _home, findings) {
    const pair = pairOf(options)
    const [own, other] = pair.map(({ network }) => network) as [Network, Network]
    const groups = groupOver('seed', outcomes).map((group) => ({
      ...group,
      validation: sampleOf(
        group.outcomes.flatMap(({ state, run }) => (state === 'finished' ? (run?.best['validation/accuracy'] ?? []) : [])),
      ),
    }))
    findings.table('rates', 'By network and learning rate', {
      network: groups.map(({ factors }) => String(factors['network'])),
      learningRate: groups.map(({ factors }) => Number(factors['learningRate'])),
      validation: groups.map(({ validation }) => cell(validation.mean)),
      finished: groups.map(({ validation }) => validation.n),
      failed: groups.map(({ failed }) => failed),
      seconds: groups.map((group) => cell(sampleOf(group.outcomes.flatMap(({ seconds }) => seconds ?? [])).mean)),
    })
    findings.line({
      title: 'Validation accuracy over the learning rate',
      table: 'rates',
      x: 'learningRate',
      y: ['validation'],
      by: 'network',
      logX: true,
      marks: [],
    })
    findings.say('mismatch', parameterCount(other) / parameterCount(own) - 1)
    const settled = outcomes.every((outcome) => outcome.state === 'finished' || hasFailed(outcome))
    if (settled) {
      const selected = pair.map(({ name }) => {
        const tried = groups.filter(({ factors, validation }) => factors['network'] === name && validation.n > 0)
        return tried.sort((a, b) => b.validation.mean - a.validation.mean)[0]
      })
      const tested = selected.map((group) => sampleOf(group ? group.outcomes.flatMap((outcome) => reportedAccuracy(outcome) ?? []) : []))
      findings.table('selected', 'At the selected learning rates', {
        network: pair.map(({ name }) => name),
        parameters: pair.map(({ network }) => parameterCount(network)),
        learningRate: selected.map((group) => (group ? Number(group.factors['learningRate']) : null)),
        accuracy: tested.map(({ mean }) => cell(mean)),
        deviation: tested.map(({ deviation }) => cell(deviation)),
        finished: tested.map(({ n }) => n),
      })
      findings.say('difference', cell(tested[0]!.mean - tested[1]!.mean))
    } else findings.note('Test accuracies are shown when every run has ended, after the learning rates have been selected.')
    const { batch } = findPreset(options.preset).config
    const memory = pair.map(({ network }) => activationBytes(network, batch ?? 100))
    const differs: [string, string | number, string | number][] = [
      ['Parameters', parameterCount(own), parameterCount(other)],
      ['Layers', networkDepth(own), networkDepth(other)],
      ['Units', unitsOf(own), unitsOf(other)],
      [`${MEMORY.activations.label}, stored (MiB)`, memory[0]!.stored / MIB, memory[1]!.stored / MIB],
    ]
    const rows = differs.filter(([, first, second]) => first !== second)
    findings.table('differs', 'What still differs', {
      property: rows.map(([name]) => name),
      own: rows.map(([, first]) => first),
      other: rows.map(([, , second]) => second),
    })
    for (const failure of failures(outcomes)) findings.warn(failure)
  },
})
