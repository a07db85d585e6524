import { backend, tidy, zeros, type Tensor } from '@tensorflow/tfjs-core'
import { UserError } from '../../contract/errors.js'
import { capturableBackend } from '../../engine/capture/binding.js'
import { Recorder } from '../../engine/capture/recorder.js'
import { withoutDead } from '../../engine/capture/recorded-graph.js'
import type { Network } from '../../numeric/network.js'
import { infer } from '../../numeric/pass.js'
import type { Named } from '../../numeric/tensors.js'
import { OnnxGraph, type OnnxInfo } from './model.js'
import { Translation } from './translate.js'

/** Any batch will do: the shapes that the graph keeps are those behind the first axis. */
const RECORDED_BATCH = 1

/** What is exported: a function of images. */
export interface Exported {
  image: { height: number; width: number; channels: number }
  /** Tensors from outside that `compute` uses, by the names that they get in the model. */
  weights: Named
  /** @param images [batch, height, width, channels] @returns [batch, ...] */
  compute(images: Tensor): Tensor
}

/**
 * Records a function of images as it runs, and translates what it did.
 * @param output name and description of the result
 * @throws UserError UNAVAILABLE with the portable engine, which cannot record
 * @throws Untranslatable where it uses an operation that has no translation
 */
export function exportGraph({ image, weights, compute }: Exported, output: { name: string; description: string }): OnnxGraph {
  const capturable = capturableBackend(backend())
  if (!capturable)
    throw new UserError(
      'UNAVAILABLE',
      'Exporting to ONNX needs the native engine, and this machine uses the portable one. `retrace engine` says why.',
    )
  const graph = new OnnxGraph()
  tidy(() => {
    const { height, width, channels } = image
    const recorder = new Recorder(capturable, 'onnx')
    const images = zeros([RECORDED_BATCH, height, width, channels])
    const { node } = recorder.feed('images', images)
    for (const [name, tensor] of Object.entries(weights))
      recorder.variable({ name, handle: name, parts: null, shape: tensor.shape, dtype: tensor.dtype }, [tensor])
    const { recorded, shape } = recorder.run(() => {
      const result = compute(images)
      return { recorded: recorder.fetch('result', result), shape: result.shape }
    })
    const translation = new Translation(graph, weights)
    graph.input('images', [channels, height, width], 'Normalised as for training: (value - mean) / deviation of each channel.')
    translation.input(node, 'images', images.shape)
    translation.run(withoutDead(recorder.nodes, new Set([recorded])))
    const [, ...ofExample] = shape.length === 4 ? [0, shape[3]!, shape[1]!, shape[2]!] : shape
    graph.output(translation.nameOf(recorded), output.name, ofExample, output.description)
  })
  return graph
}

/**
 * A network in inference as an ONNX model. It is recorded as it runs, so that whatever a dynamics computes is exported without a second
 * definition.
 * @param statistics what batch norms normalise by
 * @returns the bytes of the file. Input `images`: [batch, channels, height, width], normalised as for training; output `logits`:
 *   [batch, classes]
 * @throws as `exportGraph`
 */
export function toOnnx(network: Network, params: Named, statistics: Named, info: OnnxInfo): Uint8Array {
  const exported = {
    image: network.config.image,
    weights: { ...params, ...statistics },
    compute: (images: Tensor) => infer(network, params, statistics, images),
  }
  return exportGraph(exported, { name: 'logits', description: 'Their softmax are the probabilities of the classes.' }).encode(info)
}
