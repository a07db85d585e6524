import type { Quantity } from '../contract/lab.js'

/** The quantities of a diagnostic, by the keys of its tables. */
export type Quantities = Readonly<Record<string, Quantity>>
