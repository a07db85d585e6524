import type { Quantity } from '../contract/lab.js'

const place = (label: string, formula: string): Quantity => ({ label, symbol: '', unit: '', formula, source: 'Position in the network' })

/** Columns for the place in a network, shared by many diagnostics. */
export const PLACES = {
  stage: place('Stage', 'Counted from 1'),
  unit: place('Unit', 'Counted from 1 within its stage'),
  depth: place('Unit of the network', 'Counted from 1 through all stages'),
} as const satisfies Record<string, Quantity>
