import { abs, add, dispose, max, mul, sub, sum, tensor, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { NetworkConfigSchema, type NetworkConfig } from '../contract/config.js'
import { canBeUndone, type Dynamics } from './dynamics.js'
import { openGradientComparison } from './gradient-error.js'
import { buildNetwork, type Network } from './network.js'
import { defaultOptions } from './options.js'
import { stageSweep, type Pass } from './pass.js'
import { randomFor } from './random.js'
import { reconstructionErrors } from './reconstruction.js'
import { advance, integrateStored } from './reversible-sweep.js'
import { initialState, stateTensors, type TrainingState } from './state.js'
import { pick, release, type Named } from './tensors.js'
import { valueAndVjp } from './vjp.js'

/** A requirement of docs/adding-a-dynamics.md that a dynamics violates. */
export interface Broken {
  check: 'shapes' | 'inverse' | 'gradient'
  /** The violation, as a clause with the numbers. */
  why: string
}

const WIDTH = 8
/** Step sizes at which it has to be invertible, or not, as it declares. */
const STEP_SIZES = [0.01, 0.1, 1]
/**
 * Bound of the relative error of states after undoing the units below at h = 0.1, and of reversed against stored gradients, as in the
 * contract suite.
 */
const INVERSE = 2e-5
const GRADIENT = 1e-5
/** Bound of the relative error of stored gradients against central differences in single precision. */
const DIFFERENCE = 5e-3

/** The small network used to check a dynamics. */
export const quickNetwork = (dynamics: Dynamics, more: Partial<NetworkConfig> = {}): Network =>
  buildNetwork(
    NetworkConfigSchema.parse({
      arch: dynamics.id,
      classes: 5,
      image: { height: 8, width: 8, channels: 3 },
      stages: [
        { channels: WIDTH, units: 3 },
        { channels: WIDTH + 4, units: 2 },
      ],
      h: 0.1,
      activation: 'tanh',
      mode: dynamics.reversible ? 'reversible' : 'stored',
      ...defaultOptions(dynamics),
      ...more,
    }),
  )

/** Normally distributed numbers, the same on every engine. */
function normal(shape: number[], purpose: string): Tensor {
  const random = randomFor(1, `quick-check/${purpose}`)
  return tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  )
}

const largest = (x: Tensor): number => tidy(() => max(abs(x)).dataSync()[0]!)
const exponential = (value: number): string => value.toExponential(1)
/** Rounding errors grow in proportion to the increment of a substep, which is at most 0.2 in the paper's schemes at h = 0.1. */
const gainOf = (dynamics: Dynamics): number =>
  Math.max(1, ...dynamics.substeps(0.1, defaultOptions(dynamics)).map(({ gain }) => Math.abs(gain) / 0.2))

/**
 * The quick part of the contract suite, in about a second on an open engine: shapes of states and forces, the inverse, the reversed
 * gradient against the stored one, and that one against central differences.
 * @param dynamics must be registered
 * @returns the first requirement that it violates; null if it satisfies all
 */
export function findBroken(dynamics: Dynamics): Broken | null {
  return tidy(() => {
    const wrong = attempt('inverse', () => wrongReversibility(dynamics))
    if (wrong) return wrong as never
    const networks = [quickNetwork(dynamics)]
    if (dynamics.dense)
      networks.push(
        quickNetwork(dynamics, { maps: 'dense', image: { height: 1, width: 1, channels: 2 }, stages: [{ channels: WIDTH, units: 3 }] }),
      )
    for (const network of networks) {
      const state = initialState(network, { seed: 1, optimizer: 'sgd' })
      const { height, width, channels } = network.config.image
      const images = normal([4, height, width, channels], 'images')
      const found =
        attempt('shapes', () => brokenShapes(network, state)) ??
        attempt('inverse', () => brokenInverse(network, state, images)) ??
        attempt('gradient', () => brokenTape(network, state) ?? brokenGradient(network, state, images))
      dispose(stateTensors(state))
      if (found) return found as never
    }
    return null as never
  })
}

/** Runs a check; an error thrown by the dynamics or the engine counts as a violation too. */
function attempt(check: Broken['check'], work: () => Broken | null): Broken | null {
  try {
    return work()
  } catch (error) {
    return { check, why: `it ends with an error: ${(error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ')}` }
  }
}

const passOf = (network: Network, { params, statistics }: TrainingState): Pass => ({
  network,
  params,
  statistics,
  training: true,
  moved: new Map(),
})

/** A state at the start of the first stage. */
const stageInput = ({ linear }: Network, purpose: string): Tensor => normal(linear.id === 'dense' ? [2, WIDTH] : [2, 4, 4, WIDTH], purpose)

function brokenShapes(network: Network, state: TrainingState): Broken | null {
  const { dynamics, config, stages } = network
  const pass = passOf(network, state)
  const sweep = stageSweep(pass, stages[0]!)
  const x = stageInput(network, 'x')
  const part = [...x.shape.slice(0, -1), WIDTH / dynamics.channelMultiple]
  const refuse = (why: string): Broken => ({ check: 'shapes', why: `${why} (${network.linear.id} kernels)` })
  for (const start of ['zero', 'rest'] as const) {
    let pair = dynamics.open(x, { ...config, start })
    for (const each of pair)
      if (each?.shape?.join() !== part.join()) return refuse(`open() answers a state of shape [${each?.shape}] in place of [${part}]`)
    const closed = dynamics.close(pair)
    if (closed?.shape?.join() !== x.shape.join()) return refuse(`close() answers shape [${closed?.shape}] in place of [${x.shape}]`)
    if (largest(sub(closed, x)) !== 0) return refuse(`close(open(x)) differs from x with start ${start}`)
    for (const substep of sweep.substeps) {
      const numbers = [substep.keep, substep.blend, substep.gain]
      if (!numbers.every(Number.isFinite)) return refuse(`substeps() answers keep, blend and gain of ${numbers.join(', ')}`)
      const next = advance(sweep, substep, pair, false)
      if (next[1].shape.join() !== part.join())
        return refuse(`force() answers something that gives a state of shape [${next[1].shape}] in place of [${part}]`)
      if (!Number.isFinite(largest(next[1]))) return refuse('force() answers values that are not finite')
      pair = next
    }
  }
  release([...pass.moved.values()])
  return null
}

/** Whether its declared reversibility contradicts its substeps. */
function wrongReversibility(dynamics: Dynamics): Broken | null {
  for (const h of STEP_SIZES)
    if (canBeUndone(dynamics, dynamics.substeps(h, defaultOptions(dynamics))) !== dynamics.reversible) {
      const found = dynamics.reversible
        ? 'a substep has keep 0 and there is no solvePrevious(), although reversible is true'
        : 'every substep can be inverted, although reversible is false'
      return { check: 'inverse', why: `at h = ${h} ${found}` }
    }
  return null
}

function brokenInverse(network: Network, { params, statistics }: TrainingState, images: Tensor): Broken | null {
  const { dynamics } = network
  if (!dynamics.reversible) return null
  const error = Math.max(...reconstructionErrors(network, params, statistics, images).map((errors) => largest(errors)))
  const limit = INVERSE * gainOf(dynamics)
  // NaN exceeds every limit.
  return error <= limit
    ? null
    : {
        check: 'inverse',
        why: `at h = ${network.config.h} the states of ${network.config.stages[0]!.units} units come back with a relative error of ${exponential(error)}, and at most ${exponential(limit)} is allowed`,
      }
}

function brokenGradient(network: Network, state: TrainingState, images: Tensor): Broken | null {
  if (!network.dynamics.reversible) return null
  const batch = { images, labels: tensor([0, 1, 2, 3], [4], 'int32') }
  const comparison = openGradientComparison(network, state, batch)
  const { error, parameter } = comparison.measure({})
  comparison.dispose()
  const limit = GRADIENT * gainOf(network.dynamics)
  return error <= limit
    ? null
    : {
        check: 'gradient',
        why: `the reversed gradient of ${parameter} is off the stored one by ${exponential(error)} (relative), and at most ${exponential(limit)} is allowed`,
      }
}

/** The tape's gradient along random directions against central differences with Richardson extrapolation. */
function brokenTape(network: Network, state: TrainingState): Broken | null {
  const { dynamics, stages } = network
  const names = network.parameters.filter(({ name }) => name.startsWith('stage1/')).map(({ name }) => name)
  // Batch norms divide by what the step changes, so that differences in single precision are meaningless.
  if (names.length === 0 || names.some((name) => name.endsWith('gamma'))) return null
  const sweep = stageSweep(passOf(network, state), stages[0]!)
  const [x, weight] = [stageInput(network, 'x'), stageInput(network, 'weight')]
  const value = (params: Named): Tensor =>
    sum(mul(weight, dynamics.close(integrateStored({ ...sweep, params }, dynamics.open(x, { start: 'rest' })))))
  const { gradients } = valueAndVjp(() => value(state.params), pick(state.params, names))
  const unused = names.find((_, at) => gradients[at] === null)
  if (unused !== undefined) return { check: 'gradient', why: `no force depends on the parameter ${unused}` }
  for (let direction = 0; direction < 3; direction++) {
    const steps = names.map((name) => normal(state.params[name]!.shape, `direction ${direction}/${name}`))
    const analytic = gradients.reduce((total, gradient, at) => total + sum(mul(gradient!, steps[at]!)).dataSync()[0]!, 0)
    const difference = (epsilon: number): number => {
      const at = (sign: number): number =>
        tidy(() => {
          const moved = names.map((name, i) => [name, add(state.params[name]!, mul(steps[i]!, sign * epsilon))] as const)
          return value({ ...state.params, ...Object.fromEntries(moved) }).dataSync()[0]!
        })
      return (at(1) - at(-1)) / (2 * epsilon)
    }
    const epsilon = 5e-3
    const numeric = (4 * difference(epsilon / 2) - difference(epsilon)) / 3
    const error = Math.abs(numeric - analytic) / Math.max(Math.abs(analytic), 1)
    if (!(error < DIFFERENCE))
      return {
        check: 'gradient',
        why: `along a random direction the gradient is ${analytic.toPrecision(4)} and the central difference ${numeric.toPrecision(4)}`,
      }
  }
  return null
}
