import { z } from 'zod'
import { field } from '../../contract/config.js'
import { UserError } from '../../contract/errors.js'
import { MEMORY } from '../../contract/memory.js'
import type { StudyOutcome } from '../../contract/studies.js'
import { deepened, deepenedKeys, unitsOf, whereStoredEnds } from '../../lab/over-depth.js'
import { activationBytes, nominalConfig } from '../../numeric/describe.js'
import { networkDepth, parameterCount } from '../../numeric/network.js'
import { findPreset } from '../../numeric/presets.js'
import { numbersOption, readNumbers } from '../options.js'
import { failures } from '../report.js'
import { defineStudy, type NewCell, type StudyHome } from '../template.js'

const MIB = 2 ** 20
/** Maximum fraction of the machine's memory that a measurement is expected to take: the rest is for the system and the workbench. */
const SHARE = 0.7

const MEASURED = 'Measured by `retrace bench step` in a separate process, on synthetic images'
const quantities = {
  curve: { label: 'Network', symbol: '', unit: '', formula: 'Architecture and backpropagation mode', source: 'Retrace' },
  units: { label: 'Units of the network', symbol: '', unit: 'units', formula: 'Units of all stages', source: 'Retrace' },
  layers: {
    label: 'Layers',
    symbol: '',
    unit: 'layers',
    formula: 'Layers as the papers count them',
    source: 'He et al. 2016; Chang et al. 2018',
  },
  estimate: {
    label: `${MEMORY.activations.label}, estimated`,
    symbol: '',
    unit: 'MiB',
    formula: 'numeric/describe.ts, checked against tfjs’s own accounting by its test',
    source: 'The idea: Gomez et al. 2017, table 1',
  },
  growth: {
    label: 'Memory of a training step, measured',
    symbol: '',
    unit: 'MiB',
    formula:
      'Peak resident set of the process minus its resident set before the network was created: activations, weights, and buffers of the engine',
    source: MEASURED,
  },
  peak: { label: `${MEMORY.process.label}, peak`, symbol: '', unit: 'MiB', formula: 'Peak resident set of the process', source: MEASURED },
  seconds: {
    label: 'Time of a training step',
    symbol: '',
    unit: 's',
    formula: 'Median of the timed steps; the first step is a warm-up and is not timed',
    source: MEASURED,
  },
  capture: { label: 'Time of compiling the step', symbol: '', unit: 's', formula: 'Once per run, before the first step', source: MEASURED },
  parameters: { label: 'Parameters', symbol: '', unit: '', formula: 'Number of trained parameters', source: 'Retrace' },
  state: { label: 'State', symbol: '', unit: '', formula: 'State of the measurement', source: 'Retrace' },
  fits: {
    label: 'Units at which stored activations no longer fit in memory',
    symbol: '',
    unit: 'units',
    formula:
      'Smallest number of units, in the proportions of the network, whose stored activations alone exceed the memory of this machine',
    source: 'Retrace',
  },
  memory: { label: 'Memory of this machine', symbol: '', unit: 'MiB', formula: 'As reported by the operating system', source: 'Retrace' },
} as const

/** The comparison at every depth: the network in both modes, and two networks with the same channels and units. */
function curvesOf(preset: string) {
  const { arch } = findPreset(preset).config
  return [
    { curve: `${arch}, reversible`, arch, mode: 'reversible' as const },
    { curve: `${arch}, stored`, arch, mode: 'stored' as const },
    ...(arch === 'revnet' ? [] : [{ curve: 'revnet, reversible', arch: 'revnet', mode: 'reversible' as const }]),
    ...(arch === 'resnet' ? [] : [{ curve: 'resnet, stored', arch: 'resnet', mode: 'stored' as const }]),
  ]
}

interface Options {
  preset: string
  factors: string
  batch: number
  steps: number
}

/** Every point of every curve, with what is known about it before it is measured. */
function pointsOf({ preset, factors, batch }: Options, { memoryBytes }: StudyHome) {
  const config = nominalConfig(findPreset(preset))
  return readNumbers('factors', factors, { least: 0.01 }).flatMap((factor) =>
    curvesOf(preset).flatMap(({ curve, arch, mode }) => {
      const network = deepened(config, factor, arch)
      const bytes = network && activationBytes(network, batch)[mode]
      if (!network || bytes === null) return []
      return [{ curve, arch, mode, factor, network, units: unitsOf(network), bytes, fits: bytes < memoryBytes * SHARE }]
    }),
  )
}

const measure = ({ measured }: StudyOutcome, key: string): number | null => {
  const value = measured?.[key]
  return typeof value === 'number' ? value : null
}

export const memoryDepth = defineStudy({
  id: 'memory-depth',
  title: 'Memory and time over depth',
  rank: 2,
  question: 'How do the memory and time of a training step grow with depth in reversible and stored mode?',
  limits:
    'RevNet and ResNet have the same channels and units as the network, but not the same number of parameters. Process memory includes weights, buffers and the memory that the engine keeps, so its curve starts above that of the activations.',
  quantities,
  options: {
    preset: field(z.string().min(1).max(100).default('hamiltonian-74'), {
      group: 'Network',
      label: 'Network (preset)',
      help: 'Its channels are kept and its numbers of units are multiplied.',
      choose: 'preset',
    }),
    factors: numbersOption('0.5, 1, 2, 4, 8, 16', {
      group: 'Network',
      label: 'Depth factors',
      unit: 'times',
      help: 'Multiples of the units of every stage, separated by commas. For hamiltonian-74, 16.67 gives about 1,202 layers.',
    }),
    batch: field(z.int().min(1).max(4096).default(16), {
      group: 'Training',
      label: 'Batch size',
      unit: 'images',
      help: 'Images of 32x32 pixels per step.',
    }),
    steps: field(z.int().min(1).max(1000).default(3), {
      group: 'Training',
      label: 'Timed steps',
      unit: 'steps',
      help: 'Number of timed steps; the result is their median.',
    }),
  },
  expand(options, home) {
    const known = home.presets.some(({ name }) => name === options.preset)
    if (!known) throw new UserError('BAD_INPUT', `preset: There is no preset ${options.preset}; see \`retrace presets\`.`)
    const config = nominalConfig(findPreset(options.preset))
    return pointsOf(options, home)
      .filter(({ fits }) => fits)
      .map(({ curve, arch, mode, factor, units }): NewCell<typeof quantities> => {
        const set = deepenedKeys(config, factor, arch)
        return {
          factors: { curve, units },
          work: {
            kind: 'measurement',
            request: {
              preset: options.preset,
              batch: options.batch,
              size: null,
              units: null,
              mode,
              steps: options.steps,
              execution: null,
              fused: null,
              kept: null,
              set: { ...set },
            },
          },
        }
      })
  },
  report(outcomes, options, home, findings) {
    const config = nominalConfig(findPreset(options.preset))
    const memoryMiB = home.memoryBytes / MIB
    const points = pointsOf(options, home).map((point) => ({
      ...point,
      outcome: outcomes.find(({ factors }) => factors['curve'] === point.curve && factors['units'] === point.units),
    }))
    const found = (key: string): (number | null)[] => points.map(({ outcome }) => (outcome ? measure(outcome, key) : null))
    const start = found('startMiB')
    findings.table('depth', 'By units', {
      curve: points.map(({ curve }) => curve),
      units: points.map(({ units }) => units),
      layers: points.map(({ network }) => networkDepth(network)),
      parameters: points.map(({ network }) => parameterCount(network)),
      estimate: points.map(({ bytes }) => bytes / MIB),
      growth: found('peakMiB').map((peak, at) => (peak === null || start[at] == null ? null : peak - start[at])),
      peak: found('peakMiB'),
      seconds: found('secondsPerStep'),
      capture: found('captureSeconds'),
      state: points.map(({ outcome, fits }) => outcome?.state ?? (fits ? 'queued' : 'does not fit')),
    })
    const fits = whereStoredEnds(config, options.batch, home.memoryBytes)
    findings.say('fits', fits)
    findings.say('memory', memoryMiB)
    const marks = [
      { axis: 'y' as const, value: memoryMiB, label: 'memory of this machine' },
      ...(fits === null ? [] : [{ axis: 'x' as const, value: fits, label: 'stored activations no longer fit' }]),
    ]
    const axes = { table: 'depth', x: 'units' as const, by: 'curve' as const, logX: true, logY: true }
    findings.line({ title: 'Memory of a training step over depth, measured', ...axes, y: ['growth'], marks })
    findings.line({ title: 'Activation memory over depth, estimated', ...axes, y: ['estimate'], marks })
    findings.line({ title: 'Time of a training step over depth', ...axes, y: ['seconds'], marks: [] })
    const absent = points.filter((point) => !point.fits)
    if (absent.length > 0)
      findings.warn(
        `Not measured because their activations are estimated to take more than ${SHARE * 100}% of the memory of this machine: ${absent.map(({ curve, units }) => `${curve} with ${units} units`).join('; ')}.`,
      )
    for (const failure of failures(outcomes)) findings.warn(failure)
    findings.note(
      `Batch of ${options.batch} images of 32x32 pixels; each measurement runs in a fresh process while the workbench does nothing else.`,
    )
  },
})
