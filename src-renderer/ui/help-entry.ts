import { glossaryEntry } from '../../src-main/contract/glossary.js'
import type { GlossaryEntry } from '../../src-main/contract/glossary-entry.js'
import type { Quantity } from '../../src-main/contract/lab.js'

/** The content of the help for a quantity or concept. */
export type HelpEntry = Omit<GlossaryEntry, 'definition' | 'names'> & { definition?: string }

/**
 * The description of a quantity by the lab or a study that measures it, completed by the glossary's account of its values if there is one.
 */
export function helpOfQuantity({ label, symbol, unit, formula, source }: Quantity): HelpEntry {
  const good = glossaryEntry(label)?.good
  return { term: label, formula, source, ...(symbol && { symbol }), ...(unit && { unit }), ...(good && { good }) }
}
