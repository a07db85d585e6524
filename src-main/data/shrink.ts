import type { Pixels } from '../contract/pixels.js'

/** Downsamples by averaging squares of pixels, so that no side is longer than the maximum; edges that do not fill a square are dropped. */
export function shrink(
  images: Uint8Array<ArrayBuffer>,
  { height, width, channels }: { height: number; width: number; channels: number },
  side: number,
): Pixels {
  const by = Math.ceil(Math.max(height, width) / side)
  if (by <= 1) return { height, width, channels, pixels: Buffer.from(images.buffer).toString('base64') }
  const [rows, columns] = [Math.max(1, Math.floor(height / by)), Math.max(1, Math.floor(width / by))]
  const [tall, wide] = [Math.min(by, height), Math.min(by, width)]
  const size = height * width * channels
  const count = images.length / size
  const out = new Uint8Array(count * rows * columns * channels)
  let to = 0
  for (let image = 0; image < count; image++)
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++)
        for (let c = 0; c < channels; c++) {
          let sum = 0
          for (let dy = 0; dy < tall; dy++)
            for (let dx = 0; dx < wide; dx++) sum += images[image * size + ((y * by + dy) * width + x * by + dx) * channels + c]!
          out[to++] = Math.round(sum / (tall * wide))
        }
  return { height: rows, width: columns, channels, pixels: Buffer.from(out.buffer).toString('base64') }
}
