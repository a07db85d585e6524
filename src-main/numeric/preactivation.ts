import type { Tensor } from '@tensorflow/tfjs-core'
import { relu } from '@tensorflow/tfjs-core'
import type { ForceContext, ParameterShape, UnitGeometry } from './dynamics.js'
import type { Named } from './tensors.js'

/** Parameters of a pre-activation residual branch BN-ReLU-conv-BN-ReLU-conv (He et al. 2016, "Identity mappings"). */
export function branchParameters(
  prefix: string,
  inChannels: number,
  channels: number,
  { linear }: UnitGeometry,
): Record<string, ParameterShape> {
  const norm = (name: string, width: number): Record<string, ParameterShape> => ({
    [`${prefix}${name}/gamma`]: { kind: 'gamma', shape: [width] },
    [`${prefix}${name}/beta`]: { kind: 'beta', shape: [width] },
  })
  return {
    ...norm('bn1', inChannels),
    [`${prefix}conv1`]: { kind: 'kernel', shape: linear.kernelShape(inChannels, channels) },
    ...norm('bn2', channels),
    [`${prefix}conv2`]: { kind: 'kernel', shape: linear.kernelShape(channels, channels) },
  }
}

/** Roles of `branchParameters` for a substep. */
export function branchRoles(prefix: string): Record<string, string> {
  const names = ['bn1/gamma', 'bn1/beta', 'conv1', 'bn2/gamma', 'bn2/beta', 'conv2']
  return Object.fromEntries(names.map((name) => [name, `${prefix}${name}`]))
}

/** The branch itself; its first convolution has the stride of the context. */
export function branch(x: Tensor, params: Named, ctx: ForceContext): Tensor {
  const first = ctx.linear.map(params['conv1']!, ctx.stride).apply(relu(ctx.batchNorm(x, 'bn1')))
  return ctx.linear.map(params['conv2']!).apply(relu(ctx.batchNorm(first, 'bn2')))
}
