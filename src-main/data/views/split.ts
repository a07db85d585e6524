import { z } from 'zod'
import { DatasetNameSchema } from '../../contract/dataset-name.js'
import { countOf } from '../label-cache.js'
import { splitTraining } from '../split.js'
import { defineView } from '../view.js'

/** How a run with this seed and these fractions splits the training images: number of images per class, by label. */
export interface SplitCounts {
  train: number[]
  validation: number[]
}

/** See `SplitCounts`. */
export const split = defineView({
  input: z.strictObject({
    name: DatasetNameSchema,
    seed: z.int().min(0),
    subset: z.number().gt(0).max(1),
    validation: z.number().min(0).lt(1),
  }),
  async read({ dataset, labels: read }, wanted): Promise<SplitCounts> {
    const { labels } = await read('train')
    const { train, validation } = splitTraining(labels, wanted)
    const count = (indices: Uint32Array): number[] =>
      countOf(
        Uint16Array.from(indices, (index) => labels[index]!),
        dataset.classNames.length,
      )
    return { train: count(train), validation: count(validation) }
  },
})
