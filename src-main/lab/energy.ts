import {
  add,
  addN,
  elu,
  exp,
  log1p,
  maximum,
  minimum,
  mul,
  relu,
  softplus,
  square,
  sub,
  tidy,
  where,
  abs,
  type Tensor,
} from '@tensorflow/tfjs-core'
import type { NetworkConfig } from '../contract/config.js'
import type { Dynamics } from '../numeric/dynamics.js'
import { activatedLayer } from '../numeric/layer.js'
import type { BoundSubstep, Sweep } from '../numeric/reversible-sweep.js'
import type { Pair } from '../numeric/tensors.js'
import { integratorOf } from './integrator.js'
import { freeing } from './scope.js'

type Pointwise = (z: Tensor) => Tensor

const half = (x: Tensor): Tensor => mul(square(x), 0.5)
const SELU_SCALE = 1.0507009873554805
const SELU_ALPHA = 1.6732632423543772

/** e^z - 1 - z for z <= 0, otherwise 0: the integral of e^t - 1 from 0. */
const expRest = (z: Tensor): Tensor => sub(elu(minimum(z, 0)), minimum(z, 0))

/** Nodes in 0..1 and weights of the 8-point Gauss-Legendre rule. */
const NODES = [
  0.019855071751231884, 0.10166676129318664, 0.2372337950418355, 0.4082826787521751, 0.5917173212478249, 0.7627662049581645,
  0.8983332387068134, 0.9801449282487681,
]
const WEIGHTS = [
  0.05061426814518813, 0.11119051722668724, 0.15685332293894364, 0.18134189168918099, 0.18134189168918099, 0.15685332293894364,
  0.11119051722668724, 0.05061426814518813,
]

/** Integral of softplus from 0: the 8-point rule up to |z| = 4, a series expansion beyond. */
function softplusIntegral(z: Tensor): Tensor {
  const inner = maximum(minimum(z, 4), -4)
  const near = addN(NODES.map((node, at) => mul(softplus(mul(inner, node)), mul(inner, WEIGHTS[at]!))))
  // Beyond 4: t + e^-t - e^-2t/2 ...; below -4: e^t - e^2t/2 ...
  const above = relu(sub(z, 4))
  const below = relu(sub(-4, z))
  const tail = (far: Tensor): Tensor =>
    addN([1, 2, 3].map((k) => mul(sub(1, exp(mul(far, -k))), ((-1) ** (k + 1) * Math.exp(-4 * k)) / k ** 2)))
  return sub(add(near, add(add(half(above), mul(above, 4)), tail(above))), tail(below))
}

/** S with S' = s and S(0) = 0 (for sigmoid, S(z) = log(1 + e^z) - log 2). */
export const antiderivatives: Record<NetworkConfig['activation'], Pointwise> = {
  relu: (z) => half(relu(z)),
  // log cosh z without overflow.
  tanh: (z) => sub(add(abs(z), log1p(exp(mul(abs(z), -2)))), Math.LN2),
  sigmoid: (z) => sub(softplus(z), Math.LN2),
  elu: (z) => where(z.greater(0), half(z), expRest(z)),
  softplus: softplusIntegral,
  selu: (z) => mul(where(z.greater(0), half(z), mul(expRest(z), SELU_ALPHA)), SELU_SCALE),
  identity: half,
}

export type EnergyForm = 'hamiltonian' | 'leapfrog' | 'midpoint'

/** The energy that the frozen layers of a dynamics conserve, derived from its substeps and the form of its force; null if there is none. */
export function energyForm(dynamics: Dynamics, substeps: readonly BoundSubstep[]): EnergyForm | null {
  const integrator = integratorOf(substeps)
  if (!integrator) return null
  if (dynamics.forceForm === 'skew') return substeps.length === 1 && integrator.limit === 1 ? 'midpoint' : null
  if (dynamics.forceForm !== 'symmetric') return null
  if (integrator.source === 'product') return 'hamiltonian'
  return substeps.length === 2 ? 'leapfrog' : null
}

/** Sum over each example, in double precision. */
function sums(x: Tensor): Float64Array {
  const values = x.dataSync()
  const count = x.shape[0]!
  const size = values.length / count
  const out = new Float64Array(count)
  for (let i = 0; i < values.length; i++) out[Math.floor(i / size)] = out[Math.floor(i / size)]! + values[i]!
  return out
}

/** Potential of a substep's layer at a state: sum of S(K y + b), one number per example. */
function potential(sweep: Sweep, substep: BoundSubstep, state: Tensor, activation: NetworkConfig['activation']): Float64Array {
  return freeing(() => {
    const params = Object.fromEntries(Object.entries(substep.params).map(([role, name]) => [role, sweep.params[name]!]))
    const ctx = { ...sweep.context(substep, false), activation: antiderivatives[activation] }
    const kernel = params['kernel']!
    const apply = sweep.dynamics.forceForm === 'skew' ? ctx.linear.antisymmetric(kernel).apply : ctx.linear.map(kernel).apply
    return sums(activatedLayer(apply, state, params, ctx))
  })
}

/** The energy of a pair under the layers of one unit, one number per example. */
export function energy(
  form: EnergyForm,
  sweep: Sweep,
  substeps: readonly BoundSubstep[],
  [previous, current]: Pair,
  activation: NetworkConfig['activation'],
): Float64Array {
  const [first, second] = substeps as [BoundSubstep, BoundSubstep?]
  const own = potential(sweep, first, current, activation)
  if (form === 'midpoint') return own
  const other =
    form === 'hamiltonian'
      ? potential(sweep, second!, previous, activation)
      : // V is h times the velocity, and the gain is -h^2.
        sums(tidy(() => mul(square(previous), 0.5 / -first.gain)))
  return own.map((value, at) => value + other[at]!)
}
