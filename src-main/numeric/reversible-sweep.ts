import { add, mul, neg, sub, tidy, type Tensor } from '@tensorflow/tfjs-core'
import type { Dynamics, ForceContext } from './dynamics.js'
import { accumulate, pick, release, type Named, type Pair } from './tensors.js'
import { linearise, valueAndVjp, type Linearised } from './vjp.js'

/** A substep of one unit with its parameters bound to their full names. */
export interface BoundSubstep {
  /** 'stage1/unit3' */
  unit: string
  /** Index of the unit within its stage. */
  unitIndex: number
  /** Role in the force -> full name. */
  params: Record<string, string>
  keep: number
  blend: number
  gain: number
}

/** The integration of one stage. */
export interface Sweep {
  dynamics: Dynamics
  substeps: readonly BoundSubstep[]
  params: Named
  /** `record`: whether batch norms in this evaluation update running statistics (only the first evaluation does). */
  context(substep: BoundSubstep, record: boolean): ForceContext
}

/** Cotangents of a pair; null means zero. */
export type Cotangents = readonly [previous: Tensor | null, current: Tensor | null]

const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : factor === -1 ? neg(x) : mul(x, factor))
const plus = (a: Tensor | null, b: Tensor | null): Tensor | null => (a && b ? add(a, b) : (a ?? b))
/** A tidy whose result may be null, which its code supports but its type does not. */
const tidyMaybe = (f: () => Tensor | null): Tensor | null => tidy(f as () => Tensor)

const roleTensors = (sweep: Sweep, substep: BoundSubstep): Named =>
  Object.fromEntries(Object.entries(substep.params).map(([role, name]) => [role, sweep.params[name]!]))

/** Distinct full names of the parameters of substeps: two substeps may share a parameter, as may two roles of one substep. */
export const parameterNames = (substeps: readonly Pick<BoundSubstep, 'params'>[]): string[] => [
  ...new Set(substeps.flatMap(({ params }) => Object.values(params))),
]

/** force(state) of one substep; null when the substep has none (gain 0). */
function evaluateForce(sweep: Sweep, substep: BoundSubstep, state: Tensor, record: boolean): Tensor | null {
  if (substep.gain === 0) return null
  return sweep.dynamics.force(state, roleTensors(sweep, substep), sweep.context(substep, record))
}

/** next = keep * previous + blend * current + gain * force. */
export function combine({ keep, blend, gain }: BoundSubstep, previous: Tensor, current: Tensor, force: Tensor | null): Tensor {
  const terms = [
    ...(keep === 0 ? [] : [scaled(previous, keep)]),
    ...(blend === 0 ? [] : [scaled(current, blend)]),
    ...(force ? [scaled(force, gain)] : []),
  ]
  return terms.reduce((sum, term) => add(sum, term))
}

/** The inverse of `combine` for `previous`; needs keep != 0. */
export function separate({ keep, blend, gain }: BoundSubstep, current: Tensor, next: Tensor, force: Tensor | null): Tensor {
  const withoutForce = force ? sub(next, scaled(force, gain)) : next
  const rest = blend === 0 ? withoutForce : sub(withoutForce, scaled(current, blend))
  return keep === 1 ? rest : mul(rest, 1 / keep)
}

/** One substep forward. */
export function advance(sweep: Sweep, substep: BoundSubstep, [previous, current]: Pair, record: boolean): Pair {
  return [current, tidy(() => combine(substep, previous, current, evaluateForce(sweep, substep, current, record)))]
}

/**
 * One substep backward without cotangents: the pair before from the pair after. Exact up to rounding for keep != 0,
 * otherwise as exact as the dynamics' own solver.
 */
export function undo(sweep: Sweep, substep: BoundSubstep, [current, next]: Pair): Pair {
  if (substep.keep === 0) {
    const state = solve(sweep, substep, next)
    return [state, state]
  }
  return [tidy(() => separate(substep, current, next, evaluateForce(sweep, substep, current, false))), current]
}

function solve(sweep: Sweep, substep: BoundSubstep, next: Tensor): Tensor {
  const { dynamics } = sweep
  if (!dynamics.solvePrevious) throw new Error(`${dynamics.id} is not reversible`)
  return tidy(() => dynamics.solvePrevious!(next, (state) => combine(substep, state, state, evaluateForce(sweep, substep, state, false))))
}

/** Pairs kept in the forward pass, by the index of the substep that they precede. */
export type Anchors = Map<number, Pair>

/**
 * The substeps before which a pair is stored if every k-th unit is anchored; 0 stores none. Storing the first pair of a stage would be
 * useless, because nothing is reconstructed from it.
 */
export function anchorPositions(substeps: readonly BoundSubstep[], every: number): Set<number> {
  const first = substeps[0]?.unitIndex ?? 0
  const isAnchor = ({ unitIndex }: BoundSubstep, at: number): boolean =>
    unitIndex > first && (unitIndex - first) % every === 0 && substeps[at - 1]!.unitIndex !== unitIndex
  return new Set(every > 0 ? substeps.flatMap((substep, at) => (isAnchor(substep, at) ? [at] : [])) : [])
}

/** Forces of the first substeps of a stage whose tapes are kept, so that nothing in them is reconstructed; null if there is no force. */
export type KeptForces = (Linearised | null)[]

/** What `integrate` stores for `rebuild`. */
export interface Integrated {
  end: Pair
  anchors: Anchors
  kept: KeptForces
}

/** Returns the exact pair before the first substep, if it can be obtained without reconstruction; owned by the caller. */
export type StartAgain = () => Pair

/**
 * Integrates a stage and stores only its last pair, in addition to what is requested. Takes ownership of the given pair, which is freed
 * unless it is itself stored.
 * @param anchorAt substeps before which the pair is stored
 * @param keepForces number of first substeps that keep the tape of their force
 */
export function integrate(sweep: Sweep, start: Pair, anchorAt: ReadonlySet<number> = new Set(), keepForces = 0): Integrated {
  const anchors: Anchors = new Map()
  const kept: KeptForces = []
  let pair = start
  const held = (): Tensor[] => [...anchors.values()].flat()
  sweep.substeps.forEach((substep, index) => {
    if (index >= keepForces && anchorAt.has(index)) anchors.set(index, pair)
    const next = index < keepForces ? advanceKeeping(sweep, substep, pair, kept) : advance(sweep, substep, pair, true)
    release(pair, [...next, ...held()])
    pair = next
  })
  return { end: pair, anchors, kept }
}

/** One substep forward, keeping the tape of its force. */
function advanceKeeping(sweep: Sweep, substep: BoundSubstep, [previous, current]: Pair, kept: KeptForces): Pair {
  if (substep.gain === 0) {
    kept.push(null)
    return advance(sweep, substep, [previous, current], true)
  }
  const byRole = roleTensors(sweep, substep)
  const force = linearise(
    () => sweep.dynamics.force(current, byRole, sweep.context(substep, true)),
    [current, ...pick(sweep.params, parameterNames([substep]))],
  )
  kept.push(force)
  const next = tidy(() => combine(substep, previous, current, force.value))
  release([force.value], [next])
  return [current, next]
}

/** Integrates a stage under a tape: nothing is freed, because the tape holds what it needs. */
export function integrateStored(sweep: Sweep, start: Pair): Pair {
  return sweep.substeps.reduce((pair, substep) => advance(sweep, substep, pair, true), start)
}

/**
 * Backpropagation through a stage that reconstructs its states from the end (Gomez et al. 2017, algorithm 1, in the general form of
 * `Substep`). The evaluation of the force that undoes a step is also the one whose vector-Jacobian product gives the gradient: one
 * recomputation per step. Takes ownership of the integration result and `cotangents`, which are freed.
 * @param receive called with a substep's contribution to the gradient of a parameter, which it then owns: the gradient is the sum of the
 *   contributions
 * @param startAgain replaces the first pair, so that the first force is evaluated at the same point as in the forward pass
 * @returns the first pair that was reconstructed (that at the start of the stage if no forces were kept) and the cotangents at the start
 */
export function rebuild(
  sweep: Sweep,
  { end, anchors, kept }: Integrated,
  cotangents: Cotangents,
  receive: (name: string, gradient: Tensor) => void,
  startAgain?: StartAgain,
): { first: Pair; cotangents: Cotangents } {
  let pair = end
  let pulled = cotangents
  for (let index = sweep.substeps.length - 1; index >= kept.length; index--) {
    const substep = sweep.substeps[index]!
    const [, next] = pair
    const [fromLater, ofNext] = pulled
    const anchor = anchors.get(index) ?? (index === 0 ? startAgain?.() : undefined)
    const current = anchor?.[1] ?? (substep.keep === 0 ? solve(sweep, substep, next) : pair[0])
    const push = ofNext && substep.gain !== 0 ? tidy(() => scaled(ofNext, substep.gain)) : null
    const { force, state, params } = forceAndVjp(sweep, substep, current, push)
    const previous = anchor ? anchor[0] : substep.keep === 0 ? current : tidy(() => separate(substep, current, next, force))
    const ofCurrent = tidyMaybe(() => plus(plus(fromLater, ofNext && substep.blend !== 0 ? scaled(ofNext, substep.blend) : null), state))
    const ofPrevious = ofNext && substep.keep !== 0 ? tidy(() => scaled(ofNext, substep.keep)) : null

    const before: Pair = anchor ?? [previous, current]
    const pulledBefore: Cotangents = [ofPrevious, ofCurrent]
    release([...pair, current, force, push, state, ...pulled], [...before, ...pulledBefore, ...anchorTensors(anchors, index)])
    for (const [name, gradient] of Object.entries(params)) receive(name, gradient)
    anchors.delete(index)
    pair = before
    pulled = pulledBefore
  }
  for (let index = kept.length - 1; index >= 0; index--) pulled = pullKept(sweep.substeps[index]!, kept[index]!, pulled, receive)
  return { first: pair, cotangents: pulled }
}

/** Cotangents before a substep from those after it, using the tape of its force. */
function pullKept(
  substep: BoundSubstep,
  force: Linearised | null,
  [fromLater, ofNext]: Cotangents,
  receive: (name: string, gradient: Tensor) => void,
): Cotangents {
  const { keep, blend, gain } = substep
  const push = ofNext && force ? tidy(() => scaled(ofNext, gain)) : null
  const [state = null, ...gradients] = push ? force!.pull(push) : []
  const ofCurrent = tidyMaybe(() => plus(plus(fromLater, ofNext && blend !== 0 ? scaled(ofNext, blend) : null), state))
  const ofPrevious = ofNext && keep !== 0 ? tidy(() => scaled(ofNext, keep)) : null
  release([push, state, fromLater, ofNext], [ofCurrent, ofPrevious, ...gradients])
  parameterNames([substep]).forEach((name, at) => {
    if (gradients[at]) receive(name, gradients[at])
  })
  return [ofPrevious, ofCurrent]
}

const anchorTensors = (anchors: Anchors, below: number): Tensor[] =>
  [...anchors].flatMap(([index, pair]) => (index < below ? [...pair] : []))

/** Value of the force and its vector-Jacobian product: the dynamics' own if it has one, otherwise the tape's. */
export function forceAndVjp(
  sweep: Sweep,
  substep: BoundSubstep,
  current: Tensor,
  cotangent: Tensor | null,
): { force: Tensor | null; state: Tensor | null; params: Named } {
  if (!cotangent || substep.gain === 0)
    return { force: tidyMaybe(() => evaluateForce(sweep, substep, current, false)), state: null, params: {} }
  const ctx = sweep.context(substep, false)
  const byRole = roleTensors(sweep, substep)
  const params: Named = {}
  if (sweep.dynamics.forceAndVjp) {
    const fused = sweep.dynamics.forceAndVjp(current, byRole, ctx, cotangent)
    for (const [role, gradient] of Object.entries(fused.params)) accumulate(params, substep.params[role]!, gradient)
    return { force: fused.value, state: fused.state, params }
  }
  const names = parameterNames([substep])
  const tensors = [current, ...pick(sweep.params, names)]
  const { value, gradients } = valueAndVjp(() => sweep.dynamics.force(current, byRole, ctx), tensors, cotangent)
  names.forEach((name, at) => {
    const gradient = gradients[at + 1]
    if (gradient) params[name] = gradient
  })
  return { force: value, state: gradients[0]!, params }
}
