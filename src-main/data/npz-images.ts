import type { ImageShape } from '../contract/config.js'
import type { Readings } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'
import type { NpyHeader } from './npy.js'
import type { NpzFile } from './npz.js'
import { valuesPerItem } from './shape.js'
import type { DatasetSink } from './sink.js'

const CHUNK_BYTES = 2 ** 22

/** An array of images with its array of labels. */
export interface Pair {
  split: 'train' | 'validation' | 'test'
  /** The part of the data set for which it is used. */
  part: 'train' | 'test'
  images: string
  labels: string
  header: NpyHeader
  shape: ImageShape
  /** [n, channels, height, width] */
  channelsFirst: boolean
}

/** The images of one array, in chunks of a few MiB. */
export async function* chunks(
  npz: NpzFile,
  pair: Pair,
  signal: AbortSignal,
): AsyncGenerator<{ values: Uint8Array | Float64Array; count: number }> {
  const { header, reader } = await npz.reader(pair.images)
  const bytes = valuesPerItem({ image: pair.shape }) * header.itemBytes
  const capacity = Math.max(1, Math.floor(CHUNK_BYTES / bytes))
  try {
    for (let read = 0; read < header.shape[0]!;) {
      signal.throwIfAborted()
      const count = Math.min(capacity, header.shape[0]! - read)
      const piece = await reader.read(count * bytes)
      yield { values: header.type === 'u1' ? piece : header.decode(piece), count }
      read += count
    }
    await reader.end()
  } finally {
    reader.close()
  }
}

/** How far values may exceed their range, like those of resized images: a quarter of one of 255 levels. */
const TOLERANCE = 1e-3

/** Floats with values beyond this cannot be images in 0..1, and with values below it cannot be visible images in 0..255. */
const BRIGHT = 16

/** Number types other than floats are integers up to 255, or truth values. */
const isFlag = ({ header }: Pair): boolean => header.type === 'b1'

const isFloat = ({ header }: Pair): boolean => header.type.startsWith('f')

/**
 * How values are converted to pixels: integers unchanged; floats with a common scale for all parts, because train and test would otherwise
 * differ.
 * @throws UserError BAD_INPUT for values out of range, parts with different ranges, and a range that only the user can know
 */
export async function pixelScale(
  npz: NpzFile,
  pairs: readonly Pair[],
  asked: Readings['values'],
  sink: DatasetSink,
  signal: AbortSignal,
): Promise<(pair: Pair, values: Uint8Array | Float64Array) => Uint8Array> {
  const ranges: { pair: Pair; low: number; high: number }[] = []
  for (const pair of pairs) if (!isFlag(pair)) ranges.push({ pair, ...(await rangeOf(npz, pair, signal)) })
  const said = ({ pair: { images }, low, high }: (typeof ranges)[number]): string => `${images} from ${low} to ${high}`
  const floats = ranges.filter(({ pair }) => isFloat(pair))
  const inUnit = ({ high }: { high: number }): boolean => high <= 1 + TOLERANCE
  const unit = asked ? asked === '0..1' : floats.length > 0 && floats.every(inUnit)
  for (const range of ranges) {
    const most = unit && isFloat(range.pair) ? 1 : 255
    const slack = most * TOLERANCE
    if (range.low >= -slack && range.high <= most + slack) continue
    throw new UserError(
      'BAD_INPUT',
      `${range.pair.images} of ${npz.name} has values from ${range.low} to ${range.high}: but images must have values in ${asked ?? '0..1 or 0..255'}. Undo the normalisation and save it again.`,
    )
  }
  if (!asked && !unit && floats.some(inUnit))
    throw new UserError(
      'BAD_INPUT',
      `The parts of ${npz.name} seem to have different ranges: ${floats.map(said).join(', ')}. Save all of them in one range, or choose it with --values 0..1 or --values 0..255 (in the window: Values of floats).`,
    )
  const whole = ranges.filter(({ pair }) => !isFloat(pair))
  if (whole.some(({ high }) => high <= 1) && whole.some(({ high }) => high >= BRIGHT))
    throw new UserError(
      'BAD_INPUT',
      `The parts of ${npz.name} seem to have different ranges: ${whole.map(said).join(', ')}. Save all of them in one range.`,
    )
  if (whole.length && (floats.length || whole.every(({ high }) => high < BRIGHT)))
    sink.assume(`Integers were read as they are, with 255 as white (${whole.map(said).join(', ')}).`)
  const flags = pairs.filter(isFlag)
  if (flags.length) sink.assume(`${flags.map(({ images }) => images).join(', ')} is boolean: false is black and true is white.`)
  const dim = floats.find(({ high }) => high < BRIGHT)
  if (!asked && !unit && dim)
    throw new UserError(
      'BAD_INPUT',
      `${said(dim)} of ${npz.name} is neither clearly in 0..1 nor in 0..255. Choose with --values 0..1 or --values 0..255 (in the window: Values of floats).`,
    )
  if (floats.length) {
    const range = unit ? '0..1, with 1 as white' : '0..255, with 255 as white'
    sink.assume(
      `Float values were ${asked ? '' : 'assumed to be '}in ${range}, in all parts (${floats.map(said).join(', ')}), and rounded to 256 levels.`,
    )
  }
  return (pair, values) => {
    if (pair.header.type === 'u1') return values as Uint8Array
    const factor = isFlag(pair) || (unit && isFloat(pair)) ? 255 : 1
    return Uint8Array.from(values, (value) => Math.min(255, Math.max(0, Math.round(value * factor))))
  }
}

async function rangeOf(npz: NpzFile, pair: Pair, signal: AbortSignal): Promise<{ low: number; high: number }> {
  let [low, high] = [Infinity, -Infinity]
  for await (const { values } of chunks(npz, pair, signal))
    for (const value of values) {
      // NaN compares as neither smaller nor larger, so it would be missed.
      if (Number.isNaN(value)) return { low: NaN, high: NaN }
      if (value < low) low = value
      if (value > high) high = value
    }
  return { low, high }
}

/** [n, channels, height, width] to [n, height, width, channels] */
export function channelsLast(planes: Uint8Array, { height, width, channels }: ImageShape): Uint8Array {
  const plane = height * width
  const out = new Uint8Array(planes.length)
  for (let image = 0; image < planes.length; image += plane * channels)
    for (let i = 0; i < plane; i++) for (let c = 0; c < channels; c++) out[image + i * channels + c] = planes[image + c * plane + i]!
  return out
}
