import type { Quantity } from '../contract/lab.js'

/** What a diagnostic measures, by the keys of its tables. */
export type Quantities = Readonly<Record<string, Quantity>>
