import type { Fusion } from '../fusion.js'
import type { RecordedNode } from '../recorded-graph.js'
import { DerivedKernels, scaling } from './kernels.js'

/**
 * c relu(conv(x, K) + b) = relu(conv(x, cK) + cb) and c relu(batchnorm(x; gamma, beta)) = relu(batchnorm(x; c gamma, c beta)) for c > 0;
 * other users of the result may only depend on where it is positive.
 */
export const scaleOfRelu: Fusion = (graph) => {
  const kernels = new DerivedKernels(graph)
  for (const product of graph.nodes) {
    const scaled = scaling(graph, product)
    if (!scaled || !(scaled.factor > 0)) continue
    const relu = graph.node(scaled.tensor)
    if (relu?.name !== scaled.tensor || !isRelu(relu)) continue
    const others = graph.usersOf(relu.name).filter((user) => user !== product && user.input.includes(relu.name))
    if (others.some((user) => user.op !== 'ReluGrad' || user.input[0] === relu.name)) continue
    const [x, kernel, bias, ...rest] = relu.input as [string, string, string, ...string[]]
    const inputs = [x, kernels.scaled(kernel, scaled.factor, relu.name), kernels.scaled(bias, scaled.factor, relu.name), ...rest]
    graph.become(relu, relu.op, inputs, relu.attr)
    graph.redirect(product.name, relu.name)
    graph.remove(product)
  }
}

/** Whether it is a convolution or batch norm that includes a ReLU; in both, the second and third input are a factor and a summand. */
function isRelu({ op, attr }: RecordedNode): boolean {
  if (op === '_FusedBatchNormEx') return true
  if (op !== '_FusedConv2D') return false
  const { list } = attr.fused_ops as { list: { s: Uint8Array[] } }
  return list.s.length === 2 && new TextDecoder().decode(list.s[1]) === 'Relu'
}
