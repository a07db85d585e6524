import type { Fusion } from '../fusion.js'
import { fusedConvolution } from './kernels.js'

/** Rewrites relu(conv(x, K) + b) and conv(x, K) + b as one operation each. */
export const biasActivation: Fusion = (graph) => {
  for (const sum of graph.nodes) {
    if (sum.op !== 'Add' && sum.op !== 'AddV2') continue
    const [first, bias] = sum.input as [string, string]
    const convolution = graph.node(first)
    const channels = sum.shapes[0]!.at(-1)
    const biasShape = graph.shape(bias)
    if (convolution?.op !== 'Conv2D' || biasShape?.length !== 1 || biasShape[0] !== channels) continue
    if (graph.onlyUser(convolution.name) !== sum) continue
    const user = graph.onlyUser(sum.name)
    const target = user?.op === 'Relu' ? user : sum
    const operations = target === sum ? ['BiasAdd'] : ['BiasAdd', 'Relu']
    const inputs = [...convolution.input, bias]
    graph.become(target, '_FusedConv2D', inputs, fusedConvolution(convolution.attr, operations, 1))
    if (target !== sum) graph.remove(sum)
    graph.remove(convolution)
  }
}
