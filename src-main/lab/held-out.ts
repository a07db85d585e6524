import { z } from 'zod'
import { field } from '../contract/config.js'
import type { Quantity } from '../contract/lab.js'

/** The images on which a diagnostic measures accuracy. */
export const heldOutOptions = {
  part: field(z.enum(['test', 'validation']).default('test'), {
    group: 'Data',
    label: 'Held-out part',
    help: 'Part of the data set on which accuracy is measured.',
  }),
  heldOutImages: field(z.int().min(1).max(100_000).default(200), {
    group: 'Data',
    label: 'Images',
    unit: 'images',
    help: 'Number of images, from the start of the part. The time grows in proportion.',
  }),
}

const end = (label: string): Quantity => ({
  label: `Accuracy, ${label} end`,
  symbol: '',
  unit: 'fraction',
  formula: 'Of the 95% Wilson interval',
  source: 'Wilson 1927',
})

/** The interval of an accuracy, as computed by `wilsonInterval`. */
export const INTERVAL = { low: end('lower'), high: end('upper') } as const
