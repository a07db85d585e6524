import { glossaryEntry } from '../../src-main/contract/glossary.js'
import type { GlossaryEntry } from '../../src-main/contract/glossary-entry.js'
import type { Quantity } from '../../src-main/contract/lab.js'

/** What the help beside a quantity or concept says. */
export type HelpEntry = Omit<GlossaryEntry, 'definition' | 'names'> & { definition?: string }

/** What the lab or a study says of a quantity that it measures, with what the glossary says of the values where that has it. */
export function helpOfQuantity({ label, symbol, unit, formula, source }: Quantity): HelpEntry {
  const good = glossaryEntry(label)?.good
  return { term: label, formula, source, ...(symbol && { symbol }), ...(unit && { unit }), ...(good && { good }) }
}
