/** 0.29 * 100 is 28.999999999999996. */
export const ROUNDING = 1e-9

/** Number of images in a subset of the training part; at least one. */
export const subsetSize = (images: number, subset: number): number => Math.max(1, Math.floor(images * subset + ROUNDING))

/** Number of full batches in one pass over the training images; at least one. */
export const stepsInEpoch = (images: number, batch: number): number => Math.max(1, Math.floor(images / batch))
