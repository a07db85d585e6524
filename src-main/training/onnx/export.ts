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

/** Any batch size works: the graph keeps only the shapes after the first axis. */
const RECORDED_BATCH = 1

/** The function of images to export. */
export interface Exported {
  image: { height: number; width: number; channels: number }
  /** External tensors that `compute` uses, by their names in the model. */
  weights: Named
  /** @param images [batch, height, width, channels] @returns [batch, ...] */
  compute(images: Tensor): Tensor
}

/**
 * Records a function of images while it runs, and translates the recorded graph.
 * @param output name and description of the result
 * @throws UserError UNAVAILABLE with the portable engine, which cannot record
 * @throws Untranslatable if it uses an operation without a translation
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
 * A network in inference mode as an ONNX model. It is recorded while it runs, so that any dynamics can be exported without a second
 * definition.
 * @param statistics the statistics that batch norms use
 * @returns the bytes of the file. Input `images`: [batch, channels, height, width], normalised as for training; output `logits`: [batch,
 *   classes]
 * @throws the errors of `exportGraph`
 */
export function toOnnx(network: Network, params: Named, statistics: Named, info: OnnxInfo): Uint8Array {
  const exported = {
    image: network.config.image,
    weights: { ...params, ...statistics },
    compute: (images: Tensor) => infer(network, params, statistics, images),
  }
  return exportGraph(exported, { name: 'logits', description: 'Their softmax are the probabilities of the classes.' }).encode(info)
}
