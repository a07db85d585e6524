import { z } from 'zod'
import { DatasetNameSchema } from '../../contract/dataset-name.js'
import { UserError } from '../../contract/errors.js'
import { readItems } from '../read-items.js'
import { defineView } from '../view.js'

/** The first points of a part; points are stored in random order. */
export const points = defineView({
  input: z.strictObject({ name: DatasetNameSchema, part: z.enum(['train', 'test']), limit: z.int().min(1).max(20_000) }),
  /** @throws UserError BAD_INPUT for images */
  async read(set, { part, limit }) {
    const { dataset } = set
    if (dataset.kind !== 'points') throw new UserError('BAD_INPUT', `${dataset.name} contains images, not points. Request its images.`)
    const { labels } = await set.labels(part)
    const total = dataset.counts[part]
    const length = Math.min(limit, total)
    const bytes = await readItems(set, part, Array.from({ length }, (_, i) => i)) // prettier-ignore
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    const { channels } = dataset.image
    return {
      total,
      points: Array.from({ length }, (_, i) => ({ x: values[i * channels]!, y: values[i * channels + 1] ?? 0, label: labels[i]! })),
    }
  },
})
