import type { Tensor } from '@tensorflow/tfjs-core'
import { addBias } from './channel-sum.js'
import type { Dynamics, ForceContext, ParameterShape, UnitGeometry } from './dynamics.js'
import type { Named } from './tensors.js'

/** Parameters of one layer s(K x + b), or s(BN2(K BN1 x)) if units are normalised. `suffix` distinguishes two layers of a unit. */
export function layerParameters(suffix: string, width: number, geometry: UnitGeometry): Record<string, ParameterShape> {
  const kernel: ParameterShape = { kind: 'kernel', shape: geometry.linear.kernelShape(width, width) }
  if (geometry.unitNorm === 'none') return { [`kernel${suffix}`]: kernel, [`bias${suffix}`]: { kind: 'bias', shape: [width] } }
  const norm = (name: string): Record<string, ParameterShape> => ({
    [`${name}${suffix}/gamma`]: { kind: 'gamma', shape: [width] },
    [`${name}${suffix}/beta`]: { kind: 'beta', shape: [width] },
  })
  return { ...(geometry.firstOfNetwork ? {} : norm('bnIn')), [`kernel${suffix}`]: kernel, ...norm('bnMid') }
}

/** The roles of `layerParameters` in a substep. */
export function layerRoles(suffix: string): Record<string, string> {
  const roles: Record<string, string> = { kernel: `kernel${suffix}`, bias: `bias${suffix}` }
  for (const norm of ['bnIn', 'bnMid']) for (const part of ['gamma', 'beta']) roles[`${norm}/${part}`] = `${norm}${suffix}/${part}`
  return roles
}

/** s(K y + b), or s(BN2(K BN1 y)), with `apply` as K. */
export function activatedLayer(apply: (x: Tensor) => Tensor, y: Tensor, params: Named, ctx: ForceContext): Tensor {
  const input = params['bnIn/gamma'] ? ctx.batchNorm(y, 'bnIn') : y
  const mapped = apply(input)
  const shifted = params['bnMid/gamma'] ? ctx.batchNorm(mapped, 'bnMid') : addBias(mapped, params['bias']!)
  return ctx.activation(shifted)
}

/** K' s(K y + b): the force of a symmetric layer, whose Jacobian is symmetric. Chang et al. 2018, eq. 12 and 16. */
export const symmetricLayer: Dynamics['force'] = (y, params, ctx) => {
  const map = ctx.linear.map(params['kernel']!)
  return map.adjoint(activatedLayer(map.apply, y, params, ctx))
}
