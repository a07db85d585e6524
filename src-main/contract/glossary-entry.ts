/** One term of the glossary, as shown in docs/glossary.md and in the window. Formulas are plain text. */
export interface GlossaryEntry {
  term: string
  /** Other names by which it can be looked up, and that charts and tables use. */
  names?: readonly string[]
  symbol?: string
  unit?: string
  /** The definition, in sentences. */
  definition: string
  formula?: string
  /** How to interpret values: which ones are good, and what others mean, in sentences. */
  good?: string
  /** Paper and section, or the key or file that defines it. */
  source?: string
  /** Related terms of the glossary. */
  see?: readonly string[]
}
