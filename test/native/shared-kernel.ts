import { clone } from '@tensorflow/tfjs-core'
import type { Dynamics } from '../../src-main/numeric/dynamics.js'
import { hamiltonian } from '../../src-main/numeric/dynamics/hamiltonian.js'
import { activatedLayer, layerParameters, layerRoles } from '../../src-main/numeric/layer.js'
import type { Named } from '../../src-main/numeric/tensors.js'
import { valueAndVjp } from '../../src-main/numeric/vjp.js'

/** The kernel is also used for the adjoint, with a role of its own. */
const ROLES = { ...layerRoles(''), outer: 'kernel' }

/**
 * A Hamiltonian unit whose two forces share one layer: Y += h K' s(K Z + b);  Z -= h K' s(K Y + b). Not shipped: each of its parameters is
 * used by two substeps, and the kernel by two roles of each.
 */
export const sharedKernel: Dynamics = {
  ...hamiltonian,
  id: 'shared-kernel',
  label: 'Shared kernel',
  summary: 'A Hamiltonian unit whose two forces share their parameters.',
  source: 'Made up for tests',
  mapsPerKernel: 2,
  parameters: (unit) => layerParameters('', unit.channels / 2, unit),
  smoothKernels: ['kernel'],
  substeps: (h) => [
    { params: ROLES, keep: 1, blend: 0, gain: h },
    { params: ROLES, keep: 1, blend: 0, gain: -h },
  ],
  force: (state, params, ctx) =>
    ctx.linear.map(params['outer']!).adjoint(activatedLayer(ctx.linear.map(params['kernel']!).apply, state, params, ctx)),
}

/** The same with a vector-Jacobian product of its own, which separates the contributions of the two roles. */
export const sharedKernelFused: Dynamics = {
  ...sharedKernel,
  id: 'shared-kernel-fused',
  forceAndVjp(state, params, ctx, cotangent) {
    const roles = Object.keys(params)
    // A separate tensor, because the tape would otherwise treat the two roles as one parameter.
    const outer = clone(params['outer']!)
    const own: Named = { ...params, outer }
    const { value, gradients } = valueAndVjp(
      () => sharedKernel.force(state, own, ctx),
      [state, ...roles.map((role) => own[role]!)],
      cotangent,
    )
    outer.dispose()
    return { value, state: gradients[0]!, params: Object.fromEntries(roles.map((role, at) => [role, gradients[at + 1]!])) }
  },
}
