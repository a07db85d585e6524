/** Metrics have no such sign at their beginning. */
const SIGN = '='

/** A formula stands among metrics by this key. */
export const formulaKey = (text: string): string => SIGN + text

/** The text of a formula by its key; null for the key of a metric. */
export const formulaOf = (key: string): string | null => (key.startsWith(SIGN) ? key.slice(SIGN.length) : null)
