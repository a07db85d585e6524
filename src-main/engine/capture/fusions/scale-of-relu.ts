import type { Fusion } from '../fuse.js'
import { DerivedKernels, scaling } from './kernels.js'

/** c relu(conv(x, K) + b) = relu(conv(x, cK) + cb) for c > 0; what else uses the result may only ask where it is positive. */
export const scaleOfRelu: Fusion = (graph) => {
  const kernels = new DerivedKernels(graph)
  for (const product of graph.nodes) {
    const scaled = scaling(graph, product)
    if (!scaled || !(scaled.factor > 0)) continue
    const relu = graph.node(scaled.tensor)
    if (relu?.op !== '_FusedConv2D' || !isRelu(relu.attr.fused_ops)) continue
    const others = graph.usersOf(relu.name).filter((user) => user !== product)
    if (others.some((user) => user.op !== 'ReluGrad' || user.input[0] === relu.name)) continue
    const [x, kernel, bias] = relu.input as [string, string, string]
    const inputs = [x, kernels.scaled(kernel, scaled.factor, relu.name), kernels.scaled(bias, scaled.factor, relu.name)]
    graph.become(relu, relu.op, inputs, relu.attr)
    graph.redirect(product.name, relu.name)
    graph.remove(product)
  }
}

const isRelu = (operations: unknown): boolean => {
  const { list } = operations as { list: { s: Uint8Array[] } }
  return list.s.length === 2 && new TextDecoder().decode(list.s[1]) === 'Relu'
}
