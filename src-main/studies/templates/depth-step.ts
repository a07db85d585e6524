import { UserError } from '../../contract/errors.js'
import { field } from '../../contract/config.js'
import { z } from 'zod'
import type { StudyOutcome } from '../../contract/studies.js'
import { sampleOf } from '../../contract/sample.js'
import { numberOf } from '../../contract/lab.js'
import { spectrum } from '../../lab/diagnostics/spectrum.js'
import { datasetOption, numbersOption, readDataset, readNumbers, readSeeds, seedsOption, stepsOption } from '../options.js'
import { ACCURACIES, SHARED } from '../quantities.js'
import { accuracyColumns, cell, cellColumns, endedOf, failures, groupOver } from '../report.js'
import { defineStudy, type NewCell } from '../template.js'

const { ended, seed, seconds } = SHARED
const quantities = {
  h: { label: 'Step size h', symbol: 'h', unit: '', formula: 'Integration step size of every unit', source: 'Chang et al. 2018, eq. 8' },
  units: { label: 'Units per stage', symbol: '', unit: 'units', formula: 'Units of every stage', source: 'Retrace' },
  seed,
  ...ACCURACIES,
  ended,
  seconds,
  gradientError: {
    label: 'Gradient error of the reversal',
    symbol: '',
    unit: 'relative',
    formula: 'Worst check during training: largest |reversed − stored| / |stored| over all parameters and seeds',
    source: 'numeric/gradient-error.ts',
  },
  reconstructionError: {
    label: 'Reconstruction error',
    symbol: '',
    unit: 'relative',
    formula: 'Last recorded error of the reconstructed first state, relative to that state; the largest over the seeds',
    source: 'Gomez et al. 2017, section 3',
  },
  margin: spectrum.quantities['margin']!,
  travel: {
    label: 'Integration time h × units',
    symbol: 'hN',
    unit: '',
    formula: 'Step size times the number of units in a stage: how far a stage integrates',
    source: 'Chang et al. 2018, section 3.1',
  },
} as const

/** The smallest stability margin of the units of a run, from the diagnostic. */
const marginOf = ({ diagnosed }: StudyOutcome): number | null => {
  const said = diagnosed?.[spectrum.id]?.summary.find(({ key }) => key === 'margin')?.value
  return said === undefined || said === null ? null : numberOf(said)
}

const largest = (values: readonly number[]): number | null => (values.length > 0 ? Math.max(...values) : null)

export const depthStep = defineStudy({
  id: 'depth-step',
  title: 'Depth and step size',
  rank: 4,
  question: 'How do accuracy and the exactness of the reversal depend on step size and depth?',
  limits:
    'One small network, trained for one length. The stability margin is that of the least stable unit of the trained network, linearised at one image; it is measured on demand.',
  quantities,
  diagnostics: [spectrum.id],
  options: {
    preset: field(z.string().min(1).max(100).default('hamiltonian-quick'), {
      group: 'Network',
      label: 'Network (preset)',
      help: 'A reversible network. Its stages keep their channels.',
      choose: 'preset',
    }),
    dataset: datasetOption('mnist'),
    steps: stepsOption(300),
    sizes: numbersOption('0.03, 0.1, 0.3, 1', { group: 'Network', label: 'Step sizes h', help: 'Values of h, separated by commas.' }),
    units: numbersOption('2, 4, 8, 16', {
      group: 'Network',
      label: 'Units per stage',
      unit: 'units',
      help: 'Units of every stage, separated by commas.',
    }),
    seeds: seedsOption('1-2'),
  },
  expand(options, home) {
    const dataset = readDataset('dataset', options.dataset, home)
    const preset = home.presets.find(({ name }) => name === options.preset)
    if (!preset) throw new UserError('BAD_INPUT', `preset: There is no preset ${options.preset}; see \`retrace presets\`.`)
    const cells: NewCell<typeof quantities>[] = []
    for (const seedOf of readSeeds('seeds', options.seeds))
      for (const units of readNumbers('units', options.units, { least: 1, whole: true }))
        for (const h of readNumbers('sizes', options.sizes, { least: 1e-6 }))
          cells.push({
            factors: { h, units, seed: seedOf },
            work: {
              kind: 'run',
              run: {
                preset: preset.name,
                dataset: dataset.name,
                overrides: {
                  h,
                  stages: (preset.config.stages ?? []).map(({ channels }) => ({ channels, units })),
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
    const groups = groupOver('seed', outcomes)
    const runs = groups.map((group) => group.outcomes.flatMap(({ run }) => run ?? []))
    findings.table('grid', 'By step size and depth', {
      h: groups.map(({ factors }) => Number(factors['h'])),
      units: groups.map(({ factors }) => Number(factors['units'])),
      travel: groups.map(({ factors }) => Number(factors['h']) * Number(factors['units'])),
      ...accuracyColumns(groups),
      ended: groups.map(endedOf),
      gradientError: runs.map((of) => largest(of.flatMap(({ gradients }) => gradients?.error ?? []))),
      reconstructionError: runs.map((of) => largest(of.flatMap(({ latest }) => latest['reversibility/reconstructionError'] ?? []))),
      margin: groups.map(({ outcomes: of }) => {
        const margins = of.flatMap((outcome) => marginOf(outcome) ?? [])
        return margins.length > 0 ? Math.min(...margins) : null
      }),
      seconds: groups.map((group) => cell(sampleOf(group.outcomes.flatMap(({ seconds: took }) => took ?? [])).mean)),
    })
    findings.table('cells', 'All runs', {
      h: outcomes.map(({ factors }) => Number(factors['h'])),
      units: outcomes.map(({ factors }) => Number(factors['units'])),
      ...cellColumns(outcomes),
      gradientError: outcomes.map(({ run }) => run?.gradients?.error ?? null),
      margin: outcomes.map(marginOf),
    })
    const map = { table: 'grid', x: 'h' as const, y: 'units' as const, ended: 'ended' as const }
    findings.heatmap({ title: 'Test accuracy', ...map, value: 'accuracy' })
    const known = outcomes.filter((outcome) => marginOf(outcome) !== null).length
    if (known > 0) findings.heatmap({ title: 'Stability margin after training', ...map, value: 'margin' })
    const trained = outcomes.filter((outcome) => outcome.state === 'finished').length
    if (known < trained)
      findings.note(
        `The stability margin has been measured for ${known} of ${trained} finished runs. Measure the others on the page of the study or with \`retrace lab ${spectrum.id} --run ID\`.`,
      )
    findings.heatmap({ title: 'Gradient error of the reversal', ...map, value: 'gradientError', logValue: true })
    findings.heatmap({ title: 'Reconstruction error', ...map, value: 'reconstructionError', logValue: true })
    for (const failure of failures(outcomes)) findings.warn(failure)
  },
})
