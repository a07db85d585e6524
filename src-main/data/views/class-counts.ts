import { z } from 'zod'
import { DatasetNameSchema } from '../../contract/dataset-name.js'
import { countOf } from '../label-cache.js'
import { defineView } from '../view.js'

/** Number of images of each class by label; the unlabelled part has none. */
export const classCounts = defineView({
  input: z.strictObject({ name: DatasetNameSchema }),
  async read({ dataset, labels }) {
    const count = async (part: 'train' | 'test'): Promise<number[]> => countOf((await labels(part)).labels, dataset.classNames.length)
    return { train: await count('train'), test: await count('test') }
  },
})
