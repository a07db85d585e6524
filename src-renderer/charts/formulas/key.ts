/** No metric key begins with this character. */
const SIGN = '='

/** The key that identifies a formula among metrics. */
export const formulaKey = (text: string): string => SIGN + text

/** The formula's text, given its key; null for the key of a metric. */
export const formulaOf = (key: string): string | null => (key.startsWith(SIGN) ? key.slice(SIGN.length) : null)
