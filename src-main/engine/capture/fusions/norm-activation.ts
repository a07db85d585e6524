import { string } from '../attributes.js'
import type { Fusion } from '../fusion.js'

/** TensorFlow rejects the fused operation for other numbers of channels. */
const CHANNEL_MULTIPLE = 4

/**
 * Rewrites relu(batchnorm(x)) as one operation, both in training and with given statistics; its other outputs, the statistics, are
 * unchanged.
 */
export const normActivation: Fusion = (graph) => {
  for (const relu of graph.nodes) {
    if (relu.op !== 'Relu') continue
    const [value] = relu.input as [string]
    const norm = graph.node(value)
    if (norm?.op !== 'FusedBatchNormV3' || value !== norm.name || relu.shapes[0]!.at(-1)! % CHANNEL_MULTIPLE !== 0) continue
    if (graph.usersOf(norm.name).some((user) => user !== relu && user.input.includes(value))) continue
    graph.become(norm, '_FusedBatchNormEx', norm.input, { ...norm.attr, activation_mode: string('Relu'), num_side_inputs: { i: 0 } })
    graph.redirect(relu.name, value)
    graph.remove(relu)
  }
}
