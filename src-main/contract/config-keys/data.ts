import { z } from 'zod'
import { field } from './field.js'

/** How the images of the data set are used. */
export const dataKeys = {
  subset: field(z.number().positive().max(1).default(1), {
    group: 'Data',
    label: 'Subset of the training data',
    unit: 'fraction',
    advanced: true,
    help: 'Fraction of the training images to use, stratified by class. With the same seed, a smaller subset is contained in a larger one.',
    source: 'Chang et al. 2018, section "Experiments": plot of accuracy over 1% to 20% of the data',
  }),
  validation: field(z.number().min(0).max(0.5).default(0), {
    group: 'Data',
    label: 'Validation split',
    unit: 'fraction',
    advanced: true,
    help: 'Fraction of the training images held out for checkpoint selection and early stopping.',
  }),
  augment: field(
    z.strictObject({ pad: z.int().min(0).max(64).default(0), flip: z.boolean().default(false) }).default({ pad: 0, flip: false }),
    {
      group: 'Data',
      label: 'Augmentation',
      units: { pad: 'pixels' },
      help: 'Random crops after padding by this many pixels, and random horizontal flips.',
      source: 'He et al. 2016, section 4.2',
    },
  ),
}
