import { mul, ones, relu, sqrt, tensor, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { activatedLayer } from '../numeric/layer.js'
import type { LinearMap } from '../numeric/linear.js'
import type { BoundSubstep, Sweep } from '../numeric/reversible-sweep.js'
import type { Named, Pair } from '../numeric/tensors.js'
import { vjp } from '../numeric/vjp.js'
import { advance } from '../numeric/reversible-sweep.js'
import type { VisitedUnit } from './frozen.js'
import { transposedProduct, type StateMap } from './jacobian.js'
import type { Operator, Rectangular } from './math/krylov.js'
import { freeing } from './scope.js'

/** A force with the state at which it is evaluated in the forward pass. */
export interface PlacedForce {
  substep: BoundSubstep
  /** [1, ...] */
  state: Tensor
  map: StateMap
  params: Named
}

/** The forces of a unit, each with the state at which the unit evaluates it. The tensors that it creates are not freed. */
export function forcesOf({ sweep, substeps, pair }: Pick<VisitedUnit, 'sweep' | 'substeps' | 'pair'>): PlacedForce[] {
  const forces: PlacedForce[] = []
  let at: Pair = pair
  for (const substep of substeps) {
    if (substep.gain !== 0) {
      const params = Object.fromEntries(Object.entries(substep.params).map(([role, name]) => [role, sweep.params[name]!]))
      const map: StateMap = (state) => sweep.dynamics.force(state, params, sweep.context(substep, false))
      forces.push({ substep, state: at[1], map, params })
    }
    at = advance(sweep, substep, at, false)
  }
  return forces
}

/** u -> J' u, which has the same eigenvalues as J. */
export const transposedJacobian = ({ map, state }: PlacedForce): Operator => ({
  size: state.size,
  apply: (u) => transposedProduct(map, state, u),
})

/** A layer in a force of a known form: a linear map and the slopes of what follows it, none of them negative. */
export interface LayerForm {
  linear: LinearMap
  /** Slopes of the activation, times the factors of a norm after the map; in the shape of the map's value. */
  slopes: Tensor
}

/**
 * The layer of a force with `forceForm` at its state; null if a norm scales the layer's input, or a slope is negative (because of a
 * negative gamma after the map), so that the force no longer has this form.
 */
export function layerForm(sweep: Sweep, { substep, state, params }: PlacedForce): LayerForm | null {
  const { forceForm } = sweep.dynamics
  if (!forceForm || params['bnIn/gamma'] || !params['kernel']) return null
  const ctx = sweep.context(substep, false)
  const linear = forceForm === 'skew' ? ctx.linear.antisymmetric(params['kernel']) : ctx.linear.map(params['kernel'])
  const slopes = tidy(() => {
    const mapped = linear.apply(state)
    return vjp(() => activatedLayer((x) => x, mapped, params, ctx), [mapped], ones(mapped.shape))[0]!
  })
  return slopes.dataSync().some((slope) => slope < 0) ? null : { linear, slopes }
}

const on = (shape: number[], v: Float64Array, f: (x: Tensor) => Tensor): Float64Array =>
  freeing(() => Float64Array.from(f(tensor(Float32Array.from(v), shape)).dataSync()))

const rootOf = (slopes: Tensor): Tensor => tidy(() => sqrt(relu(slopes)))

/** D1^(1/2) K1 K2' D2^(1/2): its squared singular values are the eigenvalues of J1 J2 with J = K' D K. */
export function coupledForm(first: LayerForm, second: LayerForm): Rectangular {
  const [one, two] = [rootOf(first.slopes), rootOf(second.slopes)]
  return {
    rows: one.size,
    columns: two.size,
    apply: (v) => on(two.shape, v, (x) => mul(one, first.linear.apply(second.linear.adjoint(mul(two, x))))),
    adjoint: (u) => on(one.shape, u, (x) => mul(two, second.linear.apply(first.linear.adjoint(mul(one, x))))),
  }
}

/** K' D K, symmetric. @param state of the shape of K's input */
export const symmetricForm = ({ linear, slopes }: LayerForm, state: Tensor): Operator => ({
  size: state.size,
  apply: (v) => on(state.shape, v, (x) => linear.adjoint(mul(slopes, linear.apply(x)))),
})

/** -S^2 with the skew-symmetric S = D^(1/2) (K - K') D^(1/2): its eigenvalues are the squares of the frequencies, each twice. */
export function skewForm({ linear, slopes }: LayerForm): Operator {
  const root = rootOf(slopes)
  const s = (x: Tensor): Tensor => mul(root, linear.apply(mul(root, x)))
  return { size: slopes.size, apply: (v) => on(slopes.shape, v, (x) => mul(s(s(x)), -1)) }
}
