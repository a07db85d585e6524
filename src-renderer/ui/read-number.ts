/**
 * Parses a number as people type it: 0.1, 1e-4, and also 2,000 and 0,1. A comma before a group of three digits separates thousands, any
 * other comma is a decimal comma; if there are both points and commas, the last one is the decimal separator.
 * @returns NaN for empty text and for anything that is not a number
 */
export function readNumber(text: string): number {
  const trimmed = text.trim()
  if (trimmed === '') return NaN
  return Number(withPoint(trimmed))
}

function withPoint(text: string): string {
  if (!text.includes(',')) return text
  const grouped = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/.test(text)
  if (grouped) return text.replaceAll(',', '')
  // 1.234,5 as written in much of Europe.
  if (/^[+-]?\d{1,3}(\.\d{3})+,\d+$/.test(text)) return text.replaceAll('.', '').replace(',', '.')
  return text.replace(',', '.')
}
