import type { Random } from '../numeric/random.js'

/** The crop of one image of a batch within its padded original, and whether it is mirrored afterwards. */
export interface Crop {
  /** Number of rows and columns by which the window is shifted against the image, -pad to pad. */
  down: number
  right: number
  flip: boolean
}

export const UNTOUCHED: Crop = { down: 0, right: 0, flip: false }

/** Pad, crop at random, flip at random. He et al. 2016, section 4.2. */
export function randomCrop(random: Random, { pad, flip }: { pad: number; flip: boolean }): Crop {
  return {
    down: pad ? random.integer(-pad, pad) : 0,
    right: pad ? random.integer(-pad, pad) : 0,
    flip: flip && random.uniform() < 0.5,
  }
}

export interface ImageSize {
  height: number
  width: number
  channels: number
}

/**
 * Writes one image through a table of normalised values into a batch. Values outside of the image are 0, which is the channel's mean:
 * images are padded after they are normalised, as in the authors' code.
 * @param values pixels [.., height, width, channels], with the image starting at `from`
 * @param table 256 values for each channel
 * @param out normalised pixels, with the image starting at `to`
 */
export function writeImage(
  values: Uint8Array,
  from: number,
  table: Float32Array,
  out: Float32Array,
  to: number,
  { height, width, channels }: ImageSize,
  { down, right, flip }: Crop,
): void {
  const row = width * channels
  const firstColumn = Math.max(0, -right)
  const endColumn = Math.min(width, width - right)
  const step = flip ? -channels : channels
  const moved = down !== 0 || right !== 0
  if (moved) out.fill(0, to, to + height * row)
  for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
    let source = from + (y + down) * row + (firstColumn + right) * channels
    let target = to + y * row + (flip ? width - 1 - firstColumn : firstColumn) * channels
    for (let x = firstColumn; x < endColumn; x++) {
      // Unrolling the loop for colour images is almost twice as fast.
      if (channels === 3) {
        out[target] = table[values[source]!]!
        out[target + 1] = table[256 | values[source + 1]!]!
        out[target + 2] = table[512 | values[source + 2]!]!
      } else for (let c = 0; c < channels; c++) out[target + c] = table[(c << 8) | values[source + c]!]!
      source += channels
      target += step
    }
  }
}
