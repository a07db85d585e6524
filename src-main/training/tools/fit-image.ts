import { toBase64 } from '../../contract/base64.js'
import type { Dataset } from '../../contract/datasets.js'
import { UserError } from '../../contract/errors.js'
import type { Fit, FitImageRequest, FittedImage } from '../../contract/predictions.js'
import { explainFileError } from '../../data/disk.js'
import { decodeImage, LOST, readImageHeader, Undecodable, type Decoded, type ImageHeader } from '../../data/image-decoder.js'
import { readDataset } from '../../data/stored.js'
import type { ToolProgress, ToolResult } from '../tool-result.js'

/**
 * Fits an image file to the shape of a data set's images.
 * @throws UserError as `fitTo`
 */
export async function fitImage({ datasetFolder, ...given }: FitImageRequest, progress: ToolProgress): Promise<ToolResult> {
  progress('decoding the image')
  const { seen, changes } = await fitTo(await readDataset(datasetFolder), given)
  return { ok: true, text: [], result: { seen, changes } }
}

/**
 * Reads an image file and fits it to the shape of a data set's images, like an import; its pixels are uint8 [height, width, channels].
 * @throws UserError BAD_INPUT when the image cannot be decoded, or the data set has points
 */
export async function fitTo(
  dataset: Dataset,
  { image, name, fit }: Omit<FitImageRequest, 'datasetFolder'>,
): Promise<FittedImage & { pixels: Uint8Array }> {
  if (dataset.kind !== 'images')
    throw new UserError('BAD_INPUT', `The data set ${dataset.name} has points, so its networks cannot classify an image file.`)
  const { height, width, channels } = dataset.image
  if (channels !== 1 && channels !== 3)
    throw new UserError('BAD_INPUT', `The images of ${dataset.name} have ${channels} channels, but image files have 1 or 3.`)
  const { header, decoded } = await decode(image, name, { height, width, channels, fit })
  const { pixels } = decoded
  return {
    pixels,
    seen: { height, width, channels, pixels: toBase64(pixels) },
    changes: describeChanges(header, decoded, dataset, fit),
  }
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

/** Singular forms of the notes that an import makes about several files. */
const SINGULAR = Object.fromEntries(
  Object.entries(LOST).map(([kind, text]) => [kind, text.replace(/^have /, 'has ').replace(/\bwere\b/g, 'was')]),
) as typeof LOST
