import type { Dataset } from '../contract/datasets.js'

/** Numbers of one image or point. */
export const valuesPerItem = ({ image }: Pick<Dataset, 'image'>): number => image.height * image.width * image.channels
