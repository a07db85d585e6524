/** One channel of an image with the scale of its grey values. */
export interface Painted {
  height: number
  width: number
  /** Row by row; null, or a value that is no number, where there is nothing to see. */
  values: ArrayLike<number | null>
  low: number
  high: number
}

/** What is no number is no grey. */
const NOTHING = [179, 38, 30] as const
/** Ends of the scale of differences, of which the middle is white: blue below zero, vermilion above (Okabe and Ito). */
const [BELOW, ABOVE] = [
  [0, 114, 178],
  [213, 94, 0],
] as const

function paint({ height, width, values }: Painted, colour: (value: number) => readonly [number, number, number]): ImageData {
  const image = new ImageData(width, height)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? null
    const [red, green, blue] = value === null || !Number.isFinite(value) ? NOTHING : colour(value)
    image.data.set([red, green, blue, 255], 4 * i)
  }
  return image
}

/** Black at the low end of the scale, white at the high one. */
export const paintGrey = (painted: Painted): ImageData =>
  paint(painted, (value) => {
    const grey = Math.round((255 * (value - painted.low)) / (painted.high - painted.low || 1))
    return [grey, grey, grey]
  })

/** White at zero, and as strongly coloured as the value is far from it, up to `most`. */
export const paintDifference = (painted: Omit<Painted, 'low' | 'high'>, most: number): ImageData =>
  paint({ ...painted, low: -most, high: most }, (value) => {
    const part = Math.min(1, Math.abs(value) / (most || 1))
    const [red, green, blue] = value < 0 ? BELOW : ABOVE
    const mixed = (end: number): number => Math.round(255 + part * (end - 255))
    return [mixed(red), mixed(green), mixed(blue)]
  })

/** Smallest and largest value of several images; 0 and 0 where no value is a number. */
export function rangeOf(images: readonly ArrayLike<number>[]): { low: number; high: number } {
  let [low, high] = [Infinity, -Infinity]
  for (const values of images)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (value < low && Number.isFinite(value)) low = value
      if (value > high && Number.isFinite(value)) high = value
    }
  return low <= high ? { low, high } : { low: 0, high: 0 }
}

/** A picture of a data set from its normalised values, [height, width, channels] of one or three channels. */
export function paintPicture(
  { height, width, channels }: { height: number; width: number; channels: number },
  values: ArrayLike<number>,
  { channelMean, channelDeviation }: { channelMean: readonly number[]; channelDeviation: readonly number[] },
): ImageData {
  const image = new ImageData(width, height)
  for (let pixel = 0; pixel < height * width; pixel++)
    for (let colour = 0; colour < 4; colour++) {
      const channel = Math.min(colour, channels - 1)
      const value = values[pixel * channels + channel]! * channelDeviation[channel]! + channelMean[channel]!
      image.data[4 * pixel + colour] = colour === 3 ? 255 : Math.round(255 * value)
    }
  return image
}
