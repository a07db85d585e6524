import type { Fusion } from '../fusion.js'
import type { RecordedGraph, RecordedNode } from '../recorded-graph.js'
import { DerivedKernels, fusedConvolution, isPlainConvolution, sameShape, scaling } from './kernels.js'

/** Rewrites y + c conv(x, K) and y + c conv'(x, K) as one convolution that adds to y, in place if y is not used afterwards. */
export const accumulate: Fusion = (graph) => {
  const kernels = new DerivedKernels(graph)
  for (const sum of graph.nodes) {
    const sign = sum.op === 'Sub' ? -1 : 1
    if (sum.op !== 'Add' && sum.op !== 'AddV2' && sum.op !== 'Sub') continue
    const [a, b] = sum.input as [string, string]
    if (sum.shapes[0]!.length !== 4 || !sameShape(graph.shape(a), graph.shape(b))) continue
    const [first, second] = [sum.op === 'Sub' ? null : convolutionOf(graph, a, sum), convolutionOf(graph, b, sum)]
    const later = first && second ? (graph.isBefore(first.node.name, second.node.name) ? second : first) : (first ?? second)
    if (!later) continue
    const { node, factor, between } = later
    const onto = later === second ? a : b
    const isAdjoint = node.op === 'Conv2DBackpropInput'
    const own = scaledKernel(graph, node.input[1]!)
    const [x, kernel] = isAdjoint ? [node.input[2]!, kernels.adjoint(own.tensor, sum.name)] : [node.input[0]!, own.tensor]
    const scaled = kernels.scaled(kernel, (later === second ? sign : 1) * factor * own.factor, sum.name)
    const channels = sum.shapes[0]!.at(-1)!
    const bias = graph.constant([channels], new Float32Array(channels))
    graph.become(sum, '_FusedConv2D', [x, scaled, bias, onto], fusedConvolution(node.attr, ['BiasAdd', 'Add'], 2))
    if (between) graph.remove(between)
    graph.remove(node)
  }
}

/** A kernel without its constant factors, so that all products with one kernel are derived from it. */
function scaledKernel(graph: RecordedGraph, kernel: string): { tensor: string; factor: number } {
  const part = graph.partOf(kernel)
  const made = graph.node(part ? part.whole : kernel)
  const scaled = made && scaling(graph, made)
  if (!scaled) return { tensor: kernel, factor: 1 }
  const inner = part ? graph.partsOf(scaled.tensor)?.[part.index] : scaled.tensor
  if (inner === undefined) return { tensor: kernel, factor: 1 }
  const { tensor, factor } = scaledKernel(graph, inner)
  return { tensor, factor: factor * scaled.factor }
}

interface Term {
  node: RecordedNode
  factor: number
  /** The product between convolution and sum, if any. */
  between: RecordedNode | null
}

/** The convolution whose result, up to a constant factor, is an operand of a sum and is not used elsewhere. */
function convolutionOf(graph: RecordedGraph, operand: string, sum: RecordedNode): Term | null {
  const last = graph.node(operand)
  if (!last || graph.onlyUser(last.name) !== sum) return null
  const scaled = scaling(graph, last)
  const node = scaled ? graph.node(scaled.tensor) : last
  if (!node || (node.op !== 'Conv2D' && node.op !== 'Conv2DBackpropInput') || !isPlainConvolution(graph, node)) return null
  if (scaled && graph.onlyUser(node.name) !== last) return null
  return { node, factor: scaled?.factor ?? 1, between: scaled ? last : null }
}
