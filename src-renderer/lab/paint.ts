/** One channel of an image with the scale of its grey values. */
export interface Painted {
  height: number
  width: number
  /** Row by row; null and non-finite values are not drawn as grey. */
  values: ArrayLike<number | null>
  low: number
  high: number
}

/** The colour of non-finite values, which have no grey. */
const NOTHING = [179, 38, 30] as const
/** Ends of the diverging scale of differences with a white middle: blue below zero, vermilion above (Okabe and Ito). */
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

/** Black at the low end of the scale, white at the high end. */
export const paintGrey = (painted: Painted): ImageData =>
  paint(painted, (value) => {
    const grey = Math.round((255 * (value - painted.low)) / (painted.high - painted.low || 1))
    return [grey, grey, grey]
  })

/** White at zero, with a saturation proportional to the distance from it, up to `most`. */
export const paintDifference = (painted: Omit<Painted, 'low' | 'high'>, most: number): ImageData =>
  paint({ ...painted, low: -most, high: most }, (value) => {
    const part = Math.min(1, Math.abs(value) / (most || 1))
    const [red, green, blue] = value < 0 ? BELOW : ABOVE
    const mixed = (end: number): number => Math.round(255 + part * (end - 255))
    return [mixed(red), mixed(green), mixed(blue)]
  })

/** Minimum and maximum over several images; 0 and 0 if there is no finite value. */
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

/** Converts normalised values to a picture of a data set, [height, width, channels] with one or three channels. */
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
