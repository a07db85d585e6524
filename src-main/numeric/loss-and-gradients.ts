import { add, keep, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { rebuildsActivations } from '../contract/config.js'
import { crossEntropy } from './losses.js'
import type { NetworkStage } from './network.js'
import { head, openStage, stageSweep, startsAgain, stem, storedForward, transition, type Pass } from './pass.js'
import { anchorPositions, integrate, parameterNames, rebuild, type Integrated } from './reversible-sweep.js'
import { accumulate, pick, release, type Named, type Pair } from './tensors.js'
import { valueAndVjp, vjp } from './vjp.js'

export interface Batch {
  /** [batch, height, width, channels] float32, normalised. */
  images: Tensor
  /** [batch] int32. */
  labels: Tensor
  /** int32 scalar, different for every batch: determines the dropout of networks with dropout. */
  draw?: Tensor
}

export interface LossAndGradients {
  logits: Tensor
  /** Scalar loss without penalties. */
  crossEntropy: Tensor
  /** Gradients of the cross-entropy by parameter. */
  gradients: Named
  /** Updated running statistics. */
  statistics: Named
}

export interface LossOptions {
  mode: 'reversible' | 'stored'
  labelSmoothing?: number
  /** Keep the pair before every k-th unit; 0 keeps none. Only in reversible mode. */
  anchorEvery?: number
  /** Number of first units of each stage that keep their activations instead of reconstructing them. Only in reversible mode. */
  keptUnits?: readonly number[]
  /**
   * Returns what is stored of the last pair of a stage, in new tensors, if it is not the pair itself: for instruments. Only in reversible
   * mode.
   */
  keep?(end: Pair): Pair
  /** The seed of the run; for batches with a draw. */
  seed?: number
  /** Use the running statistics, which then do not depend on the weights: for instruments. */
  frozen?: boolean
}

/**
 * Loss and gradients of one batch in training mode (unless frozen), in the requested backpropagation mode. The caller owns every tensor of
 * the result.
 */
export function lossAndGradients(pass: Omit<Pass, 'training' | 'moved'>, batch: Batch, options: LossOptions): LossAndGradients {
  const { draw: at } = batch
  const { seed } = options
  if (at && seed === undefined) throw new Error('values are dropped out by the seed of the run')
  const draw = at && seed !== undefined ? { draw: { seed, at } } : {}
  const training: Pass = { ...pass, ...draw, training: !options.frozen, moved: new Map() }
  const result = rebuildsActivations(options) ? reversedGradients(training, batch, options) : storedGradients(training, batch, options)
  return { ...result, statistics: Object.fromEntries(training.moved) }
}

type Gradients = Omit<LossAndGradients, 'statistics'>

/** Ordinary backpropagation: one tape over the whole network. */
function storedGradients(pass: Pass, { images, labels }: Batch, { labelSmoothing }: LossOptions): Gradients {
  const names = pass.network.parameters.map(({ name }) => name)
  let logits: Tensor | null = null
  const { value, gradients } = valueAndVjp(
    () => {
      logits = keep(storedForward(pass, images))
      return crossEntropy(logits, labels, labelSmoothing)
    },
    pick(pass.params, names),
  )
  return { logits: logits!, crossEntropy: value, gradients: named(names, gradients) }
}

/**
 * Backpropagation that stores the last pair of each stage and reconstructs the rest. What lies between the stages is small and is evaluated
 * again from its input, which the adjacent pairs provide; only stages with a widening unit store their input.
 */
function reversedGradients(
  pass: Pass,
  { images, labels }: Batch,
  { labelSmoothing, anchorEvery = 0, keptUnits = [], keep: keepEnd }: LossOptions,
): Gradients {
  const { network } = pass
  const gradients: Named = {}
  const receive = (name: string, gradient: Tensor): void => accumulate(gradients, name, gradient)

  const stages: Integrated[] = []
  const ends: Pair[] = []
  const inputs: (Tensor | null)[] = []
  let state = tidy(() => stem(pass, images, true))
  network.stages.forEach((stage, index) => {
    inputs.push(stage.entrance ? state : null)
    const start = openStage(pass, index, state, [...ends.flat(), ...(stage.entrance ? [state] : [])])
    const positions = anchorPositions(stage.substeps, anchorEvery)
    const integrated = integrate(stageSweep(pass, stage), start, positions, keptSubsteps(stage, keptUnits[index] ?? 0))
    const end = keepEnd?.(integrated.end) ?? integrated.end
    stages.push({ ...integrated, end })
    ends.push(end)
    state = tidy(() => network.dynamics.close(integrated.end))
    release(integrated.end, [...end, state])
  })

  let logits: Tensor | null = null
  const headNames = namesWithPrefix(pass, 'head/')
  const top = valueAndVjp(() => {
    logits = keep(head(pass, state, true))
    return crossEntropy(logits, labels, labelSmoothing)
  }, [state, ...pick(pass.params, headNames)])
  Object.assign(gradients, named(headNames, top.gradients.slice(1)))
  release([state], ends.flat())
  let cotangent = top.gradients[0]!

  for (let index = network.stages.length - 1; index >= 0; index--) {
    const stage = network.stages[index]!
    const pulled = closeCotangents(pass, ends[index]!, cotangent)
    const startAgain = startsAgain(network, index) ? (): Pair => reopen(pass, index, ends[index - 1]!) : undefined
    const { first, cotangents } = rebuild(stageSweep(pass, stage), stages[index]!, pulled, receive, startAgain)
    cotangent = openCotangent(pass, first, cotangents)
    release(first)
    if (index > 0) cotangent = transitionCotangent(pass, index, inputs[index] ?? null, ends[index - 1]!, cotangent, receive)
  }

  const stemNames = namesWithPrefix(pass, 'stem/')
  if (stemNames.length > 0) {
    const pulled = vjp(() => stem(pass, images, false), pick(pass.params, stemNames), cotangent)
    Object.assign(gradients, named(stemNames, pulled))
  }
  release([cotangent])
  return { logits: logits!, crossEntropy: top.value, gradients }
}

/** The initial pair of a stage, from the last pair of the previous stage. */
function reopen(pass: Pass, index: number, endBefore: Pair): Pair {
  const { dynamics, config } = pass.network
  return tidy(() => [...dynamics.open(transition(pass, index, dynamics.close(endBefore), false), config)]) as unknown as Pair
}

/** Substeps of the first `units` units that can be kept; a widening unit is never reconstructed anyway. */
const keptSubsteps = ({ substeps, units, entrance }: NetworkStage, wanted: number): number => {
  const rebuilt = units - (entrance ? 1 : 0)
  return rebuilt === 0 ? 0 : Math.min(wanted, rebuilt) * (substeps.length / rebuilt)
}

/** Backpropagates through `close`: the cotangents of the last pair; frees the cotangent. */
function closeCotangents(pass: Pass, end: Pair, cotangent: Tensor): [Tensor | null, Tensor | null] {
  const pulled = vjp(() => pass.network.dynamics.close(end), [...end], cotangent) as [Tensor | null, Tensor | null]
  release([cotangent], pulled)
  return pulled
}

/**
 * Backpropagates through `open`: the cotangent of the state from which a stage started. `open` is linear, so any pair of that shape will
 * do.
 */
function openCotangent(pass: Pass, pair: Pair, [ofPrevious, ofCurrent]: readonly [Tensor | null, Tensor | null]): Tensor {
  const { dynamics, config } = pass.network
  const result = tidy(() => {
    const x = dynamics.close(pair)
    const parts = [ofPrevious, ofCurrent].map((part, at) => part && vjp(() => dynamics.open(x, config)[at]!, [x], part)[0]!)
    const [first, second] = parts
    return first && second ? add(first, second) : (first ?? second)!
  })
  release([ofPrevious, ofCurrent], [result])
  return result
}

/** Backpropagates through pooling, or through a widening unit, adding the gradients of its parameters. */
function transitionCotangent(
  pass: Pass,
  index: number,
  kept: Tensor | null,
  endBefore: Pair,
  cotangent: Tensor,
  receive: (name: string, gradient: Tensor) => void,
): Tensor {
  const names = parameterNames(pass.network.stages[index]!.entrance?.substeps ?? [])
  const input = kept ?? tidy(() => pass.network.dynamics.close(endBefore))
  const [ofInput, ...ofParams] = vjp(() => transition(pass, index, input, false), [input, ...pick(pass.params, names)], cotangent)
  for (const [name, gradient] of Object.entries(named(names, ofParams))) receive(name, gradient)
  release([cotangent, input], [...endBefore, ofInput])
  return ofInput!
}

const namesWithPrefix = (pass: Pass, prefix: string): string[] =>
  pass.network.parameters.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => name)

function named(names: readonly string[], gradients: readonly (Tensor | null)[]): Named {
  return Object.fromEntries(names.map((name, at) => [name, gradients[at] ?? missing(name)]))
}

function missing(name: string): never {
  throw new Error(`the loss does not depend on ${name}`)
}
