import { z } from 'zod'
import { DatasetNameSchema } from '../../contract/dataset-name.js'
import { PartSchema, type Pixels } from '../../contract/pixels.js'
import { randomFor } from '../../numeric/random.js'
import { randomCrop, writeImage } from '../augment.js'
import { readItems } from '../read-items.js'
import { valuesPerItem } from '../shape.js'
import { defineView, requireImages, requirePlace } from '../view.js'

/** Augmented versions of one image, made by the same code as in training: drawn from a seed, padded with the channel means. */
export const augmented = defineView({
  input: z.strictObject({
    name: DatasetNameSchema,
    part: PartSchema,
    index: z.int().min(0),
    pad: z.int().min(0).max(64),
    flip: z.boolean(),
    seed: z.int().min(0),
    count: z.int().min(1).max(64),
  }),
  /** @throws UserError BAD_INPUT for points and for an index out of range */
  async read(set, { part, index, pad, flip, seed, count }): Promise<Pixels> {
    const { dataset } = set
    requireImages(dataset)
    requirePlace(dataset, part, index)
    const { image } = dataset
    const size = valuesPerItem(dataset)
    const original = await readItems(set, part, [index])
    // Values outside of the image are 0 in the normalised batch, hence the mean of their channel here.
    const table = Float32Array.from({ length: 256 * image.channels }, (_, i) => (i & 255) / 255 - dataset.channelMean[i >> 8]!)
    const one = new Float32Array(size)
    const pixels = new Uint8Array(count * size)
    const random = randomFor(seed, 'augment', 0)
    for (let i = 0; i < count; i++) {
      writeImage(original, 0, table, one, 0, image, randomCrop(random, { pad, flip }))
      for (let at = 0; at < size; at++) pixels[i * size + at] = Math.round(255 * (one[at]! + dataset.channelMean[at % image.channels]!))
    }
    return { ...image, pixels: Buffer.from(pixels.buffer).toString('base64') }
  },
})
