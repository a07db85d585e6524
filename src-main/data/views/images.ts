import { z } from 'zod'
import { DatasetNameSchema } from '../../contract/dataset-name.js'
import { PartSchema, SideSchema } from '../../contract/pixels.js'
import { placesOf } from '../label-cache.js'
import { readItems } from '../read-items.js'
import { shrink } from '../shrink.js'
import { defineView, requireImages } from '../view.js'

/** Images of a part or of one of its classes, one page at a time. */
export const images = defineView({
  input: z.strictObject({
    name: DatasetNameSchema,
    part: PartSchema,
    /** Restricts to one class; null for all classes. */
    label: z.int().min(0).nullable(),
    /** Index of the first image among them. */
    from: z.int().min(0),
    count: z.int().min(1).max(500),
    side: SideSchema,
  }),
  /**
   * @returns pixels, the number of images of that part and class, the index of each in its part, and its label, which is null in the
   *   unlabelled part
   * @throws UserError BAD_INPUT for points
   */
  async read(set, { part, label, from, count, side }) {
    const { dataset } = set
    requireImages(dataset)
    const known = part === 'unlabelled' ? null : await set.labels(part)
    const places = label === null ? null : known ? placesOf(known, label) : new Uint32Array()
    const total = places?.length ?? dataset.counts[part]
    const length = Math.max(0, Math.min(count, total - from))
    const indices = Array.from({ length }, (_, i) => (places ? places[from + i]! : from + i))
    const found = await readItems(set, part, indices)
    return {
      total,
      indices,
      labels: indices.map((index) => known?.labels[index] ?? null),
      ...shrink(found, dataset.image, side),
    }
  },
})
