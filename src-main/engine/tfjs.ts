import type * as tfjs from '@tensorflow/tfjs-core'

/** tfjs's operations; the same instance that `numeric` imports as @tensorflow/tfjs-core. */
export type Tfjs = typeof tfjs
