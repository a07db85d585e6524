import type { Dynamics } from './dynamics.js'

/** What dynamics share that carry one state, as forward Euler does: both places of the pair hold it, and nothing of it can be recovered. */
export const ONE_STATE = {
  channelMultiple: 1,
  reversible: false,
  twoStep: false,
  open: (x) => [x, x],
  close: ([, last]) => last,
} as const satisfies Partial<Dynamics>
