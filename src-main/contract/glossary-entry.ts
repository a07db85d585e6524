/** One term of the glossary, as docs/glossary.md and the window show it. Formulas are plain text. */
export interface GlossaryEntry {
  term: string
  /** Other names by which it is found, and under which charts and tables show it. */
  names?: readonly string[]
  symbol?: string
  unit?: string
  /** What it is, in sentences. */
  definition: string
  formula?: string
  /** Which values are good, and what others say, in sentences. */
  good?: string
  /** Paper and section, or the key or file that defines it. */
  source?: string
  /** Related terms of the glossary. */
  see?: readonly string[]
}
