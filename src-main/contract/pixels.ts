import { z } from 'zod'
import { fromBase64 } from './base64.js'

export const PartSchema = z.enum(['train', 'test', 'unlabelled'])
export type DatasetPart = z.infer<typeof PartSchema>

/** Maximum side length in pixels; larger images are downsampled by a whole factor. */
export const SideSchema = z.int().min(8).max(1024)

/** Images of equal size; pixels are uint8 [n, height, width, channels] in base64. */
export interface Pixels {
  height: number
  width: number
  channels: number
  pixels: string
}

/** The bytes of `Pixels`. @throws RangeError when they are not whole images of the stated size */
export function unpackPixels({ height, width, channels, pixels }: Pixels): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(pixels)
  if (bytes.length % (height * width * channels))
    throw new RangeError(`${bytes.length} bytes are not a whole number of ${height}x${width}x${channels} images`)
  return bytes
}
