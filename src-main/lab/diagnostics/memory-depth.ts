import { z } from 'zod'
import { field } from '../../contract/config.js'
import { MEMORY } from '../../contract/memory.js'
import { microBatch } from '../../contract/micro-batch.js'
import { activationBytes, estimateStep } from '../../numeric/describe.js'
import { defineDiagnostic } from '../diagnostic.js'
import { deepened, unitsOf, whereStoredEnds } from '../over-depth.js'

const ESTIMATE = 'Estimate of numeric/describe.ts, checked against tfjs’s own accounting by its test; the idea: Gomez et al. 2017, table 1'

const quantities = {
  units: {
    label: 'Units of the network',
    symbol: '',
    unit: 'units',
    formula: 'Units of all stages, in the proportions of this network',
    source: 'Retrace',
  },
  reversible: {
    label: `${MEMORY.activations.label}, reversible`,
    symbol: '',
    unit: 'bytes',
    formula: 'The last pair of each stage, and the work arrays for undoing one step',
    source: ESTIMATE,
  },
  stored: {
    label: `${MEMORY.activations.label}, stored`,
    symbol: '',
    unit: 'bytes',
    formula: 'The same network with every activation stored',
    source: ESTIMATE,
  },
  revnet: {
    label: `${MEMORY.activations.label}, RevNet`,
    symbol: '',
    unit: 'bytes',
    formula: 'A RevNet with the same channels and units, reversible',
    source: ESTIMATE,
  },
  resnet: {
    label: `${MEMORY.activations.label}, ResNet`,
    symbol: '',
    unit: 'bytes',
    formula: 'A ResNet with the same channels and units, stored',
    source: ESTIMATE,
  },
  secondsReversible: {
    label: 'Time of a step, reversible',
    symbol: '',
    unit: 's',
    formula: 'Operations divided by the measured speed of this machine, plus its overhead per force evaluation',
    source: 'Retrace: measured by `retrace presets --measure`',
  },
  secondsStored: { label: 'Time of a step, stored', symbol: '', unit: 's', formula: 'As reversible', source: 'As reversible' },
  fits: {
    label: 'Units at which stored activations no longer fit in memory',
    symbol: '',
    unit: 'units',
    formula: 'Smallest number of units, in the proportions of this network, whose stored activations exceed the memory of this machine',
    source: 'Retrace',
  },
  memory: { label: 'Memory of this machine', symbol: '', unit: 'bytes', formula: 'As reported by the operating system', source: 'Retrace' },
} as const

export const memoryDepth = defineDiagnostic({
  id: 'memory-depth',
  title: 'Memory and time over depth',
  section: 'reverse',
  rank: 2,
  question: 'How does the memory that reversible backpropagation saves grow with depth, and how much time does it cost?',
  limits:
    'Estimated memory of activations only, without parameters, the engine and data. Times are estimated from one benchmark of this machine. RevNet and ResNet have the same units and channels, but not the same number of parameters or layers. The study memory-depth measures memory and time in fresh processes.',
  quantities,
  options: {
    mostFactor: field(z.number().min(1).max(1024).default(32), {
      group: 'Network',
      label: 'Largest depth factor',
      unit: 'times',
      help: 'The number of units is doubled up to this multiple of the network.',
    }),
    labBatch: field(z.int().min(0).max(65_536).default(0), {
      group: 'Training',
      label: 'Batch size',
      unit: 'images',
      help: 'Batch size for all architectures; 0 uses the configured batch or micro-batch size.',
    }),
  },
  work: () => ({ passes: 0, images: 1 }),
  refuse: () => null,
  async *run(context, findings) {
    const { options, machine, config, network } = context
    const batch = options.labBatch || microBatch(config)
    const factors: number[] = []
    for (let factor = 1; factor <= options.mostFactor; factor *= 2) factors.push(factor)
    yield { message: 'estimates' }
    const rows = factors.map((factor) => {
      const own = deepened(network.config, factor)!
      const seconds = machine.speed && estimateStep(own, batch, machine.speed)
      const of = (arch: string): ReturnType<typeof activationBytes> | null => {
        const other = arch === config.arch ? own : deepened(network.config, factor, arch)
        return other && activationBytes(other, batch)
      }
      return { units: unitsOf(own), own: activationBytes(own, batch), revnet: of('revnet'), resnet: of('resnet'), seconds }
    })
    const fits = whereStoredEnds(network.config, batch, machine.memoryBytes)
    findings.table('depth', 'By units', {
      units: rows.map(({ units }) => units),
      reversible: rows.map(({ own }) => own.reversible),
      stored: rows.map(({ own }) => own.stored),
      revnet: rows.map(({ revnet }) => revnet?.reversible ?? null),
      resnet: rows.map(({ resnet }) => resnet?.stored ?? null),
      secondsReversible: rows.map(({ seconds }) => seconds?.reversible ?? null),
      secondsStored: rows.map(({ seconds }) => seconds?.stored ?? null),
    })
    findings.say('fits', fits)
    findings.say('memory', machine.memoryBytes)
    const [first] = rows as [(typeof rows)[number]]
    const curves = (['reversible', 'stored', 'revnet', 'resnet'] as const).filter(
      (key) => ({ ...first.own, revnet: first.revnet, resnet: first.resnet })[key] !== null,
    )
    findings.line({
      title: 'Activation memory over depth',
      table: 'depth',
      x: 'units',
      y: curves,
      by: null,
      logX: true,
      logY: true,
      marks: [
        { axis: 'y', value: machine.memoryBytes, label: 'memory of this machine' },
        ...(fits === null ? [] : [{ axis: 'x' as const, value: fits, label: 'stored activations no longer fit' }]),
      ],
    })
    if (first.seconds)
      findings.line({
        title: 'Time of a training step over depth',
        table: 'depth',
        x: 'units',
        y: first.seconds.reversible === null ? ['secondsStored'] : ['secondsReversible', 'secondsStored'],
        by: null,
        logX: true,
        logY: true,
        marks: [],
      })
    else findings.note('Times are not estimated because this machine has not been measured; run `retrace presets --measure`.')
    findings.note(`Estimates for a batch of ${batch} images, without anchors or kept activations.`)
    if (!network.dynamics.reversible) findings.note(`${network.dynamics.label} cannot be reversed: its activations are always stored.`)
    if (!first.revnet || !first.resnet) findings.note('RevNet or ResNet is left out because it does not support this configuration.')
  },
})
