import { dispose, tensor, tidy } from '@tensorflow/tfjs-core'
import type { Dataset } from '../../contract/datasets.js'
import { UserError } from '../../contract/errors.js'
import type { Fit, Prediction, PredictRequest } from '../../contract/predictions.js'
import { UNTOUCHED } from '../../data/augment.js'
import { openHeldOut } from '../../data/batches.js'
import { explainFileError } from '../../data/disk.js'
import { decodeImage, LOST, readImageHeader, Undecodable, type Decoded, type ImageHeader } from '../../data/image-decoder.js'
import { Normaliser } from '../../data/prepare.js'
import { probabilities } from '../../numeric/metrics.js'
import { stateTensors } from '../../numeric/state.js'
import { momentTensors } from '../executor.js'
import type { ToolProgress, ToolResult } from '../tool-result.js'
import { readEvaluatedWeights } from './evaluated-weights.js'

/**
 * Shows an image file to the weights of a checkpoint, by the pass and the statistics that the evaluations of its run have. It is brought
 * into the shape of the data set's images and normalised as they are.
 * @throws UserError BAD_INPUT when the image cannot be decoded, or the data set has points
 */
export async function predictImage(request: PredictRequest, progress: ToolProgress): Promise<ToolResult> {
  const { checkpoint, datasetFolder, datasetHash, image, name, fit } = request
  progress('reading the checkpoint')
  const { config, network, state, statistics, step } = await readEvaluatedWeights(checkpoint)
  const { dataset } = await openHeldOut(datasetFolder, config, datasetHash)
  if (dataset.kind !== 'images')
    throw new UserError('BAD_INPUT', `The data set ${dataset.name} has points, so its networks cannot classify an image file.`)
  const { height, width, channels } = dataset.image
  if (channels !== 1 && channels !== 3)
    throw new UserError('BAD_INPUT', `The images of ${dataset.name} have ${channels} channels, but image files have 1 or 3.`)
  progress('decoding the image')
  const { header, decoded } = await decode(image, name, { height, width, channels, fit })
  const normaliser = new Normaliser(dataset)
  const values = new Float32Array(normaliser.size)
  normaliser.write(decoded.pixels, 0, values, 0, UNTOUCHED)
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
    seen: { height, width, channels, pixels: Buffer.from(decoded.pixels).toString('base64') },
    changes: describeChanges(header, decoded, dataset, fit),
  }
  return { ok: true, text: [], result: { ...prediction } }
}

async function decode(
  path: string,
  name: string,
  target: Parameters<typeof decodeImage>[1],
): Promise<{ header: ImageHeader; decoded: Decoded }> {
  try {
    return { header: await readImageHeader(path), decoded: await decodeImage(path, target) }
  } catch (error) {
    if (error instanceof Undecodable)
      throw new UserError('BAD_INPUT', `${name} cannot be used: ${error.message}. Choose a PNG, JPEG or WebP image.`, { cause: error })
    throw explainFileError(error, path)
  }
}

const FITTED: Record<Fit, string> = {
  cover: 'scaled until it covers that size, then cropped at the centre',
  contain: 'scaled until it fits into that size, with black borders',
  stretch: 'stretched to that size',
}

function describeChanges(header: ImageHeader, { resized, recoloured, lost }: Decoded, dataset: Dataset, fit: Fit): string[] {
  const { height, width, channels } = dataset.image
  const resizing = `Resized from ${header.width}x${header.height} to ${width}x${height} (Lanczos): ${
    header.width * height === header.height * width ? 'the aspect ratio is the same' : FITTED[fit]
  }.`
  return [
    resized ? resizing : `${width}x${height} pixels, as the images of ${dataset.name}: not resized.`,
    ...(recoloured ? [channels === 1 ? 'Converted to greyscale.' : 'Converted from greyscale to RGB.'] : []),
    ...lost.map((kind) => `The file ${SINGULAR[kind]}.`),
    `Normalised by the channel means and deviations of the training images of ${dataset.name}.`,
  ]
}

/** As an import says it of several files. */
const SINGULAR = Object.fromEntries(
  Object.entries(LOST).map(([kind, text]) => [kind, text.replace(/^have /, 'has ').replace(/\bwere\b/g, 'was')]),
) as typeof LOST
