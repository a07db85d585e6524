import { z } from 'zod'
import { field } from '../../contract/config.js'
import type { Network } from '../../numeric/network.js'
import { findOptimizer } from '../../numeric/optimizers.js'
import { layerNorms } from '../../numeric/layer-norms.js'
import { isCoupled, smoothnessFactor } from '../../numeric/regularizers/weight-smoothness.js'
import { defineDiagnostic } from '../diagnostic.js'
import type { Findings } from '../findings.js'
import { PLACES } from '../places.js'

const SMOOTH = 'Chang et al. 2018, eq. 19: what weight smoothness penalises'

const quantities = {
  ...PLACES,
  role: { label: 'Parameter', symbol: '', unit: '', formula: 'Its name within a unit', source: 'docs/formats.md' },
  norm: { label: 'Norm', symbol: '|K_j|', unit: '', formula: 'Root of the sum of squares of a parameter', source: 'Definition' },
  change: {
    label: 'Change to the next unit',
    symbol: '|K_{j+1} - K_j|',
    unit: '',
    formula: 'Norm of the difference from the same parameter of the next unit of the stage',
    source: SMOOTH,
  },
  relative: {
    label: 'Relative change to the next unit',
    symbol: '|K_{j+1} - K_j| / |K_j|',
    unit: 'relative',
    formula: 'Change divided by norm; √2 for independent kernels of equal norm',
    source: SMOOTH,
  },
  penalty: {
    label: 'Penalty of weight smoothness',
    symbol: '',
    unit: 'nats',
    formula:
      'authors: (α/2) Σ |K_{j+1} - K_j|²; paper: (α/h) Σ |K_{j+1} - K_j|²; haber-ruthotto: (α/2h) Σ |θ_{j+1} - θ_j|²; over the coupled kernels, in the last form also biases',
    source: SMOOTH,
  },
  decay: {
    label: 'Penalty of weight decay',
    symbol: '',
    unit: 'nats',
    formula: '(wd/2) Σ |w|² over convolution and dense kernels; none if the optimizer decouples it',
    source: 'Chang et al. 2018, section "Experiments"',
  },
} as const

export const weightsDepth = defineDiagnostic({
  id: 'weights-depth',
  title: 'Weights over depth',
  section: 'stability',
  rank: 5,
  question: 'How large are the weights, and how smoothly do they change with depth?',
  limits:
    'Norms do not show what a layer does to a state. A deep network discretises a differential equation only if the relative change is small.',
  quantities,
  options: {
    kernelStage: field(z.int().min(0).max(16).default(1), {
      group: 'Evaluation',
      label: 'Stage of kernels shown as images',
      help: 'Stage whose convolution kernels are shown as images; 0 for none. Kernels of dense networks are shown as matrices.',
    }),
    kernelChannel: field(z.int().min(1).max(4096).default(1), {
      group: 'Evaluation',
      label: 'Input channel of these kernels',
      help: 'Each image is the kernel from this input channel to one output channel.',
    }),
  },
  work: () => ({ passes: 0, images: 1 }),
  refuse: ({ network }) => (network.stages.some(({ units }) => units > 0) ? null : 'This network has no units.'),
  async *run({ network, params, config, options }, findings) {
    yield { message: 'reading the weights' }
    const named = new Map(network.parameters.map(({ name, shape }) => [name, { shape, data: params[name]!.dataSync() as Float32Array }]))
    const first = network.stages.map((_, index) => network.stages.slice(0, index).reduce((sum, { units }) => sum + units, 0))
    const rows = [...layerNorms(named)].filter(({ stage }) => stage !== null)
    findings.table('weights', 'Parameters of the units', {
      depth: rows.map(({ stage, unit }) => first[stage! - 1]! + unit!),
      stage: rows.map(({ stage }) => stage),
      unit: rows.map(({ unit }) => unit),
      role: rows.map(({ role }) => role),
      norm: rows.map(({ norm }) => norm),
      change: rows.map(({ change }) => change),
      relative: rows.map(({ change, norm }) => (change === null || norm === 0 ? null : change / norm)),
    })
    const { weightDecay, optimizer } = config
    const coupled = new Set(network.groups.filter(({ smooth }) => isCoupled(smooth, config)).flatMap(({ names }) => names))
    const roles = new Set([...coupled].map((name) => name.split('/').slice(2).join('/')))
    const squares = rows.filter(({ role }) => roles.has(role)).reduce((sum, { change }) => sum + (change ?? 0) ** 2, 0)
    findings.say('penalty', squares * smoothnessFactor(config))
    const kernels = network.parameters.filter(({ kind }) => kind === 'kernel' || kind === 'dense')
    const all = kernels.reduce((sum, { name }) => sum + named.get(name)!.data.reduce((own, value) => own + value * value, 0), 0)
    findings.say('decay', findOptimizer(optimizer).decouplesDecay ? null : (weightDecay / 2) * all)
    findings.line({ title: 'Norms over depth', table: 'weights', x: 'depth', y: ['norm'], by: 'role', logY: true, marks: [] })
    if (rows.some(({ change }) => change !== null))
      findings.line({
        title: 'Change of the weights from unit to unit',
        table: 'weights',
        x: 'depth',
        y: ['relative'],
        by: 'role',
        logY: true,
        marks: [{ axis: 'y', value: Math.SQRT2, label: 'independent kernels' }],
      })
    const strips = kernelRows(network, named, options.kernelStage, options.kernelChannel)
    if (strips.length > 0)
      findings.strip({
        title:
          network.config.maps === 'dense'
            ? 'Kernels as matrices'
            : `Kernels from input channel ${options.kernelChannel} to the output channels, stage ${options.kernelStage}`,
        rows: strips,
      })
  },
})

type Strip = Parameters<Findings['strip']>[0]['rows'][number]

/** Maximum number of units shown, and of output channels of each. */
const [UNITS, OUTPUTS] = [8, 16]

/** Kernels [height, width, inputs, outputs] of some units as rows of images, and matrices [inputs, outputs] as one image each. */
function kernelRows(
  { stages, dynamics }: Network,
  named: ReadonlyMap<string, { shape: number[]; data: Float32Array }>,
  stage: number,
  channel: number,
): Strip[] {
  const units = stages[stage - 1]?.units ?? 0
  const every = Math.max(1, Math.ceil(units / UNITS))
  const shown = Array.from({ length: units }, (_, at) => at + 1).filter((unit) => (unit - 1) % every === 0)
  return shown.flatMap((unit) =>
    dynamics.smoothKernels.flatMap((role): Strip[] => {
      const kernel = named.get(`stage${stage}/unit${unit}/${role}`)
      if (!kernel) return []
      const { shape, data } = kernel
      const images =
        shape.length === 2
          ? [{ label: role, height: shape[0]!, width: shape[1]!, values: [...data] }]
          : ofChannel(shape as [number, number, number, number], data, channel)
      const values = images.flatMap((image) => image.values)
      const most = values.reduce((size, value) => Math.max(size, Math.abs(value)), 0)
      return [{ label: `Unit ${unit}, ${role}`, low: -most, high: most, images }]
    }),
  )
}

function ofChannel([height, width, inputs, outputs]: [number, number, number, number], data: Float32Array, channel: number) {
  const input = Math.min(channel, inputs) - 1
  return Array.from({ length: Math.min(outputs, OUTPUTS) }, (_, output) => ({
    label: `output ${output + 1}`,
    height,
    width,
    values: Array.from({ length: height * width }, (_, at) => data[(at * inputs + input) * outputs + output]!),
  }))
}
