import { elu, relu, selu, sigmoid, softplus, tanh, type Tensor } from '@tensorflow/tfjs-core'
import type { NetworkConfig } from '../contract/config.js'

export type Activation = (x: Tensor) => Tensor

/** The activation functions that a configuration can name. */
export const activations: Record<NetworkConfig['activation'], Activation> = {
  relu: (x) => relu(x),
  tanh: (x) => tanh(x),
  sigmoid: (x) => sigmoid(x),
  elu: (x) => elu(x),
  softplus: (x) => softplus(x),
  selu: (x) => selu(x),
  identity: (x) => x,
}
