import type { Dataset } from '../contract/datasets.js'

/** Number of values in one image or point. */
export const valuesPerItem = ({ image }: Pick<Dataset, 'image'>): number => image.height * image.width * image.channels
