import type { Dynamics } from './dynamics.js'

/**
 * The common part of dynamics with a single state, such as forward Euler: both elements of the pair contain it, and it cannot be recovered.
 */
export const ONE_STATE = {
  channelMultiple: 1,
  reversible: false,
  twoStep: false,
  open: (x) => [x, x],
  close: ([, last]) => last,
} as const satisfies Partial<Dynamics>
