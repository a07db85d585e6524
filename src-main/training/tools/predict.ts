import { dispose, tensor, tidy } from '@tensorflow/tfjs-core'
import type { Prediction, PredictRequest } from '../../contract/predictions.js'
import { UNTOUCHED } from '../../data/augment.js'
import { openHeldOut } from '../../data/batches.js'
import { Normaliser } from '../../data/prepare.js'
import { probabilities } from '../../numeric/metrics.js'
import { stateTensors } from '../../numeric/state.js'
import { momentTensors } from '../executor.js'
import type { ToolProgress, ToolResult } from '../tool-result.js'
import { readEvaluatedWeights } from './evaluated-weights.js'
import { fitTo } from './fit-image.js'

/**
 * Classifies an image file with the weights of a checkpoint, using the same pass and statistics as its run's evaluations. The image is
 * fitted to the shape of the data set's images and normalised in the same way.
 * @throws UserError as `fitTo`
 */
export async function predictImage(request: PredictRequest, progress: ToolProgress): Promise<ToolResult> {
  const { checkpoint, datasetFolder, datasetHash, image, name, fit } = request
  progress('reading the checkpoint')
  const { config, network, state, statistics, step } = await readEvaluatedWeights(checkpoint)
  const { dataset } = await openHeldOut(datasetFolder, config, datasetHash)
  progress('decoding the image')
  const { height, width, channels } = dataset.image
  const { pixels, ...fitted } = await fitTo(dataset, { image, name, fit })
  const normaliser = new Normaliser(dataset)
  const values = new Float32Array(normaliser.size)
  normaliser.write(pixels, 0, values, 0, UNTOUCHED)
  progress('classifying')
  const population = statistics && momentTensors(network, statistics)
  const found = tidy(() => {
    const input = tensor(values, [1, height, width, channels])
    return [...probabilities(network, state.params, population ?? state.statistics, input).dataSync()]
  })
  dispose([...stateTensors(state), ...Object.values(population ?? {})])
  const prediction: Prediction = {
    step,
    dataset: dataset.name,
    classes: dataset.classNames.map((each, at) => ({ name: each, probability: found[at]! })),
    ...fitted,
  }
  return { ok: true, text: [], result: { ...prediction } }
}
