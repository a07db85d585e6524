import type { Fusion } from '../fusion.js'
import type { RecordedGraph, RecordedNode } from '../recorded-graph.js'
import { DerivedKernels, scaling } from './kernels.js'

/** For sums and stacks of products with one constant, the factor is applied once, to the result. */
export const commonFactor: Fusion = (graph) => {
  const kernels = new DerivedKernels(graph)
  for (const node of graph.nodes) {
    if (!['Add', 'AddV2', 'AddN', 'Pack'].includes(node.op)) continue
    const terms = node.input.map((input) => factorOf(graph, input, node))
    const [first] = terms
    if (!first || terms.length < 2 || terms.some((term) => term?.factor !== first.factor)) continue
    const products = terms.map((term) => term!.product)
    graph.become(
      node,
      node.op,
      terms.map((term) => term!.tensor),
      node.attr,
    )
    for (const product of products) graph.remove(product)
    const users = graph.usersOf(node.name)
    for (const user of users) {
      const scaled = kernels.scaled(node.name, first.factor, user.name)
      graph.become(
        user,
        user.op,
        user.input.map((input) => (input === node.name ? scaled : input)),
        user.attr,
      )
    }
  }
}

/** The operand of a sum or stack without its constant factor, if nothing else uses the product. */
function factorOf(
  graph: RecordedGraph,
  input: string,
  user: RecordedNode,
): { tensor: string; factor: number; product: RecordedNode } | null {
  const product = graph.node(input)
  if (!product || graph.onlyUser(product.name) !== user) return null
  const scaled = scaling(graph, product)
  return scaled && { ...scaled, product }
}
