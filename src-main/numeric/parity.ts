import { dispose, scalar, tensor, tidy, type Tensor } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import { buildNetwork } from './network.js'
import { defaultOptions } from './options.js'
import { infer } from './pass.js'
import { findDynamics } from './registry.js'
import { initialSlots, stateTensors, type TrainingState } from './state.js'
import { release, type Named } from './tensors.js'
import { gradientsByName, objective, trainStep, type StepConfig } from './train-step.js'

export interface PlainTensor {
  shape: number[]
  data: Float32Array | Int32Array
}

/** A reference case: configuration, inputs and expected outputs, with the names of make_fixtures.py. */
export interface ReferenceCase {
  config: Pick<
    RunConfig,
    | 'arch'
    | 'stages'
    | 'classes'
    | 'h'
    | 'activation'
    | 'start'
    | 'unitNorm'
    | 'edgeNorm'
    | 'weightDecay'
    | 'smoothness'
    | 'learningRate'
    | 'momentum'
  >
  losses: { crossEntropy: number; total: number }[]
  tensors: Map<string, PlainTensor>
}

export interface ParityRow {
  /** 'logits', 'loss/total1', 'grad/stem/kernel', 'displacement1/stem/kernel', 'stats3/stem/bn/mean', ... */
  name: string
  error: number
  tolerance: number
}

/** Bounds of the relative errors of a float32 implementation (for logits, losses, gradients, statistics; for displacements). */
const TOLERANCE = 1e-4
const DISPLACEMENT_TOLERANCE = 1e-3

/** max|a - b| / max|b|; 0 if both are zero everywhere. NaN anywhere gives NaN, which is not within any tolerance. */
function largestRelativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0
  let scale = 0
  for (let i = 0; i < b.length; i++) {
    const off = Math.abs(a[i]! - b[i]!)
    if (Number.isNaN(off)) return NaN
    difference = Math.max(difference, off)
    scale = Math.max(scale, Math.abs(b[i]!))
  }
  return difference === 0 ? 0 : difference / scale
}

/**
 * Runs a reference case: three steps on its batch from its parameters, with the gradients of the requested mode, and compares every tensor
 * with the reference.
 */
export function compareWithReference(reference: ReferenceCase, mode: 'reversible' | 'stored'): ParityRow[] {
  const { config, tensors } = reference
  const [, height, width, channels] = need(tensors, 'x').shape as [number, number, number, number]
  const dynamics = findDynamics(config.arch)
  const network = buildNetwork({
    // A case contains the options that existed when it was recorded; later ones have defaults that change nothing.
    ...(dynamics && defaultOptions(dynamics)),
    ...config,
    mode,
    image: { height, width, channels },
    maps: 'convolution',
    denseStem: false,
    fixedHead: false,
    headSolver: 'gradient',
    init: 'he',
    frozenStages: false,
  })
  const step: StepConfig = {
    mode,
    anchorEvery: 0,
    optimizer: 'sgd',
    momentum: config.momentum,
    weightDecay: config.weightDecay,
    smoothness: config.smoothness,
    smoothnessForm: 'authors',
    h: config.h,
    labelSmoothing: 0,
    clipNorm: 0,
    frozenStages: false,
  }
  const load = (group: string, names: string[]): Named =>
    Object.fromEntries(names.map((name) => [name, toTensor(need(tensors, `${group}/${name}`))]))
  const names = network.parameters.map(({ name }) => name)
  const state: TrainingState = {
    params: load('params', names),
    statistics: load(
      'stats',
      network.statistics.map(({ name }) => name),
    ),
    slots: initialSlots(network, 'sgd'),
    step: 0,
  }
  const batch = { images: toTensor(need(tensors, 'x')), labels: toTensor(need(tensors, 'labels')) }
  const learningRate = scalar(config.learningRate)
  const rows: ParityRow[] = []
  const compare = (name: string, actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = TOLERANCE): void =>
    void rows.push({ name, error: largestRelativeError(actual, expected), tolerance })

  const first = objective(network, state, batch, step)
  compare('logits', first.logits.dataSync(), need(tensors, 'logits').data)
  const gradients = gradientsByName(first.gradients)
  for (const name of names) compare(`grad/${name}`, gradients[name]!.dataSync(), need(tensors, `grad/${name}`).data)
  release([
    first.logits,
    first.crossEntropy,
    first.total,
    first.gradientNorm,
    ...Object.values(gradients),
    ...Object.values(first.statistics),
  ])

  for (let k = 1; k <= 3; k++) {
    const update = scalar(state.step + 1)
    const result = trainStep(network, state, batch, step, { learningRate, update })
    update.dispose()
    compare(`loss/crossEntropy${k}`, result.crossEntropy.dataSync(), [reference.losses[k - 1]!.crossEntropy])
    compare(`loss/total${k}`, result.total.dataSync(), [reference.losses[k - 1]!.total])
    dispose(Object.values(result))
    if (k === 2) continue
    for (const name of names) {
      const begin = need(tensors, `params/${name}`).data
      const moved = (end: ArrayLike<number>): Float64Array => Float64Array.from(begin, (value, i) => end[i]! - value)
      const expected = moved(need(tensors, `after${k}/${name}`).data)
      compare(`displacement${k}/${name}`, moved(state.params[name]!.dataSync()), expected, DISPLACEMENT_TOLERANCE)
    }
  }
  for (const { name } of network.statistics)
    compare(`stats3/${name}`, state.statistics[name]!.dataSync(), need(tensors, `stats3/${name}`).data)
  const logits = tidy(() => infer(network, state.params, state.statistics, batch.images))
  compare('logits_eval3', logits.dataSync(), need(tensors, 'logits_eval3').data)
  release([logits, learningRate, batch.images, batch.labels, ...stateTensors(state)])
  return rows
}

const toTensor = ({ data, shape }: PlainTensor): Tensor => tensor(data, shape, data instanceof Int32Array ? 'int32' : 'float32')

function need(tensors: Map<string, PlainTensor>, name: string): PlainTensor {
  const found = tensors.get(name)
  if (!found) throw new Error(`the reference file has no tensor ${name}`)
  return found
}
