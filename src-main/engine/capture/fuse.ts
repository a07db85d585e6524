import type { Fusion } from './fusion.js'
import { accumulate } from './fusions/accumulate.js'
import { biasActivation } from './fusions/bias-activation.js'
import { commonFactor } from './fusions/common-factor.js'
import { normActivation } from './fusions/norm-activation.js'
import { scaleOfRelu } from './fusions/scale-of-relu.js'
import { scaledOperands } from './fusions/scaled-operands.js'
import { RecordedGraph, type RecordedNode } from './recorded-graph.js'

/** In this order, because each fusion enables the next ones. */
const FUSIONS: readonly Fusion[] = [scaledOperands, commonFactor, biasActivation, normActivation, scaleOfRelu, accumulate]

/**
 * Merges elementwise operations into the convolutions before or after them (oneDNN's post-operations), so that a state is read and written
 * once where the recorded operations did so two to four times. For processors only, because CUDA's kernels support other combinations.
 */
export function fuse(nodes: RecordedNode[], prefix: string): RecordedNode[] {
  const graph = new RecordedGraph(nodes, prefix)
  for (const fusion of FUSIONS) fusion(graph)
  return graph.finish()
}
