import { z } from 'zod'
import { DatasetNameSchema } from '../../contract/dataset-name.js'
import { PartSchema, SideSchema } from '../../contract/pixels.js'
import { readItems } from '../read-items.js'
import { shrink } from '../shrink.js'
import { defineView, requireImages, requirePlace } from '../view.js'

/** Individual images of a part by index, in that order. */
export const chosen = defineView({
  input: z.strictObject({
    name: DatasetNameSchema,
    part: PartSchema,
    indices: z.array(z.int().min(0)).min(1).max(200),
    side: SideSchema,
  }),
  /** @throws UserError BAD_INPUT for points and for an index out of range */
  async read(set, { part, indices, side }) {
    const { dataset } = set
    requireImages(dataset)
    for (const index of indices) requirePlace(dataset, part, index)
    return shrink(await readItems(set, part, indices), dataset.image, side)
  },
})
