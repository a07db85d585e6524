import type { Fusion } from '../fusion.js'
import { type RecordedGraph, type RecordedNode } from '../recorded-graph.js'
import { DerivedKernels, scaling } from './kernels.js'

/** Eliminates a product c * x by scaling a small operand before, or a small result after it. */
export const scaledOperands: Fusion = (graph) => {
  const kernels = new DerivedKernels(graph)
  for (const product of graph.nodes) {
    const scaled = scaling(graph, product)
    if (!scaled || product.shapes[0]!.length !== 4 || !absorbed(graph, product.name)) continue
    absorb(graph, kernels, product.name, scaled.tensor, scaled.factor)
    graph.remove(product)
  }
}

/** Whether every user of this tensor can absorb a factor of it. */
function absorbed(graph: RecordedGraph, tensor: string): boolean {
  const users = graph.usersOf(tensor)
  return users.length > 0 && users.every((user) => absorbsFactor(graph, user, tensor))
}

function absorbsFactor(graph: RecordedGraph, user: RecordedNode, tensor: string): boolean {
  if (user.input.filter((input) => input === tensor).length !== 1) return false
  const at = user.input.indexOf(tensor)
  switch (user.op) {
    case 'Conv2D':
      return at === 0
    case 'Conv2DBackpropInput':
      return at === 2
    case 'Conv2DBackpropFilter':
      return at === 0 || at === 2
    case 'Sum':
      return at === 0
    // Linear in the cotangent: the factor becomes one of gamma for the state, and is applied to the gradients of gamma and beta.
    case 'FusedBatchNormGradV3':
      return at === 0
    case 'ReluGrad':
      return at === 0 && absorbed(graph, user.name)
  }
  return false
}

function absorb(graph: RecordedGraph, kernels: DerivedKernels, product: string, tensor: string, factor: number): void {
  for (const user of graph.usersOf(product)) {
    const inputs = user.input.map((input) => (input === product ? tensor : input))
    // The factor is moved as far as possible: gradients of a stage are finally scaled together, and kernels need no scaled copy.
    const passes = user.op === 'ReluGrad' || ((user.op === 'Conv2D' || user.op === 'Sum') && absorbed(graph, user.name))
    if (!passes && (user.op === 'Conv2D' || user.op === 'Conv2DBackpropInput')) inputs[1] = kernels.scaled(inputs[1]!, factor, user.name)
    if (user.op === 'FusedBatchNormGradV3') inputs[2] = kernels.scaled(inputs[2]!, factor, user.name)
    graph.become(user, user.op, inputs, user.attr)
    if (passes) absorb(graph, kernels, user.name, user.name, factor)
    else if (user.op === 'Sum' || user.op === 'Conv2DBackpropFilter') scaleResult(graph, kernels, user, user.name, factor)
    else if (user.op === 'FusedBatchNormGradV3')
      for (const output of [1, 2]) scaleResult(graph, kernels, user, `${user.name}:${output}`, factor)
  }
}

/** The users of a small result use factor * result instead. */
function scaleResult(graph: RecordedGraph, kernels: DerivedKernels, node: RecordedNode, result: string, factor: number): void {
  for (const user of graph.usersOf(node.name).filter(({ input }) => input.includes(result))) {
    const inputs = user.input.map((input) => (input === result ? kernels.scaled(result, factor, user.name) : input))
    graph.become(user, user.op, inputs, user.attr)
  }
}
