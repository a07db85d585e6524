import { tidy, type Tensor } from '@tensorflow/tfjs-core'

/** `tidy` for results that contain no tensors: all tensors created inside are freed, except a returned one. */
export const freeing = <T>(work: () => T): T => tidy(work as unknown as () => Tensor) as unknown as T
