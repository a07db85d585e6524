import { tidy, type Tensor } from '@tensorflow/tfjs-core'

/** `tidy` for what may hold no tensor at all: what is made inside is freed, unless it is returned as a tensor. */
export const freeing = <T>(work: () => T): T => tidy(work as unknown as () => Tensor) as unknown as T
