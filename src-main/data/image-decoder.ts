import { open } from 'node:fs/promises'
import type { ImageOptions } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'

/** Maximum size of a file that is decoded, in bytes: a photograph of 64 megapixels with little compression. */
const FILE_LIMIT = 2 ** 27
const PIXEL_LIMIT = 2 ** 26

/** The information in the header of an image; the size is that of the image in upright orientation. */
export interface ImageHeader {
  width: number
  height: number
  grey: boolean
}

/** Shape of the decoded images. */
export interface Target {
  height: number
  width: number
  channels: 1 | 3
  fit: ImageOptions['fit']
}

export interface Decoded {
  /** uint8 [height, width, channels] */
  pixels: Uint8Array
  /** Whether its size or its colours were converted. */
  resized: boolean
  recoloured: boolean
  /** Content of the file that was dropped. */
  lost: Lost[]
}

/** Content of image files that data sets cannot store. */
export const LOST = {
  transparency: 'have an alpha channel and were composited on white',
  frames: 'have several frames; only the first was read',
  depth: 'have more than 8 bits per channel and were rounded to 8',
  turned: 'were rotated or mirrored according to their EXIF orientation',
} as const
export type Lost = keyof typeof LOST

/** Why a file is skipped, for the report. */
export class Undecodable extends Error {}

const FIT = { cover: 'cover', contain: 'contain', stretch: 'fill' } as const

/** Loaded when the first image is decoded, because a host that imports nothing needs no image library. */
async function loadSharp() {
  const { default: sharp } = await import('sharp')
  // Every file is read only once, and several are decoded concurrently.
  sharp.cache(false)
  sharp.concurrency(1)
  return sharp
}
let loading: ReturnType<typeof loadSharp> | undefined

/**
 * Size and colours of an image file.
 * @throws Undecodable when it is not a PNG, JPEG or WebP file, is damaged at its beginning, or exceeds the limits
 */
export async function readImageHeader(path: string): Promise<ImageHeader> {
  return (await inspect(path)).header
}

/**
 * Decodes an image file into the target shape: rotated according to its EXIF tag, on white if it is transparent, the first frame if it has
 * several, 8 bits per channel. Resampled with Lanczos' kernel (a = 3).
 * @throws Undecodable like `readImageHeader`, or when the image is damaged anywhere
 */
export async function decodeImage(path: string, target: Target): Promise<Decoded> {
  const { bytes, header, lost } = await inspect(path)
  const sharp = await (loading ??= loadSharp())
  const resized = header.width !== target.width || header.height !== target.height
  let image = sharp(bytes, { limitInputPixels: PIXEL_LIMIT, failOn: 'error' }).autoOrient().flatten({ background: '#fff' })
  if (resized) image = image.resize(target.width, target.height, { fit: FIT[target.fit], background: '#000' })
  image = target.channels === 1 ? image.greyscale() : image.toColourspace('srgb')
  const { data, info } = await image
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => refuse('damaged or truncated', error))
  if (info.channels !== target.channels || info.width !== target.width || info.height !== target.height)
    throw new Error(`${path} was decoded to ${info.width}x${info.height}x${info.channels}`)
  return { pixels: data, resized, recoloured: header.grey !== (target.channels === 1), lost }
}

function refuse(why: string, cause?: unknown): never {
  throw new Undecodable(why, { cause })
}

async function inspect(path: string): Promise<{ bytes: Buffer; header: ImageHeader; lost: Lost[] }> {
  const bytes = await readLimited(path)
  if (!isKnown(bytes)) refuse(bytes.length ? 'not a PNG, JPEG or WebP image' : 'empty')
  const sharp = await (loading ??= loadSharp())
  const metadata = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => refuse('damaged header', error))
  const { width, height, space, channels, autoOrient, format } = metadata
  if (!['png', 'jpeg', 'webp'].includes(format)) refuse('not a PNG, JPEG or WebP image')
  if (width * height > PIXEL_LIMIT) refuse(`more than ${PIXEL_LIMIT / 2 ** 20} megapixels`)
  const grey = channels <= 2 || space === 'b-w' || space === 'grey16'
  const lost: Lost[] = [
    ...(metadata.hasAlpha ? (['transparency'] as const) : []),
    ...((metadata.pages ?? 1) > 1 ? (['frames'] as const) : []),
    ...(['uchar', 'char'].includes(metadata.depth) ? [] : (['depth'] as const)),
    ...((metadata.orientation ?? 1) > 1 ? (['turned'] as const) : []),
  ]
  return { bytes, header: { width: autoOrient.width, height: autoOrient.height, grey }, lost }
}

async function readLimited(path: string): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    if (size > FILE_LIMIT) refuse(`larger than ${FILE_LIMIT / 2 ** 20} MiB`)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** Checks the first bytes, so that no other decoder of the library is ever used. */
function isKnown(bytes: Buffer): boolean {
  const starts = (text: string, at = 0): boolean => bytes.toString('latin1', at, at + text.length) === text
  return starts('\x89PNG\r\n\x1a\n') || starts('\xff\xd8\xff') || (starts('RIFF') && starts('WEBP', 8))
}

/** @throws UserError BAD_INPUT when a data set cannot have images of this size */
export function requireSide(size: { width: number; height: number }, limit: number): void {
  if (Math.max(size.width, size.height) > limit)
    throw new UserError(
      'BAD_INPUT',
      `Most images are ${size.width}x${size.height}, but the maximum side length is ${limit}. Choose a size, for example --size 64.`,
    )
}
