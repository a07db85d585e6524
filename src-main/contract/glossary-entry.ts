/** One term of the glossary, as docs/glossary.md and the window show it. Formulas are plain text. */
export interface GlossaryEntry {
  term: string
  symbol?: string
  unit?: string
  /** What it is, in sentences. */
  definition: string
  formula?: string
  /** Paper and section, or the key or file that defines it. */
  source?: string
  /** Related terms of the glossary. */
  see?: readonly string[]
}
