import { add, keep, matMul, mean, mul, relu, reshape, tidy, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core'
import { activations, type Activation } from './activations.js'
import { BATCH_NORM_MOMENTUM, batchNorm, normalise } from './batch-norm.js'
import { dropOut, dropoutOf, type Draw } from './dropout.js'
import type { ForceContext } from './dynamics.js'
import { convolution } from './linear.js'
import type { Entrance, Network, NetworkStage } from './network.js'
import { padChannels, poolAndPad } from './pool-and-pad.js'
import { combine, integrate, integrateStored, type BoundSubstep, type Sweep } from './reversible-sweep.js'
import { release, type Named, type Pair } from './tensors.js'

/** State that all parts of one forward or backward pass share. */
export interface Pass {
  network: Network
  params: Named
  /** Running statistics; read in inference. */
  statistics: Named
  /** Whether to use batch statistics (training) instead of running ones (inference). */
  training: boolean
  /** Updated running statistics by name, filled by the first evaluation of each batch norm. */
  moved: Map<string, Tensor>
  /** The input of dropout, in networks with dropout; absent outside training steps. */
  draw?: Draw
  /** Replaces ReLU in the stem and the activation in the units: spiking neurons (numeric/spiking). */
  activation?: Activation
  /** Receives mean and biased variance of the batch instead of the running statistics, which are then not updated. */
  observe?(norm: string, average: Tensor, variance: Tensor): void
}

/** One batch norm of the network; `record` is false in recomputations. */
function norm(pass: Pass, x: Tensor, name: string, record: boolean): Tensor {
  const gamma = pass.params[`${name}/gamma`]!
  const beta = pass.params[`${name}/beta`]!
  const running = { mean: pass.statistics[`${name}/mean`]!, variance: pass.statistics[`${name}/variance`]! }
  if (!pass.training) return normalise(x, gamma, beta, running.mean, running.variance)
  return batchNorm(
    x,
    gamma,
    beta,
    record
      ? (average, variance) => {
          if (pass.observe) return pass.observe(name, average, variance)
          move(pass, `${name}/mean`, running.mean, average)
          move(pass, `${name}/variance`, running.variance, variance)
        }
      : undefined,
  )
}

/** A norm that is evaluated twice in a pass updates its statistics twice. */
function move({ moved }: Pass, name: string, running: Tensor, batch: Tensor): void {
  const before = moved.get(name)
  moved.set(name, moveTowards(before ?? running, batch))
  release([before])
}

/** Keeps a tensor alive beyond the tape and the surrounding tidy. */
const moveTowards = (running: Tensor, batch: Tensor): Tensor =>
  keep(tidy(() => add(mul(running, BATCH_NORM_MOMENTUM), mul(batch, 1 - BATCH_NORM_MOMENTUM))))

/** The integration of one stage, for the sweep. */
export function stageSweep(pass: Pass, { substeps }: Pick<NetworkStage, 'substeps'>): Sweep {
  return {
    dynamics: pass.network.dynamics,
    substeps,
    params: pass.params,
    context: (substep, record) => forceContext(pass, substep, record, 1),
  }
}

function forceContext(pass: Pass, substep: BoundSubstep, record: boolean, stride: 1 | 2): ForceContext {
  const fraction = dropoutOf(pass.network)
  return {
    linear: pass.network.linear,
    activation: pass.activation ?? activations[pass.network.config.activation],
    stride,
    options: pass.network.options,
    dropout: (x) => (pass.draw && fraction > 0 ? dropOut(x, fraction, pass.draw, substep.unit) : x),
    batchNorm: (x, role) => norm(pass, x, substep.params[`${role}/gamma`]!.slice(0, -'/gamma'.length), record),
  }
}

/**
 * Stem: 3x3 convolution, batch norm (unless `edgeNorm` is none), ReLU; for vectors, zero-padding up to the width, or with `denseStem` a
 * matrix and ReLU.
 */
export function stem(pass: Pass, x: Tensor, record: boolean): Tensor {
  const { linear, config } = pass.network
  const rectify = pass.activation ?? relu
  if (linear === convolution) {
    const mapped = linear.map(pass.params['stem/kernel']!).apply(x)
    return rectify(config.edgeNorm === 'batch' ? norm(pass, mapped, 'stem/bn', record) : mapped)
  }
  const vectors = reshape(x, [x.shape[0]!, -1])
  return config.denseStem
    ? rectify(linear.map(pass.params['stem/dense/kernel']!).apply(vectors))
    : padChannels(vectors, config.stages[0]!.channels)
}

/**
 * Head: batch norm and ReLU (unless `edgeNorm` is none), global average pooling, dense; for vectors, only dense. Logits of shape [batch,
 * classes].
 */
export function head(pass: Pass, x: Tensor, record: boolean): Tensor {
  const { linear, config } = pass.network
  const last = linear === convolution && config.edgeNorm === 'batch' ? relu(norm(pass, x, 'head/bn', record)) : x
  const features = linear === convolution ? mean(last, [1, 2]) : last
  return add(matMul(features as Tensor2D, pass.params['head/dense/kernel'] as Tensor2D), pass.params['head/dense/bias']!)
}

/** The first unit of a later stage if the unit itself widens: the unit's substeps with the first force at stride 2. */
export function enter(pass: Pass, entrance: Entrance, channels: number, x: Tensor, record: boolean): Tensor {
  const { dynamics, config } = pass.network
  const width = channels / dynamics.channelMultiple
  const params = (substep: BoundSubstep): Named =>
    Object.fromEntries(Object.entries(substep.params).map(([role, name]) => [role, pass.params[name]!]))
  let pair = dynamics.open(x, config)
  entrance.substeps.forEach((substep, index) => {
    const [previous, current] = pair
    const context = forceContext(pass, substep, record, index === 0 ? 2 : 1)
    const force = substep.gain === 0 ? null : dynamics.force(current, params(substep), context)
    const shortcut = (state: Tensor): Tensor =>
      index > 0 ? state : (dynamics.shortcut?.(state, params(substep), context) ?? poolAndPad(pass.network.linear, state, width))
    // If keep is 0, `previous` is only a placeholder for `current`.
    const held = shortcut(current)
    pair = [held, combine(substep, substep.keep === 0 ? held : shortcut(previous), held, force)]
  })
  return dynamics.close(pair)
}

/** The transition into stage `index` from the previous stage: pooling and padding, or a widening unit; the identity for the first. */
export function transition(pass: Pass, index: number, x: Tensor, record: boolean): Tensor {
  const stage = pass.network.stages[index]!
  if (index === 0) return x
  return stage.entrance ? enter(pass, stage.entrance, stage.channels, x, record) : poolAndPad(pass.network.linear, x, stage.channels)
}

/**
 * Whether the pair from which a stage starts is recomputed from the end of the previous stage, instead of being reconstructed. This is the
 * case after pooling and padding: the appended channels are exactly zero, and rounding errors in them decide the ReLUs after biases that
 * are still zero (one bias gradient was off by 19% before the first update had changed them), or are divided by sqrt(eps) by batch norms.
 */
export const startsAgain = ({ stages }: Network, index: number): boolean => index > 0 && stages[index]!.entrance === null

/** Logits without freeing anything on the way: under a tape. */
export function storedForward(pass: Pass, x: Tensor): Tensor {
  const { stages, dynamics, config } = pass.network
  let state = stem(pass, x, true)
  stages.forEach((stage, index) => {
    const entered = transition(pass, index, state, true)
    state = dynamics.close(integrateStored(stageSweep(pass, stage), dynamics.open(entered, config)))
  })
  return head(pass, state, true)
}

/** Logits in inference. */
export function infer(network: Network, params: Named, statistics: Named, x: Tensor): Tensor {
  return forward({ network, params, statistics, training: false, moved: new Map() }, x)
}

/** Logits without a gradient; only one pair of states is alive at a time. */
export function forward(pass: Pass, x: Tensor): Tensor {
  return tidy(() => head(pass, lastState(pass, x), true))
}

/** The state after the last unit; only one pair of states is alive at a time. */
export function lastState(pass: Pass, x: Tensor): Tensor {
  let state = stem(pass, x, true)
  pass.network.stages.forEach((stage, index) => {
    const pair = openStage(pass, index, state)
    const { end } = integrate(stageSweep(pass, stage), pair)
    state = closeStage(pass, end)
  })
  return state
}

/** The pair from which a stage starts; frees the preceding state, unless it is protected. */
export function openStage(pass: Pass, index: number, state: Tensor, protect: readonly Tensor[] = []): Pair {
  const { dynamics, config } = pass.network
  const entered = tidy(() => transition(pass, index, state, true))
  const pair = tidy(() => [...dynamics.open(entered, config)]) as unknown as Pair
  release([entered, state], [...pair, ...protect])
  return pair
}

/** The output state of a stage; frees its last pair. */
export function closeStage(pass: Pass, end: Pair): Tensor {
  const state = tidy(() => pass.network.dynamics.close(end))
  release(end, [state])
  return state
}
